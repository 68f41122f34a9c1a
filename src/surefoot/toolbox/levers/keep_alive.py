"""Connections kept open between requests, where each request opens one of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.measures import Measure
from surefoot.core.records import ConfigEdit
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "keep-alive"
_KEY: Final = "server.keep_alive"
_LONG: Final = 75.0  # what balancers keep an idle connection for is 60 s nearly everywhere
_SHORT: Final = 1.0
# CPU of accepting and closing one: gunicorn's threads needed 253 us a bare answer where each had a
# connection of its own, and 182 us where they were kept.
_CONNECTION: Final = 70e-6


def steps(case: Case) -> Iterable[Step]:
    """Where the server closes connections as soon as it has answered."""
    before = float(case.setting(_KEY))
    if before >= _SHORT or not case.evidence.server:
        return
    saved = min(_CONNECTION, case.model.alone.server / 2)
    yield Step(
        where=_KEY,
        relieves=Resource(Kind.APP_CPU),
        stage="server",
        action=(ConfigEdit(_KEY, before, _LONG),),
        model=case.model.less(server=saved),
        how=f'set {_KEY} = "{_LONG:.0f}s"',
        because=f"each request opens a connection, {saved * 1e6:.0f} us of the server's "
        f"{case.model.alone.server * 1e6:.0f} us assumed",
        risk="an idle connection holds a file descriptor for as long as it is kept; a balancer "
        "that keeps one longer sends requests on what is being closed, and its users see errors",
        on=(Measure.CPU,),
        guards=(Measure.CAPACITY, Measure.LATENCY, Measure.ERRORS),
        preconditions=(f"a balancer in front closes idle connections before {_LONG:.0f} s",),
    )
