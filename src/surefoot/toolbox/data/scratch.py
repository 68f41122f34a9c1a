"""A directory for copies that is gone after the run, or at the start of the next one."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Final

__all__ = ["Scratch"]

_PREFIX: Final = "surefoot-data-"
_LOCK: Final = "lock"


class Scratch:
    """A fresh directory of this run; those that killed runs left are taken away first.

    Each holds a file that its run keeps locked. The kernel lets go of the lock however the run
    ends, and no process id can be mistaken for another's.
    """

    def __init__(self) -> None:
        _sweep(Path(tempfile.gettempdir()))
        self.path, self._fd = _made()

    def close(self) -> None:
        """Take it away; harmless when done twice."""
        if self._fd >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._fd)
            self._fd = -1


def _made() -> tuple[Path, int]:
    while True:
        path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        fd = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX)
        if (path / _LOCK).exists():
            return path, fd
        # Another run swept it away before we had locked it.
        os.close(fd)


def _sweep(parent: Path) -> None:
    for left in parent.glob(f"{_PREFIX}*"):
        try:
            if left.is_symlink() or left.stat().st_uid != os.geteuid():
                continue
            fd = os.open(left / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            # Somebody else's, or so young that its lock is not there yet.
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue
        finally:
            os.close(fd)
