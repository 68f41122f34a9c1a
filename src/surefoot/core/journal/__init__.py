"""The journal of changes: its entries, the lines they are kept in, and what follows from them.

Pure: nothing here opens a file or looks at a clock. ``surefoot.toolbox.journal`` does.
"""

from surefoot.core.journal.entry import Entry, Facts, Host, KeyEdit, Kind, Value, inverse
from surefoot.core.journal.history import History, State
from surefoot.core.journal.line import Parsed, parse, to_document, to_line
from surefoot.core.journal.proof import summary
from surefoot.core.journal.stale import stale

__all__ = [
    "Entry",
    "Facts",
    "History",
    "Host",
    "KeyEdit",
    "Kind",
    "Parsed",
    "State",
    "Value",
    "inverse",
    "parse",
    "stale",
    "summary",
    "to_document",
    "to_line",
]
