"""The journal's file: read whole, added to line by line, each line on disk before it counts."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from surefoot.core.journal import Entry, Parsed, parse, to_line
from surefoot.errors import JournalError, OutputError
from surefoot.toolbox.durable import sync_directory, write_all

__all__ = ["add", "read"]


def read(path: Path) -> Parsed:
    """Every entry; none where there is no file.

    Raises:
        JournalError: It cannot be read, or a line of it was damaged by hand.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Parsed(())
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}") from error
    return parse(data, path.name)


def add(path: Path, entry: Entry, before: Parsed) -> None:
    """Add a line and wait until the disk has it.

    Args:
        path: The journal; made where there is none.
        entry: What to add.
        before: What the file holds now.

    Raises:
        OutputError: There is no room or no right to; the file is as it was.
    """
    line = to_line(entry, follows_torn=before.torn)
    if not before.ended:
        line = b"\n" + line
    try:
        _append(path, line)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}; it is as it was",
            do="free some room, or check the rights of the file",
        ) from error


def _append(path: Path, line: bytes) -> None:
    fresh = not path.exists()
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        size = os.fstat(fd).st_size
        try:
            write_all(fd, line)
            os.fsync(fd)
        except OSError:
            with suppress(OSError):
                os.ftruncate(fd, size)
            raise
    finally:
        os.close(fd)
    if fresh:
        sync_directory(path.parent)
