"""Remembers, in a sending process, what each request was answered."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple, Protocol

from surefoot.toolbox.load.answer import Answer
from surefoot.toolbox.load.connection import Connection, Home
from surefoot.toolbox.load.exchange import Exchange, Owner
from surefoot.toolbox.load.observation import Answered, Digested, Judge, Observation, Observed
from surefoot.toolbox.load.pool import Pool

__all__ = ["CountedConnection", "Observer", "Received"]

_REQUESTS: Final = 200_000
"""Distinct requests told apart in one run."""
_RAW: Final = 100_000
_EMPTY: Final = 400
"""Bytes that an answer needs beside its body."""
_SHOWN: Final = 300
_BUSY: Final = frozenset({408, 429})
"""Statuses that tell of the load, not of the request."""


class Received:
    """Bytes that came in."""

    __slots__ = ("bytes",)

    def __init__(self) -> None:
        self.bytes = 0


class CountedConnection(Connection):
    """A connection that counts what it receives.

    Args:
        home: What it belongs to.
        received: Where it counts.
    """

    __slots__ = ("_received",)

    def __init__(self, home: Home, received: Received) -> None:
        super().__init__(home)
        self._received = received

    def data_received(self, data: bytes) -> None:
        """A part of an answer has come."""
        self._received.bytes += len(data)
        super().data_received(data)


class Observer:
    """Stands between who wants an exchange and the pools.

    Args:
        observation: What to remember.
        pools: Requests go to them in turn.
        received: The connections' count of bytes.

    Attributes:
        in_order: Whether answers are kept whole, so that requests should come in one order.
    """

    def __init__(self, observation: Observation, pools: Sequence[Pool], received: Received) -> None:
        self._turn = itertools.cycle(enumerate(pools))
        self._received = received
        self._room = observation.bytes
        self._judged(observation.judge)
        self._arrival = -1
        self._seed = 0

    def begin(self, seed: int, judge: Judge | None = None) -> None:
        """A run begins; what users were answered at their log-in is kept only if all is.

        Args:
            seed: Of the run.
            judge: Says from now on which answers are the same.
        """
        if judge is not None:
            self._judged(judge)
        self._seed = seed
        self._received.bytes = 0
        if not self.in_order:
            self._memory.take()
            self._arrival = -1

    def _judged(self, judge: Judge | None) -> None:
        self.in_order = judge is None
        self._memory: _Memory = _Whole(self._room) if judge is None else _Digests(judge, self._room)

    def submit(self, exchange: Exchange) -> None:
        """Send it over the next address, and see what comes of it."""
        journey = exchange.journey
        if journey is None or journey.step == 0:
            self._arrival += 1
            if journey is not None:
                journey.arrival = self._arrival
        replica, pool = next(self._turn)
        at = (self._arrival, 0) if journey is None else (journey.arrival, journey.step)
        key = self._memory.key(exchange, self._seed)
        exchange.owner = _Witness(exchange.owner, self._memory, _Place(at, replica, key))
        pool.submit(exchange)

    def take(self) -> Observed:
        """All since the last call."""
        return replace(self._memory.take(), received=self._received.bytes)


class _Place(NamedTuple):
    """Which exchange it is."""

    at: tuple[int, int]
    replica: int
    key: int


class _Witness:
    """The owner of an exchange in place of its real one, whom it tells in turn."""

    __slots__ = ("_memory", "_owner", "_place")

    def __init__(self, owner: Owner, memory: _Memory, place: _Place) -> None:
        self._owner = owner
        self._memory = memory
        self._place = place

    def ended(self, exchange: Exchange, status: int, error: str, answer: Answer | None) -> None:
        """It is over."""
        exchange.owner = self._owner
        self._memory.saw(self._place, exchange, status, error, answer)
        self._owner.ended(exchange, status, error, answer)


class _Memory(Protocol):
    def key(self, exchange: Exchange, seed: int) -> int:
        """What tells this request from others."""

    def saw(
        self, place: _Place, exchange: Exchange, status: int, error: str, answer: Answer | None
    ) -> None:
        """It is over."""

    def take(self) -> Observed:
        """All since the last call."""


class _Whole:
    """Every answer as it came."""

    def __init__(self, room: int) -> None:
        self._limit = room
        self._room = room
        self._answers: list[Answered] = []
        self._over = 0

    def key(self, exchange: Exchange, seed: int) -> int:  # noqa: ARG002  # the interface
        return 0

    def saw(
        self, place: _Place, exchange: Exchange, status: int, error: str, answer: Answer | None
    ) -> None:
        answered = _answered(place, exchange, status, error, answer)
        self._room -= len(answered.body) + _EMPTY
        if self._room < 0:
            self._over += 1
        else:
            self._answers.append(answered)

    def take(self) -> Observed:
        taken = Observed(answers=tuple(self._answers), over=self._over)
        self._answers, self._over, self._room = [], 0, self._limit
        return taken


class _Digests:
    """How often each request got which answer, and one answer of each digest."""

    def __init__(self, judge: Judge, room: int) -> None:
        self._judge = judge
        self._limit = room
        self._known: dict[bytes, bytes] = {}
        self._clear()

    def _clear(self) -> None:
        self._digests: dict[int, Digested] = {}
        self._samples: dict[bytes, Answered] = {}
        self._room = self._limit
        self._over = self._packed = self._errors = 0

    def key(self, exchange: Exchange, seed: int) -> int:
        journey = exchange.journey
        if journey is None:
            return _hashed(exchange.head, exchange.tail)
        if journey.flow.session and not journey.flow.has_user:
            return _hashed(b"%d %d %d" % (seed, journey.arrival, journey.step))
        # What a user is answered may depend on what the same session asked before.
        sent = _without_cookies(exchange)
        key = _hashed(journey.trail, b"%d " % journey.user.number, sent)
        journey.trail = b"%016x" % key
        return key

    def saw(
        self, place: _Place, exchange: Exchange, status: int, error: str, answer: Answer | None
    ) -> None:
        if answer is None or status in _BUSY or not 200 <= status < 500:
            self._errors += 1
            return
        body, packed = answer.unpacked()
        if packed:
            self._packed += 1
            return
        name = exchange.prepared.name
        known = self._digests.get(place.key)
        if known is None:
            if len(self._digests) >= _REQUESTS:
                self._over += 1
                return
            known = self._digests[place.key] = Digested(name, _line(exchange.head))
        digest = self._digest(name, status, answer, body)
        known.counts[digest] = known.counts.get(digest, 0) + 1
        if digest not in self._samples and len(body) + _EMPTY <= self._room:
            self._room -= len(body) + _EMPTY
            self._samples[digest] = _answered(place, exchange, status, error, answer)

    def _digest(self, name: str, status: int, answer: Answer, body: bytes) -> bytes:
        kept = self._judge.kept(tuple(answer.headers))
        raw = hashlib.blake2b(f"{name} {status} {kept}".encode(), digest_size=12)
        raw.update(body)
        key = raw.digest()
        digest = self._known.get(key)
        if digest is None:
            digest = self._judge.digest(name, status, kept, body)
            if len(self._known) < _RAW:
                self._known[key] = digest
        return digest

    def take(self) -> Observed:
        taken = Observed(
            digests=self._digests,
            samples=self._samples,
            over=self._over,
            packed=self._packed,
            errors=self._errors,
        )
        self._clear()
        return taken


def _answered(
    place: _Place, exchange: Exchange, status: int, error: str, answer: Answer | None
) -> Answered:
    body, packed = answer.unpacked() if answer is not None else (b"", False)
    return Answered(
        at=place.at,
        name=exchange.prepared.name,
        request=_line(exchange.head),
        who=_who(exchange),
        replica=place.replica,
        status=status,
        headers=tuple(answer.headers) if answer is not None else (),
        body=body,
        error="" if status >= 200 else error,
        ended=exchange.ended,
        packed=packed,
    )


def _who(exchange: Exchange) -> str:
    journey = exchange.journey
    if journey is None:
        return ""
    if journey.user.number >= 0:
        return f"user {journey.user.number}"
    return f"session {journey.arrival}" if journey.flow.session else ""


def _line(head: bytes) -> str:
    method, _, rest = head.partition(b" ")
    return (method + b" " + rest.partition(b" ")[0]).decode("utf-8", "replace")[:_SHOWN]


def _without_cookies(exchange: Exchange) -> bytes:
    """What was sent, but the cookies that are the user's own."""
    head, end, body = exchange.head.partition(b"\r\n\r\n")
    start = head.rfind(b"\r\nCookie: ") if exchange.journey and exchange.journey.user.jar else -1
    if start >= 0:
        head = head[:start] + head[start + 2 :].partition(b"\r\n")[2]
    return head + end + body + exchange.tail


def _hashed(*parts: bytes) -> int:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part)
    return int.from_bytes(digest.digest(), "big")
