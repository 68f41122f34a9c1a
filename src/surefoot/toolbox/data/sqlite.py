"""Copies of a SQLite database, whole and consistent even while somebody writes to it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final
from urllib.parse import quote

from surefoot.errors import DataError
from surefoot.toolbox.data.scratch import Scratch
from surefoot.toolbox.data.url import Url

__all__ = ["SqliteCopies"]

_WAIT_SECONDS: Final = 20.0
_UNREAD_NS: Final = 10**9
_SIDE_FILES: Final = ("", "-wal", "-shm", "-journal")


class SqliteCopies:
    """Copies of one file, in a directory that goes with them."""

    def __init__(self, url: Url, directory: Path) -> None:
        self._url = url
        self._source = _found(url, directory)
        self._scratch = Scratch()
        self._pristine = self._scratch.path / "pristine.sqlite3"
        self.notes: tuple[str, ...] = ()
        self.size = 0

    def prepare(self, count: int) -> None:
        """Take the state that every copy starts from.

        Raises:
            DataError: It cannot be read, or there is no room for ``count`` copies of it.
        """
        self._need_room(count + 1)
        try:
            _back_up(self._source, self._pristine)
        except (sqlite3.Error, OSError) as error:
            raise DataError(
                f"{self._source} cannot be copied: {error}",
                do="check that it is a SQLite database, and that nothing holds it locked",
            ) from error
        copied = self._pristine.stat()
        self.size = copied.st_size
        if copied.st_dev != self._source.stat().st_dev:
            place = self._scratch.path.parent
            note = f"the copies are on another file system ({place}) than the database, and "
            self.notes = (note + "writing may cost less or more there; TMPDIR names another",)

    def make(self, label: str) -> Url:
        """A fresh copy; one that is there already is replaced.

        Raises:
            DataError: There is no room.
        """
        path = self._scratch.path / f"{label}.sqlite3"
        for side in _SIDE_FILES:
            path.with_name(path.name + side).unlink(missing_ok=True)
        try:
            shutil.copyfile(self._pristine, path)
        except OSError as error:
            raise DataError(
                f"a copy of {self._source.name} cannot be made: {error.strerror}",
                do="free some room, or let TMPDIR name a larger file system",
            ) from error
        _mark_unread(path)
        return self._url.for_file(path)

    def used(self, label: str) -> bool | None:
        """Whether anybody has read this copy since it was made.

        The system notes when a file was read, unless the file system was mounted without that.
        """
        if not _is_unread(self._scratch.path / f"{label}.sqlite3"):
            return True
        probe = self._pristine
        _mark_unread(probe)
        with probe.open("rb") as file:
            file.read(1)
        return None if _is_unread(probe) else False

    def cancel(self) -> None:
        """Nothing here takes long enough to be broken off."""

    def close(self) -> None:
        """Take every copy away."""
        self._scratch.close()

    def _need_room(self, count: int) -> None:
        # The write-ahead log may hold pages that the file does not have yet.
        files = [self._source.with_name(self._source.name + side) for side in ("", "-wal")]
        needed = count * sum(file.stat().st_size for file in files if file.exists())
        free = shutil.disk_usage(self._scratch.path).free
        if needed > free:
            raise DataError(
                f"{count} copies of {self._source.name} need {needed / 1e6:.0f} MB, and "
                f"{self._scratch.path.parent} has {free / 1e6:.0f} MB",
                do="free some room, or let TMPDIR name a larger file system",
            )


def _mark_unread(path: Path) -> None:
    # Read long before it was written: only then is each first reading noted ("relatime").
    os.utime(path, ns=(_UNREAD_NS, path.stat().st_mtime_ns))


def _is_unread(path: Path) -> bool:
    return path.stat().st_atime_ns == _UNREAD_NS


def _found(url: Url, directory: Path) -> Path:
    try:
        return url.existing_file(directory)
    except FileNotFoundError as error:
        raise DataError(
            f"there is no SQLite database {error}",
            do="let the application make it first, or correct the variable that names it",
        ) from None


def _back_up(source: Path, copy: Path) -> None:
    """SQLite's own backup: sees what is committed, the write-ahead log included.

    In one step, so that a writer cannot make it start over and over again.
    """
    deadline = time.monotonic() + _WAIT_SECONDS

    def watch(status: int, _remaining: int, _total: int) -> None:
        # sqlite3 would try for ever again while another connection holds the file locked.
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > deadline:
            raise TimeoutError(f"it was locked for {_WAIT_SECONDS:.0f} s")

    address = f"file:{quote(str(source))}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=1.0)) as reader,
        closing(sqlite3.connect(copy)) as writer,
    ):
        reader.backup(writer, pages=-1, progress=watch)
