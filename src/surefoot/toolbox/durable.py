"""Writing that has happened once a call returns, whatever befalls the machine."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["sync_directory", "write_all"]


def write_all(fd: int, data: bytes) -> None:
    """Write every byte.

    Raises:
        OSError: As from ``os.write``; a part may have been written.
    """
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def sync_directory(directory: Path) -> None:
    """Make the names in a directory as durable as the files they stand for.

    Raises:
        OSError: The directory cannot be opened.
    """
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
