"""How soon the functions that time is spent in are asked the same again.

What a function is called with is not seen; what requests ask for is, and is drawn without sending
it. Where all arguments of a function are parameters of the route, their values tell its results
apart, and where it takes none nothing does. Else the whole address is taken, and who asks, which
tells apart more than the function may: it is then asked the same at least as often as was counted.
A request that changes a table that the function reads ends all that was kept.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from surefoot.core.function import Function
from surefoot.core.http_cache.reuse import Asking, curves
from surefoot.core.http_cache.template import Template
from surefoot.core.records import Probe, RouteUse
from surefoot.core.resources import Kind
from surefoot.errors import ConfigError
from surefoot.toolbox.analysis.tables import EVERY, Touched, touched_by
from surefoot.toolbox.load import Workload
from surefoot.toolbox.load.targets import Target, targets
from surefoot.toolbox.measure.functions import functions

__all__ = ["repeats"]

_MOST: Final = 6
_LEAST: Final = 0.03  # of the time of all requests
_DRAWN: Final = 40_000
_DATABASE: Final = frozenset({Kind.DB_CPU, Kind.DB_WAIT})
_SPENT: Final = _DATABASE | {Kind.HTTP}
_ENDED: Final = "data"
_ADDRESS: Final = "the whole address"


def repeats(directory: Path, workload: Workload, probes: Sequence[Probe]) -> tuple[Function, ...]:
    """The functions that requests spend most time in, with how soon they are asked the same again.

    Args:
        directory: Of the application.
        workload: What is asked.
        probes: One request in flight first, every slot busy last.
    """
    seconds = _seconds(probes[0])
    much = _much(directory, seconds, probes)
    if not much:
        return ()
    routes = [_Route.of(use, probes) for use in probes[0].routes]
    drawn = list(itertools.islice(targets(workload), _DRAWN))
    stream = [_ask(each, routes) for each in drawn]
    return tuple(_counted(_placed(each, seconds, probes), stream) for each in much)


def _much(directory: Path, seconds: _Seconds, probes: Sequence[Probe]) -> list[Function]:
    """Those that much of the time passes in, the one with most first."""
    stacks = [stack for probe in probes for stack in probe.stacks if stack.route]
    found = functions(directory, seconds.sites(), stacks)
    least = _LEAST * sum(route.wall for route in probes[0].routes)
    ranked = sorted(found, key=lambda each: -seconds.of(each))
    return [each for each in ranked if seconds.of(each) >= least][:_MOST]


@dataclass(frozen=True, slots=True)
class _Seconds:
    """What passes at lines, by route and line."""

    waited: Mapping[tuple[str, str], float]
    """For others, and in the database."""
    computed: Mapping[tuple[str, str], float]
    """Where no cache is asked already: what that takes is no result to be kept."""

    def of(self, function: Function) -> float:
        """At the lines of a function; what a view computes is its answer, which is kept as such."""
        parts = [self.waited] if function.unfit else [self.waited, self.computed]
        return sum(
            spent for part in parts for (_, site), spent in part.items() if site in function.sites
        )

    def sites(self) -> set[str]:
        """All of the lines."""
        return {site for _, site in (*self.waited, *self.computed)}

    def routes(self, sites: Container[str]) -> tuple[str, ...]:
        """Whose requests pass any of these lines."""
        found = {route for route, site in (*self.waited, *self.computed) if site in sites}
        return tuple(sorted(found))


def _seconds(probe: Probe) -> _Seconds:
    waited: dict[tuple[str, str], float] = defaultdict(float)
    computed: dict[tuple[str, str], float] = defaultdict(float)
    for route in probe.routes:
        kept: set[str] = set()
        for use in route.resources:
            if use.resource.kind is Kind.CACHE:
                kept.update(place.site for place in use.places)
            for place in use.places if use.resource.kind in _SPENT else ():
                waited[route.route, place.site] += place.use
        for site, spent in _computing(probe, route):
            if site not in kept:
                computed[route.route, site] += spent
    return _Seconds(waited, computed)


def _computing(probe: Probe, route: RouteUse) -> Iterator[tuple[str, float]]:
    """The route's CPU seconds by line, as the sampler's counts share them."""
    working = [s for s in probe.stacks if s.route == route.route and s.state == "cpu"]
    whole = sum(stack.count for stack in working)
    yield from ((stack.site, route.cpu * stack.count / whole) for stack in working)


@dataclass(frozen=True, slots=True)
class _Route:
    """What is known of a route's requests."""

    name: str
    method: str
    template: Template | None
    touched: Touched

    @classmethod
    def of(cls, use: RouteUse, probes: Iterable[Probe]) -> _Route:
        method, _, path = use.route.partition(" ")
        try:
            template = Template.read(f"GET {path}")
        except ConfigError:
            # The framework told no route.
            template = None
        seen = [each for probe in probes for each in probe.routes if each.route == use.route]
        return cls(use.route, method, template, touched_by(_statements(seen)))


