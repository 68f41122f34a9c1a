"""The journal on disk: ``Journal`` is all that a command needs."""

from surefoot.toolbox.journal.journal import Journal, alone, journal_file

__all__ = ["Journal", "alone", "journal_file"]
