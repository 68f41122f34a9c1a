"""How fast the machine is just now, by what the same work costs somebody else."""

from __future__ import annotations

import mmap
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from surefoot.toolbox.prove.gauge_work import COUNTS

__all__ = ["Gauge"]

_WORK: Final = Path(__file__).with_name("gauge_work.py")
_FEWEST: Final = 20  # of fewer pieces one interrupt is a large share
_END_SECONDS: Final = 5.0


class Gauge:
    """A process beside the two that are compared; it takes 4 % of a core, and no part in them.

    On a virtual machine the same work costs a tenth more in one second than in the next. This is
    what that second cost somebody who has nothing to do with base, variant or load.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pids(self) -> tuple[int, ...]:
        """Its process, which is nobody's neighbour."""
        return (self._process.pid,) if self._process is not None else ()

    def __enter__(self) -> Self:
        with tempfile.TemporaryFile() as file:
            file.truncate(COUNTS.size)
            self._page = mmap.mmap(file.fileno(), COUNTS.size, prot=mmap.PROT_READ)
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_WORK), str(file.fileno())],
                pass_fds=(file.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(_END_SECONDS)
        self._page.close()

    def read(self) -> tuple[int, int]:
        """Pieces of work done by now, and nanoseconds of CPU they took."""
        before = (-1, -1)
        # Another process writes: what is read twice alike was not read in the middle of that.
        while (now := COUNTS.unpack_from(self._page)) != before:
            before = now
        return now

    @staticmethod
    def cost(before: tuple[int, int], after: tuple[int, int]) -> float:
        """CPU seconds that a piece of work cost between two readings; 0 if there were too few."""
        done = after[0] - before[0]
        return (after[1] - before[1]) / done / 1e9 if done >= _FEWEST else 0.0
