"""Answers sent gzipped, where they are text of some length."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.core.measures import Measure
from surefoot.core.records import ConfigEdit
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "compression"
_KEY: Final = "response.compress"
_WORTH: Final = 1.3  # less is not worth the processor's time
# Level 4 on 71 kB of JSON and text.
_PER_BYTE: Final = 0.95e-3 / 71_395


def steps(case: Case) -> Iterable[Step]:
    """Where the answers that were weighed would be a quarter smaller and more."""
    plain, packed = case.evidence.sizes
    if case.setting(_KEY) or not packed or plain / packed < _WORTH:
        return
    yield Step(
        where=_KEY,
        relieves=Resource(Kind.NET),
        stage="wrap",
        action=(ConfigEdit(_KEY, False, True),),
        model=case.model,
        how=f"set {_KEY} = true",
        because=f"{plain / 1e3:.1f} kB an answer become {packed / 1e3:.1f} kB, weighed on the "
        f"answers themselves, for about {plain * _PER_BYTE * 1e6:.0f} us of CPU each",
        risk="where a page shows what its user sends beside a secret, its length tells of the "
        "secret (BREACH); answers to requests with cookies are padded at random against it",
        on=(Measure.BYTES,),
        guards=(Measure.CAPACITY, Measure.LATENCY, Measure.ERRORS),
        preconditions=(
            "the workload's requests say Accept-Encoding: gzip, as browsers do",
            "no balancer or cache in front compresses already",
        ),
        gain=plain / packed,
    )
