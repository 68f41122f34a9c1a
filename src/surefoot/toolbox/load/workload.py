"""What is sent: requests, sessions of requests, and the users who send them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from surefoot.errors import WorkloadError
from surefoot.toolbox.load.template import Template

__all__ = ["Body", "Capture", "Flow", "Request", "Row", "Workload"]

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
IDEMPOTENT: Final = READING | {"PUT", "DELETE", "TRACE"}

Row = Mapping[str, str]
"""Values that belong together, by the name a template asks for them."""


@dataclass(frozen=True, slots=True)
class Capture:
    """A value taken from an answer, for later requests of the same user."""

    name: str
    source: str
    """``body`` (a regular expression), ``json`` (a JSON pointer), ``header`` or ``cookie``."""
    what: str
    """The expression, the pointer, or the header's or cookie's name."""
    match: str = ""
    """A regular expression that cuts the value out of a header or cookie."""


@dataclass(frozen=True, slots=True)
class Body:
    """What a request carries."""

    text: Template
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the file describes it."""

    name: str
    """``"GET /books/{1..20000}"``, or what its ``name`` key says."""
    method: str
    path: Template
    headers: tuple[tuple[str, Template], ...] = ()
    body: Body | None = None
    expect: frozenset[int] = frozenset()
    """Statuses that count as right; empty for 2xx and 304."""
    captures: tuple[Capture, ...] = ()
    think: tuple[float, float] = (0.0, 0.0)
    """Seconds between the end of the request before and this one, drawn between the two."""

    @property
    def names(self) -> frozenset[str]:
        """The names whose values it needs."""
        templates = [self.path, *(value for _, value in self.headers)]
        if self.body is not None:
            templates.append(self.body.text)
        return frozenset().union(*(template.names for template in templates))


@dataclass(frozen=True, slots=True)
class Flow:
    """What one arrival does: a single request, or a session's requests in order."""

    name: str
    steps: tuple[Request, ...]
    weight: float = 1.0
    """Its share of the requests, relative to the other flows'."""
    session: bool = False
    """Whether cookies and captured values last from step to step."""
    as_user: bool = True
    """Whether it is done by one of the workload's users, if there are any."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A whole workload file.

    Raises:
        WorkloadError: Nothing in it can be sent.
    """

    source: str
    """What to call it in messages: the file's name."""
    flows: tuple[Flow, ...]
    login: tuple[Flow, ...] = ()
    """What every user does once before anything is measured."""
    users: int = 0
    data: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    """Rows of each data table."""

    def __post_init__(self) -> None:
        if not self.flows or not any(flow.weight for flow in self.flows):
            raise WorkloadError(
                f"{self.source}: there is no request to measure",
                do='add [[request]] with path = "/"',
            )

    @property
    def distinct(self) -> tuple[Request, ...]:
        """One request for each name that is measured, in the order samples number them."""
        found: dict[str, Request] = {}
        for flow in self.flows:
            for step in flow.steps:
                found.setdefault(step.name, step)
        return tuple(found.values())

    @property
    def requests(self) -> tuple[str, ...]:
        """Names of the measured requests, in the order samples number them."""
        return tuple(request.name for request in self.distinct)

    @property
    def sessions(self) -> tuple[Flow, ...]:
        """The flows that are sessions."""
        return tuple(flow for flow in self.flows if flow.session)

    @property
    def writes(self) -> tuple[str, ...]:
        """Names of measured requests that may change data: any but GET, HEAD and OPTIONS."""
        return tuple(r.name for r in self.distinct if r.method not in READING)

    @property
    def login_writes(self) -> tuple[str, ...]:
        """Names of the log-in's requests that may change data."""
        steps = [step for flow in self.login for step in flow.steps]
        return tuple(dict.fromkeys(s.name for s in steps if s.method not in READING))

    @property
    def shares(self) -> dict[str, float]:
        """Each name's expected share of the requests; they add up to 1."""
        total = sum(flow.weight for flow in self.flows)
        shares = dict.fromkeys(self.requests, 0.0)
        for flow in self.flows:
            for step in flow.steps:
                shares[step.name] += flow.weight / total / len(flow.steps)
        return shares

    @property
    def arrivals_per_request(self) -> float:
        """How many arrivals it takes to send one request; below 1 where there are sessions."""
        total = sum(flow.weight for flow in self.flows)
        return sum(flow.weight / len(flow.steps) for flow in self.flows) / total

    def only(self, names: Iterable[str]) -> Workload:
        """The flows all of whose requests are among ``names``.

        Raises:
            WorkloadError: There is none.
        """
        wanted = set(names)
        kept = [flow for flow in self.flows if all(step.name in wanted for step in flow.steps)]
        return replace(self, flows=tuple(kept))

    def without(self, names: Iterable[str]) -> Workload:
        """The flows none of whose requests is among ``names``.

        Raises:
            WorkloadError: There is none.
        """
        dropped = set(names)
        kept = [flow for flow in self.flows if all(s.name not in dropped for s in flow.steps)]
        return replace(self, flows=tuple(kept))