def _statements(routes: Iterable[RouteUse], sites: frozenset[str] | None = None) -> Iterator[str]:
    for route in routes:
        for use in route.resources:
            if use.resource.kind in _DATABASE:
                yield from (p.what for p in use.places if sites is None or p.site in sites)


@dataclass(frozen=True, slots=True)
class _Ask:
    """One drawn request."""

    route: str
    values: Mapping[str, str]
    target: str
    """Its address and who asks; empty where that is known only once others are answered."""
    changed: frozenset[str]
    """Tables that it changes."""


def _ask(drawn: Target, routes: Iterable[_Route]) -> _Ask:
    path = unquote(drawn.text.partition("?")[0])
    for route in routes:
        if route.method != drawn.request.method or route.template is None:
            continue
        values = route.template.values(path)
        if values is not None:
            target = f"{drawn.user} {drawn.text}" if drawn.text else ""
            return _Ask(route.name, values, target, route.touched.changed)
    # One that was never sent may change anything.
    return _Ask("", {}, "", frozenset({EVERY}) if drawn.writes else frozenset())


def _placed(function: Function, seconds: _Seconds, probes: Sequence[Probe]) -> Function:
    """The function with what the probes say of it."""
    sites = frozenset(function.sites)
    names = seconds.routes(sites)
    seen = [route for probe in probes for route in probe.routes if route.route in names]
    tables = touched_by(_statements(seen, sites))
    times = _times([route for route in probes[0].routes if route.route in names], sites)
    placed = replace(
        function,
        routes=names,
        times=1.0 if times is None else times,
        counted=times is not None,
        tables=tuple(sorted(tables.read)),
    )
    if tables.changed:
        return replace(placed, unknown="it changes data")
    return placed


def _times(routes: Iterable[RouteUse], sites: frozenset[str]) -> float | None:
    """How often a request reaches the line that is reached most often.

    ``None`` where it only computes: nothing counts that.
    """
    requests = most = 0
    for route in routes:
        requests += route.requests
        most += max(
            (
                place.count
                for use in route.resources
                if use.resource.kind in _SPENT
                for place in use.places
                if place.site in sites
            ),
            default=0,
        )
    return most / requests if most else None


def _counted(function: Function, stream: Sequence[_Ask]) -> Function:
    """The function with its curve, or with why there is none."""
    if function.unknown:
        return function
    told = _told_by(function, stream)
    if told is None:
        told_by = f"{' and '.join(_sending(function))} is sent what may tell its results apart"
        return replace(function, unknown=told_by)
    asked = [_asking(function, told, number, each) for number, each in enumerate(stream)]
    found = curves(asked).get(function.name, ())
    if not found:
        return replace(function, unknown="no request that was drawn reaches it")
    words = _ADDRESS if told == (_ADDRESS,) else " and ".join(told) or "nothing"
    return replace(function, told_by=words, reuse=found)


def _sending(function: Function) -> list[str]:
    return [route for route in function.routes if not route.startswith("GET ")]


def _told_by(function: Function, stream: Iterable[_Ask]) -> tuple[str, ...] | None:
    """The parameters that tell results apart, or the address; ``None`` where that is not enough."""
    if not function.unfit:
        named = {frozenset(each.values) for each in stream if each.route in function.routes}
        if named and all(names.issuperset(function.arguments) for names in named):
            return function.arguments
    return None if _sending(function) else (_ADDRESS,)


def _asking(function: Function, told: tuple[str, ...], number: int, each: _Ask) -> Asking:
    if Touched(changed=each.changed).changes(frozenset(function.tables)):
        return Asking("", "", writes=_ENDED)
    if each.route not in function.routes:
        return Asking("", "")
    key = each.target if told == (_ADDRESS,) else repr([each.values[name] for name in told])
    # What is not known yet is taken for something new.
    return Asking(function.name, key or f"{number}", path=_ENDED)
