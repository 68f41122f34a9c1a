"""Whether a disk has room."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["Disk"]


class Disk:
    """Fails where less than a share of the disk is free.

    Args:
        directory: Any on that disk.
        free: The share that this user may still write, of all.
    """

    def __init__(self, directory: Path, free: float) -> None:
        self._directory = directory
        self._free = free

    def __call__(self) -> None:
        """Raises where it fails."""
        found = os.statvfs(self._directory)
        share = found.f_bavail / found.f_blocks if found.f_blocks else 1.0
        if share < self._free:
            raise RuntimeError(
                f"{share:.1%} of the disk of {self._directory} is free, not {self._free:.1%}"
            )
