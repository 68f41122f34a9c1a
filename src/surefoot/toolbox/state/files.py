"""Files that one request writes and another one reads. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from surefoot.core.witness import Sighting

__all__ = ["LocalFile", "local_files"]

# SQLite locks its files, and its copies are made with the data; the others are Python's own.
_NOT_STATE: Final = (".pyc", "-journal", "-wal", "-shm", ".sqlite", ".sqlite3", ".db", ".pid")


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file that carries something from one request to a later one."""

    path: str
    site: str
    """The line that writes it, ``"views.py:41"``; empty where it is not the application's own."""
    written_by: str
    """The first request that writes it, ``"POST /cart"``."""
    read_by: str


def local_files(seen: Mapping[int, Sighting]) -> list[LocalFile]:
    """Every such file, once for each line that writes it."""
    written: dict[str, list[tuple[int, str]]] = {}
    read: dict[str, list[int]] = {}
    for step, sighting in sorted(seen.items()):
        for each in sighting.opened:
            if each.path.endswith(_NOT_STATE):
                continue
            if each.wrote:
                written.setdefault(each.path, []).append((step, each.site))
            if each.read:
                read.setdefault(each.path, []).append(step)
    found: dict[tuple[str, str], LocalFile] = {}
    for path, writers in written.items():
        for step, site in writers:
            reader = next((later for later in read.get(path, ()) if later > step), None)
            if reader is not None:
                file = LocalFile(path, site, seen[step].name, seen[reader].name)
                found.setdefault((path, site), file)
    return list(found.values())
