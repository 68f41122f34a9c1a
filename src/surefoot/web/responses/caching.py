"""What both shells know: the routes, the sessions, and how to decide."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from surefoot.core.cache.compute_time import ComputeTime
from surefoot.core.http_cache.asked import Asked, bypass
from surefoot.core.http_cache.fields import Fields
from surefoot.core.http_cache.kept import Kept, answered
from surefoot.core.http_cache.observed import Observed
from surefoot.core.http_cache.outgoing import FOREVER, immutable, told
from surefoot.core.http_cache.storing import Answer, Refused, Stored, Wanted, may_store
from surefoot.core.http_cache.template import Template
from surefoot.web.responses import sessions
from surefoot.web.responses.counting import Tally
from surefoot.web.responses.flow import Found
from surefoot.web.responses.observing import unseen

__all__ = ["FAILED", "ROUTE", "UNKEPT", "Caching", "Route"]

ROUTE: Final = "surefoot.route"
"""Under which an environment or a scope tells telemetry the route of a kept answer."""
FAILED: Final = frozenset({500, 502, 503, 504})
"""Statuses in place of which a stale answer is given (RFC 5861, 4)."""
UNKEPT: Final = "it was refused a moment ago, or the store does not answer"
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(frozen=True, slots=True)
class Route:
    """One route whose answers are kept."""

    template: Template
    wanted: Wanted
    browser: float = 0.0
    network: float = 0.0
    known: ComputeTime = field(default_factory=ComputeTime)
    tally: Tally = field(default_factory=Tally)

    @property
    def name(self) -> str:
        """``"GET /books/<int:id>"``."""
        return f"GET {self.wanted.template}"


class Caching:
    """Decides for a shell; does nothing itself.

    Args:
        routes: In the order in which they are tried.
        limit: Bytes of the largest body that is kept.
        fingerprinted: Beginnings of paths of files whose names change with their bytes.
        status: Whether every answer says what was done with it.
    """

    clock = staticmethod(time.time)

    def __init__(
        self,
        routes: Iterable[Route],
        limit: int,
        fingerprinted: tuple[str, ...] = (),
        *,
        status: bool = False,
    ) -> None:
        self.limit = limit
        self.status = status
        self.routes = tuple(routes)
        self._fingerprinted = fingerprinted

    def route(self, path: str) -> Route | None:
        """The first route that may serve a path."""
        return next((each for each in self.routes if each.template.matches(path)), None)

    def is_static(self, path: str) -> bool:
        """Whether files with fingerprints in their names lie there."""
        return bool(self._fingerprinted) and path.startswith(self._fingerprinted)

    def fixed(self, path: str, status: int, fields: Fields) -> Fields:
        """The fields of an answer, which say of a file with a fingerprint that it never changes."""
        if not immutable(path, self._fingerprinted, status, fields):
            return fields
        kept = [each for each in fields if each[0] not in {"cache-control", "expires", "pragma"}]
        return (*kept, ("cache-control", FOREVER))

    def bypass(self, route: Route, asked: Asked) -> str:
        """Why the application has to answer; empty where it need not."""
        return bypass(asked, sessions.known, everybody=route.wanted.everybody)

    def decide(
        self, route: Route, asked: Asked, answer: Answer, observed: Observed
    ) -> Stored | Refused:
        """Whether an answer is kept."""
        decided = self._decided(route, asked, answer, observed)
        route.tally.made += 1
        route.tally.refused += isinstance(decided, Refused) and answer.status not in FAILED
        return decided

    def _decided(
        self, route: Route, asked: Asked, answer: Answer, observed: Observed
    ) -> Stored | Refused:
        if unseen:
            return Refused(f"what is read through {unseen[0]} cannot be seen")
        if len(answer.body) > self.limit:
            return Refused("it is too long")
        decided = may_store(asked, answer, observed, route.wanted, sessions.known, self.clock())
        if isinstance(decided, Stored):
            try:
                Kept.of(answer.status, answer.fields, b"").pack()
            except ValueError:
                return Refused("a field of it cannot be kept")
        return decided

    def given(self, route: Route, found: Found, asked: Asked) -> Kept:
        """What a request gets of an answer that is kept."""
        out = answered(found.kept, asked, found.age)
        more = told(out.fields, found.age or 0.0, route.browser, route.network)
        return Kept(out.status, (*out.fields, *more), out.body)
