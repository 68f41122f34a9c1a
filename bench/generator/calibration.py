"""One operation whose cost says how fast this machine is now, to divide absolute figures by."""

from __future__ import annotations

import hashlib
import time

__all__ = ["calibration"]

_BLOCK = bytes(16 * 1024)


def calibration(repeats: int = 200) -> float:
    """CPU seconds of one SHA-256 over 16 KiB: the least of several batches."""
    best = float("inf")
    for _ in range(7):
        start = time.process_time()
        for _ in range(repeats):
            hashlib.sha256(_BLOCK).digest()
        best = min(best, (time.process_time() - start) / repeats)
    return best
