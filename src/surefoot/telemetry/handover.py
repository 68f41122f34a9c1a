"""Work that a request gives to another thread, with the time until that thread begins."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.request import USE, WAIT, Request

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

__all__ = ["Handover", "handed_over"]

_clock = time.perf_counter_ns


class Handover:
    """A function that will run in another thread for a request.

    Attributes:
        ended_ns: When it had run; 0 before that.
    """

    __slots__ = (
        "_fn",
        "_holds",
        "_recorder",
        "_request",
        "_since_ns",
        "_site",
        "_sums",
        "ended_ns",
    )

    def __init__(
        self,
        recorder: Recorder,
        request: Request,
        fn: Callable[..., Any],
        place: tuple[str, str],
        *,
        holds: bool,
    ) -> None:
        self._recorder = recorder
        self._request = request
        self._fn = fn
        self._holds = holds
        self._site = recorder.site()
        self._sums = request.entry(*place, self._site)
        self._sums[0] += 1
        self.ended_ns = 0
        self._since_ns = _clock()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the work, in whichever thread this is."""
        begun = _clock()
        request = self._request
        if not request.done and not request.answered_ns:
            self._sums[WAIT] += begun - self._since_ns
        try:
            with self._recorder.carry(request, self._site):
                return self._fn(*args, **kwargs)
        finally:
            self.ended_ns = _clock()
            if self._holds and not request.done and not request.answered_ns:
                self._sums[USE] += self.ended_ns - begun

    def resumed(self) -> None:
        """The coroutine that waited runs again: what lies between is the loop's lateness."""
        if self.ended_ns and not self._request.answered_ns:
            late = _clock() - self.ended_ns
            self._request.add("app.loop", "", self._site, wait_ns=late)


def handed_over(
    recorder: Recorder,
    request: Request,
    fn: Callable[..., Any],
    place: tuple[str, str],
    *,
    holds: bool = True,
) -> Handover:
    """Wrap ``fn``, to be called once in another thread.

    Args:
        recorder: Of this process.
        request: Whose work it is.
        fn: The work.
        place: Resource that is waited for, and what to call it.
        holds: Whether the thread counts as used meanwhile; not where the work itself is a spend.
    """
    return Handover(recorder, request, fn, place, holds=holds)
