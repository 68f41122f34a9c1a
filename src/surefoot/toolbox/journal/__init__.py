"""The journal on disk: ``Journal`` is all that a command needs."""

from surefoot.toolbox.journal.journal import Journal, journal_file

__all__ = ["Journal", "journal_file"]
