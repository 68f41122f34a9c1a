"""Which of the configured sizes or times is meant for a database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

__all__ = ["DEFAULT", "set_for"]

DEFAULT: Final = "default"


def set_for(table: Mapping[str, float], database: str) -> float:
    """What is set for a database of this name, for a file also without its suffix; 0 for none."""
    path = PurePath(database)
    for name in (database, path.name, path.stem, DEFAULT):
        if name and name in table:
            return table[name]
    return 0
