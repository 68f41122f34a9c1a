"""Copies in the process of what a cache has in a store that processes share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from surefoot.core.records import ConfigEdit
from surefoot.core.resources import Kind
from surefoot.core.worker import POSSIBLE, POSSIBLE_UNHEARD, CacheTotal
from surefoot.toolbox.analysis.case import Case, Spot, spots
from surefoot.toolbox.analysis.model import Model
from surefoot.toolbox.levers.given_up import asking_less
from surefoot.toolbox.levers.step import Step

__all__ = ["NAME", "steps"]

NAME: Final = "local-tier"
_KEY: Final = "cache.local"
_READ: Final = "GET"
_SIZES: Final = ((1_000_000, "1MB"), (4_000_000, "4MB"), (16_000_000, "16MB"), (64_000_000, "64MB"))
_ROOM: Final = 2  # what was asked for in seconds of probing is not all that there is
_FEW: Final = 50  # reads of which no share is told
_UNHEARD: Final = 1.0  # seconds that a copy is old where nobody tells of changes
_OLD: Final = "; a copy may be a second old, for the store tells nobody of changes"
_TRACKING: Final = "the server allows CLIENT TRACKING; else no copies are kept"


def steps(case: Case) -> Iterable[Step]:
    """One step for all caches without copies, where requests wait for their stores."""
    caches = _without_copies(case)
    reads = [spot for spot in spots(case, Kind.CACHE) if _reads(spot, caches)]
    unheard = any(total.tier == POSSIBLE_UNHEARD for total in caches.values())
    if reads and not case.whole(_KEY) and not (unheard and _too_old(case)):
        yield _step(case, reads, caches, unheard=unheard)


def _too_old(case: Case) -> bool:
    """Whether less is allowed than copies may be old that nobody tells of changes."""
    return 0 < float(case.setting("slo.stale")) < _UNHEARD


def _step(
    case: Case, reads: Sequence[Spot], caches: Mapping[str, CacheTotal], *, unheard: bool
) -> Step:
    size = _size(case, caches.values())
    most = max(reads, key=lambda spot: spot.use)
    return Step(
        where=_KEY,
        relieves=case.bottleneck or most.resource,
        stage="before-import",
        action=(ConfigEdit(_KEY, None, size),),
        model=_spared(case, reads, caches),
        how=f'set {_KEY} = "{size}": each process keeps copies of what {_named(caches)} in a '
        "store that all share",
        because=_because(reads, caches),
        risk=f"each process takes up to {size} more for each cache" + (_OLD if unheard else ""),
        preconditions=() if unheard else (_TRACKING,),
        stale=_UNHEARD if unheard else 0.0,
    )


def _without_copies(case: Case) -> dict[str, CacheTotal]:
    """What copies would have served with every slot busy, by the name of the cache.

    The later of the probes: what is asked for the first time is no hit, and it has seen more.
    """
    kept = {total.name for total in case.busy.caches if total.tier == "local"}
    return {
        total.name: total
        for total in case.busy.caches
        if total.tier in {POSSIBLE, POSSIBLE_UNHEARD}
        and total.name not in kept
        and total.hits
        and total.hits + total.misses >= _FEW
    }


def _reads(spot: Spot, caches: Mapping[str, CacheTotal]) -> bool:
    return spot.resource.name in caches and spot.place.what == _READ


def _share(total: CacheTotal) -> float:
    return total.hits / (total.hits + total.misses)


def _spared(case: Case, reads: Iterable[Spot], caches: Mapping[str, CacheTotal]) -> Model:
    """The model without the share of reads that copies serve.

    What a copy itself costs, about a microsecond, is left out.
    """
    model, calls = case.model, 0.0
    for spot in reads:
        share = _share(caches[spot.resource.name])
        model = model.less(
            app=spot.cpu * share,
            outside=max(0.0, spot.use - spot.cpu) * share,
            held=spot.use * share,
        )
        calls += share * spot.place.count / case.requests
    return asking_less(case, model, calls)


def _size(case: Case, caches: Iterable[CacheTotal]) -> str:
    """The smallest of a few sizes with room for twice of what one process was seen to ask for."""
    wanted = _ROOM * max(total.bytes or 0 for total in caches) / case.model.replicas
    return next((text for size, text in _SIZES if size >= wanted), _SIZES[-1][1])


def _named(caches: Mapping[str, CacheTotal]) -> str:
    names = sorted(caches)
    return f"the cache {names[0]} has" if len(names) == 1 else f"{' and '.join(names)} have"


def _because(reads: Iterable[Spot], caches: Mapping[str, CacheTotal]) -> str:
    shares = " and ".join(
        f"{_share(total):.0%} of {total.hits + total.misses:,} reads of {name}"
        for name, total in sorted(caches.items())
    )
    spent = sum(spot.use for spot in reads) * 1e3
    return (
        f"{shares} with every slot busy brought a process what it had read before, unchanged; "
        f"reading takes {spent:.2f} ms of each request of the mix"
    )
