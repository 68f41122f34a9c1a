"""A server that needs less of the processor for itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.measures import Measure
from surefoot.core.records import ConfigEdit
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "server"
_KEY: Final = "server.kind"
_LARGE: Final = 0.10  # of a request's CPU
# Server's share of CPU with four requests in flight: gunicorn 174 and 197 us, granian 73 and 68 us
# behind a small view of Flask (173 and 47 us for a bare answer); two runs in November 2026.
_LEFT: Final = 0.4


def steps(case: Case) -> Iterable[Step]:
    """Where gunicorn's own part of a request's CPU is a tenth and more.

    Under ASGI there is nothing to gain: uvicorn and granian need the same.
    """
    full = case.model.full
    if case.evidence.server != "gunicorn" or case.whole("server.workers") > 1:
        return
    if full.server < _LARGE * full.app:
        return
    yield Step(
        where=_KEY,
        relieves=Resource(Kind.APP_CPU),
        stage="server",
        action=(ConfigEdit(_KEY, case.setting(_KEY), "granian"),),
        model=case.model.less(server=case.model.alone.server * (1 - _LEFT)),
        how=f'set {_KEY} = "granian"',
        because=f"{full.server * 1e3:.2f} of {full.app * 1e3:.2f} ms of CPU pass in gunicorn; "
        f"granian assumed to need {_LEFT:.0%} of that, as it does for a small view",
        risk="when it stops, granian closes connections that are kept alive at once, and each "
        "socket it listens on has threads of its own",
        on=(Measure.CPU,),
        guards=(Measure.CAPACITY, Measure.LATENCY, Measure.ERRORS),
        preconditions=("the application does not rely on a gunicorn.conf.py",),
    )
