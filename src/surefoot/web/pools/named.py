"""Which of the configured sizes is meant for a database."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

__all__ = ["DEFAULT", "size_for"]

DEFAULT: Final = "default"


def size_for(sizes: Mapping[str, int], database: str) -> int:
    """The size for a database of this name, for a file also without its suffix; 0 for none."""
    path = PurePath(database)
    for name in (database, path.name, path.stem, DEFAULT):
        if name and name in sizes:
            return sizes[name]
    return 0
