"""What threads pay for giving the interpreter up, charged by how often a request does so.

Around each call that leaves the process a thread gives the interpreter up, and waits for it again
where others are at work. With every slot busy that costs CPU and time that a request alone does not
need: 1.8 of 3.5 ms of CPU of a page that asked Redis twelve times. Without those twelve calls it
made 2.2 times as many requests a second; charged by what the calls took, 1.4 times as many.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.analysis.model import Model

__all__ = ["asking_less"]

_LEAVE: Final = frozenset(
    {Kind.DB_CPU, Kind.DB_WAIT, Kind.CACHE, Kind.HTTP, Kind.SMTP, Kind.PROCESS}
)
_BUSY: Final = 0.5  # of the interpreters' time


def asking_less(case: Case, model: Model, calls: float) -> Model:
    """The model where a request of the mix leaves the process so many times less often.

    Args:
        case: The run as it is.
        model: What ``case.model`` becomes otherwise.
        calls: That are spared, in the mean; the request's own arrival counts as one that stays.
    """
    before = case.model
    if not before.limited:
        return model
    left = 1 - min(1.0, calls / (1 + _calls(case)))
    stretched = max(0.0, before.full.app - before.alone.app) * left
    full = replace(model.full, app=min(model.full.app, model.alone.app + stretched))
    model = model.changed(full=full)
    # Time that nothing explains is the interpreter's where it is busy, and else of what is waited
    # for: 3 % of 80 ms of waiting are no part of a request that waits no more.
    busy = before.uncorrected * before.full.app / before.replicas
    return model.losing(before.lost * left) if busy > _BUSY else model


def _calls(case: Case) -> float:
    found = (
        use.count
        for route in case.serial.routes
        for use in route.resources
        if use.resource.kind in _LEAVE
    )
    return sum(found) / case.requests
