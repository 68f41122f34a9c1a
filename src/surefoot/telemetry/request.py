"""One request while it is being served: what it has spent so far, and on which thread it is.

The request being served is found through a context variable, so that it follows threads started
for it, child tasks and the greenlets of SQLAlchemy without anybody passing it on.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

from surefoot.telemetry.sites import Hint
from surefoot.telemetry.statements import Statement

__all__ = ["CURRENT", "MAX_SPENDS", "OTHER", "Hold", "Request", "Running", "current"]

MAX_SPENDS: Final = 256
"""Different (resource, what, site) one request keeps apart; the rest is summed as ``OTHER``."""
OTHER: Final = "(other)"

COUNT, WAIT, USE, CPU = range(4)


class Request:
    """Mutable, and written to only by the threads that work for this request.

    Several threads of one request may add to the same entry at the same time; the increment that
    is then lost, at worst, is one of many, and a lock would cost every request.
    """

    __slots__ = (
        "answered_ns",
        "awaiting",
        "busy",
        "busy_ns",
        "children",
        "connect_ns",
        "coroutine",
        "cpu_ns",
        "done",
        "elsewhere_ns",
        "holds",
        "inside",
        "last",
        "loop_ns",
        "method",
        "queued_ns",
        "route",
        "sites",
        "spends",
        "start_ns",
        "started_cpu_ns",
        "started_ns",
        "status",
        "step_ns",
        "step_site",
        "thread",
    )

    def __init__(self, method: str, start_ns: int, started_ns: int, queued_ns: int) -> None:
        self.method = method
        self.route = ""
        self.status = 0
        self.start_ns = start_ns
        self.started_ns = started_ns
        self.started_cpu_ns = 0
        self.thread = 0
        self.queued_ns = queued_ns
        self.cpu_ns = 0
        self.loop_ns = 0
        self.answered_ns = 0
        """When the last byte of the answer was handed over; 0 before that, and under WSGI."""
        self.done = False
        self.busy = 0
        """Spends that a thread is inside of right now."""
        self.busy_ns = 0
        """Since when."""
        self.inside = 0
        """Which thread that is."""
        self.awaiting = 0
        """Spends that a coroutine is inside of right now."""
        self.last: Running | None = None
        """The statement executed last."""
        self.connect_ns = 0
        self.step_ns = 0
        self.step_site = ""
        self.spends: dict[tuple[str, str, str], list[int]] = {}
        self.elsewhere_ns: list[int] | None = None
        """CPU of other threads; a list because appending is atomic and adding is not."""
        self.coroutine: object = None
        """What serves it, on an event loop."""
        self.children: list[object] | None = None
        """Coroutines of the tasks it made that have not ended."""
        self.holds: list[Hold] | None = None
        self.sites: dict[int, str] | None = None
        """Thread id to the line that handed work over to that thread."""

    def entry(self, resource: str, what: str, site: str) -> list[int]:
        """The sums ``[count, wait_ns, use_ns, cpu_ns]`` of one place."""
        key = (resource, what, site)
        found = self.spends.get(key)
        if found is None:
            if len(self.spends) >= MAX_SPENDS:
                key = (resource, OTHER, "")
            found = self.spends.setdefault(key, [0, 0, 0, 0])
        return found

    def add(
        self,
        resource: str,
        what: str,
        site: str,
        *,
        wait_ns: int = 0,
        use_ns: int = 0,
        cpu_ns: int = 0,
        count: int = 1,
    ) -> None:
        """Sum up one spend.

        What a background task does after the answer is out lengthens no answer: its wall time is
        left out, its count and CPU are not.
        """
        sums = self.entry(resource, what, site)
        sums[COUNT] += count
        sums[CPU] += cpu_ns
        if not self.answered_ns:
            sums[WAIT] += wait_ns
            sums[USE] += use_ns

    def hold(self, hold: Hold) -> None:
        """Remember something that is to be given back, at the latest when the request ends."""
        if self.holds is None:
            self.holds = []
        self.holds.append(hold)

    def close_holds(self, now_ns: int) -> None:
        """End what was never given back."""
        for hold in self.holds or ():
            hold.end(now_ns)


class Hold:
    """A pooled thing between being given out and given back."""

    __slots__ = ("_since_ns", "_sums")

    def __init__(self, sums: list[int], since_ns: int) -> None:
        self._sums: list[int] | None = sums
        self._since_ns = since_ns

    def end(self, now_ns: int) -> None:
        """Add the time held; a second call adds nothing."""
        sums, self._sums = self._sums, None
        if sums is not None:
            sums[USE] += now_ns - self._since_ns


Running = tuple[Request, Statement, list[int], Hint | None]
"""Whose statement has been executed, which, where it is summed up, and the way to its site if that
is where the statement's hint leads."""

CURRENT: Final[ContextVar[Request | None]] = ContextVar("surefoot_request", default=None)


def current() -> Request | None:
    """The request that this code is working for, if it is still being recorded."""
    request = CURRENT.get()
    return None if request is None or request.done else request
