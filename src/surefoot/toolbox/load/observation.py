"""What was answered, as far as a run was asked to remember it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

__all__ = ["Answered", "Digested", "Headers", "Judge", "Observation", "Observed"]

BYTES: Final = 64_000_000

Headers = tuple[tuple[str, str], ...]
"""Names, in lower case, and values."""


class Judge(Protocol):
    """Says which answers count as the same; it travels to the sending processes."""

    def kept(self, headers: Headers) -> Headers:
        """The headers that count, written in one way."""

    def digest(self, name: str, status: int, kept: Headers, body: bytes) -> bytes:
        """Equal for two answers to the request ``name`` that count as the same."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a run remembers of its answers."""

    judge: Judge | None = None
    """With one, digests alone are kept; without, every answer as it came."""
    bytes: int = BYTES
    """Bodies kept per run and process at most; what is over is counted."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One request and its answer."""

    at: tuple[int, int]
    """Which arrival it belongs to, and which step of it."""
    name: str
    """Of the request, as the workload calls it."""
    request: str
    """``"GET /books/7"``, as it was sent."""
    who: str
    """The user or the session that sent it; empty for nobody."""
    replica: int
    """Index of the address."""
    status: int
    """0 for a connection error, 1 for a time-out."""
    headers: Headers
    body: bytes
    """Unpacked if it was compressed."""
    error: str = ""
    """What came instead of an answer."""
    ended: float = 0.0
    """When the answer was there, seconds of ``time.monotonic``."""
    packed: bool = False
    """Whether it is compressed in a way that cannot be unpacked here."""


@dataclass(frozen=True, slots=True)
class Digested:
    """One distinct request, and which answers it got."""

    name: str
    request: str
    counts: dict[bytes, int] = field(default_factory=dict)
    """How often each digest was answered."""


@dataclass(frozen=True, slots=True)
class Observed:
    """All that a run remembers of its answers."""

    answers: tuple[Answered, ...] = ()
    digests: Mapping[int, Digested] = field(default_factory=dict)
    """By a hash of the request, and of who sent it where that matters."""
    samples: Mapping[bytes, Answered] = field(default_factory=dict)
    """One answer of each digest, as far as there was room."""
    over: int = 0
    """Answers that there was no room for."""
    packed: int = 0
    """Answers compressed in a way that cannot be unpacked here; not among the digests."""
    errors: int = 0
    """Requests without an answer, and answers of 500 and above, 408 and 429: not among the
    digests, for they tell of the load."""
    received: int = 0
    """Bytes of all answers as they came over the wire, heads and bodies."""

    def __add__(self, other: Observed) -> Observed:
        digests = dict(self.digests)
        for key, more in other.digests.items():
            mine = digests.get(key)
            digests[key] = more if mine is None else _added(mine, more)
        return Observed(
            answers=self.answers + other.answers,
            digests=digests,
            samples={**other.samples, **self.samples},
            over=self.over + other.over,
            packed=self.packed + other.packed,
            errors=self.errors + other.errors,
            received=self.received + other.received,
        )


def _added(one: Digested, other: Digested) -> Digested:
    counts = dict(one.counts)
    for digest, count in other.counts.items():
        counts[digest] = counts.get(digest, 0) + count
    return Digested(one.name, one.request, counts)
