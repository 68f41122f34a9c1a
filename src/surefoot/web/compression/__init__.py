"""Answers compressed on their way out: ``[response] compress = true``; standard library only."""
