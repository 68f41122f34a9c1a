"""Resources, levers and verdicts in the words of somebody who has read no book on queues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from surefoot.core.resources import Kind, Resource

__all__ = ["amount", "called", "colour", "confidence", "explained", "is_waiting"]

_CALLED: Final[Mapping[Kind, str]] = {
    Kind.HOST_CPU: "this machine's processor cores",
    Kind.APP_CPU: "the application's Python code",
    Kind.APP_THREADS: "the server's threads",
    Kind.APP_LOOP: "the event loop",
    Kind.APP_LOCK: "a lock inside the application",
    Kind.DB_POOL: "the pool of database connections",
    Kind.DB_CPU: "the database's computing",
    Kind.DB_WAIT: "waiting for the database",
    Kind.DB_LOCK: "locks inside the database",
    Kind.CACHE: "the cache",
    Kind.HTTP: "another service over HTTP",
    Kind.SMTP: "the mail server",
    Kind.PROCESS: "another program",
    Kind.QUEUE: "the queue",
    Kind.DISK: "the disk",
    Kind.NET: "the network",
    Kind.BALANCER: "the balancer",
    Kind.OTHER: "waiting nothing accounts for",
}
_EXPLAINED: Final[Mapping[Kind, str]] = {
    Kind.HOST_CPU: "All programs on this machine share them, and requests queue for them.",
    Kind.APP_CPU: "A Python process computes on one core at a time, and requests queue for it.",
    Kind.APP_THREADS: "A request keeps its thread until it is answered, waiting included, and "
    "further requests queue for one.",
    Kind.APP_LOOP: "One request at a time holds the event loop up, and all others stand still.",
    Kind.APP_LOCK: "Requests queue for a lock that only one of them can hold.",
    Kind.DB_POOL: "A request keeps its connection for a while, and others wait for one.",
    Kind.DB_CPU: "Statements make the database compute, and further ones queue behind them.",
    Kind.DB_WAIT: "Requests spend their time waiting for statements to come back.",
    Kind.DB_LOCK: "Statements wait for rows or tables that others have locked.",
}
_WAITING: Final = frozenset(
    {
        Kind.APP_LOCK,
        Kind.DB_POOL,
        Kind.DB_WAIT,
        Kind.DB_LOCK,
        Kind.CACHE,
        Kind.HTTP,
        Kind.SMTP,
        Kind.PROCESS,
        Kind.QUEUE,
        Kind.DISK,
        Kind.NET,
        Kind.OTHER,
    }
)


_UNITS: Final[Mapping[Kind, tuple[str, str]]] = {
    Kind.HOST_CPU: ("core", "cores"),
    Kind.APP_CPU: ("core", "cores"),
    Kind.DB_CPU: ("core", "cores"),
    Kind.APP_THREADS: ("thread", "threads"),
    Kind.APP_LOOP: ("loop", "loops"),
    Kind.APP_LOCK: ("lock", "locks"),
    Kind.DB_POOL: ("connection", "connections"),
}


def amount(resource: Resource, capacity: float) -> str:
    """What a resource has to give: ``"1.8 cores"``, ``"10 connections"``."""
    one, many = _UNITS.get(resource.kind, ("at a time", "at a time"))
    return f"{capacity:.3g} {one if capacity == 1 else many}"


def called(resource: Resource) -> str:
    """``"the application's Python code"``, with the name of a cache, host, program or queue."""
    name = _CALLED[resource.kind]
    return f"{name} ({resource.name})" if resource.name else name


def explained(resource: Resource) -> str:
    """Why a resource that is used up holds everything else up; one sentence."""
    return _EXPLAINED.get(resource.kind, "Requests spend their time waiting for it.")


def colour(resource: Resource) -> str:
    """The class that gives a kind of resource its colour, the same all over the page."""
    return "k-" + resource.kind.value.replace(".", "-")


def is_waiting(resource: Resource) -> bool:
    """Whether time on it is spent waiting rather than computing."""
    return resource.kind in _WAITING


def confidence(share: float) -> str:
    """How sure a diagnosis is, in a word, from the share of resamples that agree."""
    if share >= 0.95:
        return "Sure"
    if share >= 0.8:
        return "Fairly sure"
    if share >= 0.5:
        return "Not quite sure"
    return "Not sure"
