"""Sums per route in bounded memory, for workers that do not send every record."""

from __future__ import annotations

import math
from typing import Final

from surefoot.core.wire import RouteTotal
from surefoot.telemetry.request import OTHER, Request

__all__ = ["MAX_ROUTES", "Routes"]

MAX_ROUTES: Final = 200
MAX_RESOURCES: Final = 32


class _Sums:
    __slots__ = ("buckets", "cpu", "errors", "loop", "queued", "requests", "resources", "wall")

    def __init__(self) -> None:
        self.requests = self.errors = 0
        self.wall = self.cpu = self.queued = self.loop = 0
        self.resources: dict[str, list[int]] = {}
        self.buckets: dict[int, int] = {}


class Routes:
    """At most 200 routes, each with sums, a latency histogram and its resources."""

    def __init__(self) -> None:
        self._routes: dict[str, _Sums] = {}

    def add(self, request: Request, wall_ns: int) -> None:
        """Sum up a finished request."""
        name = f"{request.method} {request.route}"
        sums = self._routes.get(name)
        if sums is None:
            if len(self._routes) >= MAX_ROUTES:
                name = OTHER
            sums = self._routes.setdefault(name, _Sums())
        sums.requests += 1
        sums.errors += request.status >= 500
        sums.wall += wall_ns
        sums.cpu += request.cpu_ns
        sums.queued += request.queued_ns
        sums.loop += request.loop_ns
        bucket = math.ceil(4 * math.log2(max(wall_ns, 1000) / 1000))
        sums.buckets[bucket] = sums.buckets.get(bucket, 0) + 1
        for (resource, _, _), spent in request.spends.items():
            if resource not in sums.resources and len(sums.resources) >= MAX_RESOURCES:
                resource = OTHER  # noqa: PLW2901 - one bounded name for all that does not fit
            totals = sums.resources.setdefault(resource, [0, 0, 0, 0])
            for index, value in enumerate(spent):
                totals[index] += value

    def clear(self) -> None:
        """Forget everything."""
        self._routes.clear()

    def totals(self) -> tuple[RouteTotal, ...]:
        """The sums since the worker started."""
        return tuple(
            RouteTotal(
                route=route,
                requests=sums.requests,
                errors=sums.errors,
                wall_ns=sums.wall,
                cpu_ns=sums.cpu,
                queued_ns=sums.queued,
                loop_ns=sums.loop,
                resources={
                    name: (v[0], v[1], v[2], v[3]) for name, v in sums.resources.copy().items()
                },
                buckets=sums.buckets.copy(),
            )
            for route, sums in self._routes.copy().items()
        )
