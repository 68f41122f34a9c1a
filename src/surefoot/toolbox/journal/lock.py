"""One writer at a time: a lock that the kernel lets go when its holder ends, however it ends."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import suppress
from pathlib import Path

from surefoot.errors import OutputError, RefusedError

__all__ = ["Lock"]


class Lock:
    """Holds ``path`` locked, with this process's id in it, until ``release``.

    Args:
        path: A file, made if it is missing.
        mode: Who may read it.
        doing: What another one that holds it is doing.

    Raises:
        RefusedError: Another process holds it.
        OutputError: The file cannot be made or locked.
    """

    def __init__(
        self, path: Path, *, mode: int = 0o644, doing: str = "is at work on this project"
    ) -> None:
        self._path = path
        try:
            self._fd = _locked(path, mode, doing)
        except OSError as error:
            raise OutputError(
                f"{path} cannot be made or locked: {error.strerror}",
                do="check the rights of the directory and that there is room",
            ) from error

    def release(self) -> None:
        """Let it go and take the file away; harmless when done twice."""
        if self._fd >= 0:
            with suppress(OSError):
                self._path.unlink()
            os.close(self._fd)
            self._fd = -1


def _locked(path: Path, mode: int, doing: str) -> int:
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, mode)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(path, fd):
                os.ftruncate(fd, 0)
                os.write(fd, f"{os.getpid()}\n".encode())
                return fd
        except OSError as error:
            holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
            os.close(fd)
            if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                raise
            raise RefusedError(
                f"another surefoot {doing} (process {holder or 'unknown'})",
                do="wait until it is done, or stop it",
            ) from None
        # It was taken away by its holder between our opening and our locking it.
        os.close(fd)


def _is_at(path: Path, fd: int) -> bool:
    try:
        at_path = path.stat()
    except FileNotFoundError:
        return False
    opened = os.fstat(fd)
    return (at_path.st_dev, at_path.st_ino) == (opened.st_dev, opened.st_ino)
