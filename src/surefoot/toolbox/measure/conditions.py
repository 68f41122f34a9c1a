"""Whether a run may be believed: reasons to refuse it before, and to call it invalid after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from surefoot.errors import RefusedError

__all__ = ["noise", "refuse_useless"]

_MOSTLY: Final = 0.5
_WHY: Final = {
    404: "the workload asks for pages that the application does not have",
    403: "the workload is not allowed to see these pages: add a [[session]] with login = true",
    401: "the workload is not logged in: add a [[session]] with login = true",
    429: "the application limits its clients' rate: raise the limit for 127.0.0.1 or turn it off",
    0: "connections failed: look at the application's output",
    1: "requests timed out: the application or something it waits for hangs",
}
_NAMES: Final = {0: "connection failures", 1: "time-outs"}


def refuse_useless(statuses: Mapping[int, int], expected: int, log: str) -> None:
    """Refuse to measure when most answers are not what the workload wants.

    Args:
        statuses: Answers by status; 0 is a failed connection, 1 a time-out.
        expected: How many of them were what their request expects.
        log: The application's own last lines, shown when it failed.

    Raises:
        RefusedError: Over half of the answers would measure something else.
    """
    total = sum(statuses.values())
    if not total or total - expected <= _MOSTLY * total:
        return
    status, count = max(statuses.items(), key=lambda item: item[1])
    what = _NAMES.get(status, str(status))
    do = _WHY.get(status)
    if do is None and 300 <= status < 400:
        do = "the workload is redirected: ask for where it leads, or log in first"
    elif do is None and status >= 500:
        do = "the application fails: " + (_last(log) or "look at its output")
    raise RefusedError(
        f"{count / total:.0%} of the answers were {what}; measuring them would say nothing",
        do=do or "change the workload, or say expect = [...] where this is what should come",
    )


def noise(neighbours: float, cores: float) -> str:
    """What to say about the neighbours; empty while they leave most of the machine."""
    if neighbours <= 0.25 * cores:
        return ""
    return (
        f"other programs kept {neighbours:.1f} of {cores:.0f} cores busy; "
        "the capacity is what they left"
    )


def _last(log: str) -> str:
    lines = [line for line in log.splitlines() if line.strip()]
    return lines[-1].strip() if lines else ""
