"""What the replicas print: followed while it is written, kept in bounds, shown when one fails."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = ["Output", "raised"]

_KEPT_LINES: Final = 400
_LONGEST_FILE: Final = 4_000_000
_CHUNK: Final = 256_000


class Output:
    """The end of one replica's output file.

    The processes write to the file themselves, in append mode: they depend neither on a pipe nor
    on anybody who reads. A file that has grown long is emptied once it has been read; a line
    written in just that moment may be lost to the reader.

    Args:
        path: Of the file.
        shorten: Whether to do so; one of several readers does.
    """

    def __init__(self, path: Path, *, shorten: bool = True) -> None:
        self.path = path
        self._shorten = shorten
        self._position = 0
        self._rest = b""
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._fresh: list[str] = []

    def fresh(self) -> list[str]:
        """Lines that were finished since the last call."""
        self._read()
        lines, self._fresh = self._fresh, []
        return lines

    def tail(self, count: int) -> list[str]:
        """The last ``count`` lines, a last one without its end included."""
        self._read()
        rest = [self._rest.decode(errors="replace")] if self._rest else []
        return [*self._lines, *rest][-count:]

    def _read(self) -> None:
        try:
            # Asked ten times a second for every replica, and nearly always nothing is new.
            size = self.path.stat().st_size
            if size == self._position:
                return
            # Somebody else has shortened it.
            self._position = self._position if size > self._position else 0
            with self.path.open("rb") as file:
                file.seek(self._position)
                read = file.read(_CHUNK)
        except FileNotFoundError:
            return
        self._position += len(read)
        if self._shorten and self._position > _LONGEST_FILE and len(read) < _CHUNK:
            os.truncate(self.path, 0)
            self._position = 0
        *whole, self._rest = (self._rest + read).split(b"\n")
        lines = [line.decode(errors="replace").rstrip("\r") for line in whole]
        self._lines.extend(lines)
        self._fresh.extend(lines)


def raised(lines: Sequence[str]) -> str:
    """The last line of the last traceback, ``"ValueError: no database"``; empty without one."""
    found = ""
    inside = False
    for line in lines:
        if "Traceback (most recent call last)" in line:
            inside = True
        elif inside and line and not line[0].isspace():
            found, inside = line, False
    return found
