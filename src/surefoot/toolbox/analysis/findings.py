"""Evidence in words: which lines of the application use the bottleneck up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from surefoot.core.records import Finding, RouteUse, StackSample
from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.aggregate import lock_waits
from surefoot.toolbox.analysis.case import Case, Spot, busy_sites, spots

__all__ = ["findings", "hot_sites"]

_MOST: Final = 6
_REPEATED: Final = 5
_LEAST: Final = 0.05  # of a route's time; less is not what to look at first
_SHOWN: Final = 90
_FEW: Final = 5  # samples of which no share is told


def findings(case: Case) -> tuple[Finding, ...]:
    """What stands behind the bottleneck, the largest share of all time first."""
    if case.bottleneck is None:
        return ()
    about = _ABOUT.get(case.bottleneck.kind, (_statements, _outside))
    found = [pair for tell in about for pair in tell(case)]
    found.sort(key=lambda pair: -pair[0])
    return tuple(finding for _, finding in found[:_MOST])


Weighed = Iterator[tuple[float, Finding]]


def _statements(case: Case) -> Weighed:
    for spot in spots(case, Kind.DB_CPU, Kind.DB_WAIT):
        if spot.share < _LEAST and spot.per_call < _REPEATED:
            continue
        route = spot.route.route
        times = f"{spot.per_call:.0f} statements a request, " if spot.per_call >= 1.5 else ""
        loop = ", once per row" if spot.per_call >= _REPEATED else ""
        each = spot.place.use / spot.place.count * 1e3
        yield (
            spot.use,
            _finding(
                f"{spot.resource} {spot.share:.0%} of {route}: {times}`{_short(spot.place.what)}` "
                f"at {spot.place.site or 'an unknown line'}{loop}, {each:.2f} ms each",
                spot.place.site,
                spot.share,
                route,
            ),
        )


def _repeated(case: Case) -> Weighed:
    for weight, finding in _statements(case):
        if "once per row" in finding.text:
            yield weight, finding


def _outside(case: Case) -> Weighed:
    for spot in spots(case, Kind.HTTP, Kind.SMTP, Kind.PROCESS, Kind.CACHE):
        if spot.share >= _LEAST:
            yield spot.use, _waiting(spot)


def _waiting(spot: Spot) -> Finding:
    each = spot.place.use / spot.route.requests * 1e3
    return _finding(
        f"{spot.resource} {spot.share:.0%} of {spot.route.route}: waits {each:.0f} ms a request "
        f"at {spot.place.site or 'an unknown line'}",
        spot.place.site,
        spot.share,
        spot.route.route,
    )


def _cpu(case: Case) -> Weighed:
    whole = sum(route.cpu for route in case.serial.routes) or 1.0
    for route in case.serial.routes:
        share = route.cpu / whole
        for site, part in _ranked(busy_sites(case, route.route))[:3]:
            if share * part >= _LEAST:
                each = route.cpu / route.requests * 1e3
                yield (
                    share * part * whole / case.requests,
                    _finding(
                        f"app.cpu: {part:.0%} of the {each:.1f} ms of {route.route} is spent below "
                        f"{site}{_asked(route, site)}",
                        site,
                        part,
                        route.route,
                    ),
                )


def _asked(route: RouteUse, site: str) -> str:
    """What is asked of the database at a line, where it is asked often."""
    count = sum(
        place.count
        for use in route.resources
        if use.resource.kind in {Kind.DB_CPU, Kind.DB_WAIT}
        for place in use.places
        if place.site == site
    )
    each = count / route.requests
    return f", around {each:.0f} statements a request" if each >= _REPEATED else ""


def _waits(case: Case) -> Weighed:
    """Waits that no driver accounts for, from the sampler."""
    for route in case.serial.routes:
        for site, part in hot_sites(case, route.route, "wait")[:2]:
            waited = max(0.0, route.wall - route.cpu) * part
            if route.wall and waited / route.wall >= 2 * _LEAST:
                each = waited / route.requests * 1e3
                yield (
                    waited / case.requests,
                    _finding(
                        f"{route.route} waits about {each:.0f} ms a request at {site}",
                        site,
                        waited / route.wall,
                        route.route,
                    ),
                )


def _standstills(case: Case) -> Weighed:
    """Where the watcher of the event loop saw it stand still."""
    for site, count, longest in case.serial.blocked:
        if site:
            yield (
                count * longest / case.requests,
                _finding(
                    f"app.loop stood still {count} times, {longest * 1e3:.0f} ms at the longest, "
                    f"at {site}",
                    site,
                    0.0,
                    "",
                ),
            )


def _locks(case: Case) -> Weighed:
    recorded = {route.route: route for route in case.busy.routes}
    for (route, site), waited in lock_waits(case.busy, case.evidence.sampled).items():
        use = recorded.get(route)
        if use is None or not site:
            continue
        share = min(1.0, waited / use.wall) if use.wall else 0.0
        each = waited / use.requests * 1e3
        yield (
            waited,
            _finding(
                f"app.lock {share:.0%} of {route} with every slot busy: "
                f"{each:.0f} ms a request for the lock at {site}",
                site,
                share,
                route,
            ),
        )


def _pool(case: Case) -> Weighed:
    model = case.model
    held, waited = model.alone.pool_held * 1e3, model.full.pool_wait * 1e3
    for spot in spots(case, Kind.DB_POOL):
        yield (
            spot.use,
            _finding(
                f"db.pool: {spot.route.route} holds one of {model.pool} connections "
                f"{spot.place.use / spot.route.requests * 1e3:.0f} ms a request, taken at "
                f"{spot.place.site or 'an unknown line'}; the mix holds one {held:.1f} ms and "
                f"waits {waited:.1f} ms for it with every slot busy",
                spot.place.site,
                spot.share,
                spot.route.route,
            ),
        )


def _host(case: Case) -> Weighed:
    full = case.model.full
    parts = {
        "the application": full.app,
        "the database": full.db_cpu,
        "the load generator": full.generator,
    }
    shown = ", ".join(f"{who} {seconds * 1e3:.2f} ms" for who, seconds in parts.items())
    text = f"host.cpu: {full.host * 1e3:.2f} ms a request ({shown})"
    if full.neighbours > 0.1:
        text += f"; neighbours keep {full.neighbours:.1f} of {case.model.cores:.0f} cores busy"
    yield full.host, Finding(text)


def _server(case: Case) -> Weighed:
    full = case.model.full
    if full.server > full.app / 3:
        yield (
            full.server,
            Finding(
                f"app.cpu: {full.server * 1e3:.2f} of {full.app * 1e3:.2f} ms a request pass in "
                "the server, outside the application",
                share=full.server / full.app,
            ),
        )


_ABOUT: Final[dict[Kind, tuple[Callable[[Case], Weighed], ...]]] = {
    Kind.HOST_CPU: (_host, _cpu, _repeated, _statements),
    Kind.APP_CPU: (_cpu, _repeated, _server),
    Kind.APP_LOOP: (_standstills, _waits, _outside, _cpu),
    Kind.APP_THREADS: (_outside, _statements, _waits, _cpu),
    Kind.APP_LOCK: (_locks,),
    Kind.DB_POOL: (_pool, _outside, _statements, _waits),
    Kind.DB_CPU: (_statements,),
    Kind.DB_WAIT: (_statements,),
}


def hot_sites(case: Case, route: str, state: str) -> list[tuple[str, float]]:
    """Lines at which the sampler saw a route in one state, with their share of it."""
    seen: dict[str, int] = {}
    for probe in case.evidence.probes:
        for (at, site), count in _counts(probe.stacks, state).items():
            if at == route:
                seen[site] = seen.get(site, 0) + count
    return _ranked(seen)


def _ranked(seen: dict[str, int]) -> list[tuple[str, float]]:
    whole = sum(seen.values())
    if whole < _FEW:
        return []
    ranked = sorted(seen.items(), key=lambda item: -item[1])
    return [(site, count / whole) for site, count in ranked if site]


def _counts(stacks: tuple[StackSample, ...], state: str) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for stack in stacks:
        if stack.state == state and stack.route:
            key = (stack.route, stack.site)
            counts[key] = counts.get(key, 0) + stack.count
    return counts


def _finding(text: str, site: str, share: float, route: str) -> Finding:
    file, _, line = site.rpartition(":")
    return Finding(text, file, int(line) if line.isdigit() else 0, share, route)


def _short(what: str) -> str:
    text = " ".join(what.split())
    if len(text) <= _SHOWN:
        return text
    head, _, tail = text.partition(" FROM ")
    if tail and len(head) > _SHOWN // 3:
        text = f"SELECT ... FROM {tail}"  # noqa: S608 - shown, never run
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def route_findings(case: Case, route: RouteUse) -> tuple[Finding, ...]:
    """The same kinds of evidence for one route, whatever bounds the whole."""
    told = [pair for tell in (_statements, _outside, _waits) for pair in tell(case)]
    told.sort(key=lambda pair: -pair[0])
    return tuple(finding for _, finding in told if finding.route == route.route)[:3]
