"""What to do with a slot that was read: serve it, serve it stale, compute it, or wait.

A slot goes through these states, told apart by its bytes and the clock alone:

    empty --claim--> being computed --fill--> fresh --ttl--> stale --claim--> stale, being computed
    stale --its end--> gone (claimed like an empty one)      fresh or stale --a tag--> gone

Each claim and each fill is one compare and swap (``Store.swap``, ``Store.patch``) against the bytes
that were read, so of many callers that read the same one wins, and the others read again. A claim
ends at an instant: whoever finds it ended takes over, which costs one more computation and no more,
since the first of the two to fill changes the generation. Leases as in Nishtala et al., Scaling
Memcache at Facebook (2013); serving stale while one computes as in RFC 5861.

Instants are wall-clock milliseconds since 1970. Clocks of hosts that differ move the bounds by as
much as they differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from surefoot.core.cache.compute_time import MOST
from surefoot.core.cache.frame import GENERATION, HEAD, NOBODY, Frame, Tag, claimed_until
from surefoot.errors import ConfigError
from surefoot.units import parse_duration

__all__ = [
    "Claim",
    "Content",
    "Fill",
    "Patch",
    "ReadTags",
    "Serve",
    "ServeStale",
    "Step",
    "Terms",
    "Wait",
    "fill",
    "release",
    "rewrite",
    "step",
    "write",
]

_MARGIN: Final = 2.0
"""Seconds a slot stays in its store past its end: Memcached counts whole ones."""
_LONGEST: Final = 10 * 365 * 86400.0
_LONGEST_CLAIM: Final = 2 * round(1000 * MOST)
"""Milliseconds. What is claimed for longer was damaged, or claimed by a clock that is far ahead:
nobody waits for that."""
_NONE_READ: Final[Mapping[str, bytes | None]] = {}


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long a value may be used. Seconds, counted from when its computing began.

    Raises:
        ConfigError: A term is out of its range.
    """

    ttl: float
    """Served without a thought for so long, or a little shorter (``jitter``)."""
    stale: float = 0.0
    """For so long after that, served while somebody computes the next value."""
    negative_ttl: float | None = None
    """``ttl`` of ``None``; the same as any value's where not given."""
    jitter: float = 0.1
    """The largest share of ``ttl`` that is taken away at random, so that values that were made
    together do not end together. It never lengthens: the bounds hold as they are written."""

    def __post_init__(self) -> None:
        for name, least in (("ttl", 0.001), ("stale", 0.0), ("negative_ttl", 0.001)):
            value = getattr(self, name)
            if value is not None and not least <= value <= _LONGEST:
                raise ConfigError(
                    f"{name} is {value!r}", do=f"give seconds from {least:g} to {_LONGEST:g}"
                )
        if not 0.0 <= self.jitter <= 0.9:
            raise ConfigError(f"jitter is {self.jitter!r}", do="give a share from 0 to 0.9")

    @classmethod
    def of(
        cls,
        ttl: float | str,
        *,
        stale: float | str = 0.0,
        negative_ttl: float | str | None = None,
        jitter: float = 0.1,
    ) -> Terms:
        """Terms as people write them: ``"60s"``, ``"5m"``, or seconds.

        Raises:
            UnitError: A text is no duration.
            ConfigError: A term is out of its range.
        """
        negative = None if negative_ttl is None else parse_duration(negative_ttl)
        return cls(parse_duration(ttl), parse_duration(stale), negative, jitter)


class Serve(NamedTuple):
    """The value is fresh."""

    frame: Frame


class ServeStale(NamedTuple):
    """The value is stale and may be served: somebody computes the next one."""

    frame: Frame


class ReadTags(NamedTuple):
    """Read the versions of these tags, and ask again with them."""

    names: tuple[str, ...]


class Wait(NamedTuple):
    """Somebody computes the value, and has until then to fill it."""

    until: int


class Patch(NamedTuple):
    """A new head for a slot: ``store.patch(key, expect, head)``."""

    expect: bytes
    head: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """Nobody computes: try to become the one who does, and read again if another was faster.

    ``store.patch(key, expect, data)`` where ``patches``, else ``store.swap(key, expect, data,
    ttl)``. Whoever gets ``True`` computes, and needs not read again: the slot was still as read.
    """

    expect: bytes
    data: bytes
    ttl: float
    """Seconds that the slot lives in its store; of no meaning for a patch."""
    made: int
    """When computing begins. What is read for the value has to be read after this."""
    until: int
    """When another may take over."""
    stale: Frame | None = None
    """A value that may be served meanwhile."""
    patches: bool = False

    @property
    def head(self) -> bytes:
        """The slot's head while the claim holds."""
        return self.data[:HEAD]

    @property
    def generation(self) -> bytes:
        """What the slot begins with for as long as the claimed generation may be filled."""
        return self.data[:GENERATION]


Step = Serve | ServeStale | ReadTags | Wait | Claim


@dataclass(frozen=True, slots=True)
class Content:
    """What goes into a slot beside its instants."""

    payload: bytes
    codec: int = 0
    flags: int = 0
    tags: tuple[Tag, ...] = ()
    """With the versions that they had before computing began."""
    negative: bool = False
    """The value is ``None``."""


@dataclass(frozen=True, slots=True)
class Fill:
    """A whole slot: ``store.swap(key, expect, data, ttl)``, or ``put`` where nothing is expected.

    A swap that is refused means that the slot was deleted, overwritten, or filled by another
    meanwhile. The value is still good for whoever asked before that, and for nobody else.
    """

    data: bytes
    ttl: float
    expect: bytes = b""


def step(
    data: bytes | None,
    now: int,
    *,
    claim_ms: int,
    draw: Callable[[], bytes],
    versions: Mapping[str, bytes | None] = _NONE_READ,
    asked: int | None = None,
) -> Step:
    """What to do with the bytes that a slot held.

    Args:
        data: The whole slot; ``None`` where there is none.
        now: The instant.
        claim_ms: For how long a claim holds, see ``ComputeTime``.
        draw: Gives 8 random bytes.
        versions: Tags that were read after the slot was, or with it; ``None`` for one that the
            store does not have.
        asked: When the caller asked, if it waited since. A value that was fresh then will do:
            computing it anew could have begun no earlier.
    """
    frame = Frame.unpack(data) if data is not None else None
    if data is None or frame is None:
        # What is no frame is replaced like a value that is gone.
        return _claim_new(data or b"", now, claim_ms, draw())
    moment = now if asked is None else min(now, asked)
    if frame.payload is None or moment >= frame.stale:
        return _take_over(frame, data, now, claim_ms)
    if frame.tags:
        if any(tag.name not in versions for tag in frame.tags):
            return ReadTags(tuple(tag.name for tag in frame.tags))
        if any(versions[tag.name] != tag.version for tag in frame.tags):
            # Whoever computes already may have begun before the tag changed.
            return _claim_new(data[:HEAD], now, claim_ms, draw())
    if moment < frame.fresh:
        return Serve(frame)
    return ServeStale(frame) if _is_claimed(frame, now) else _refresh(frame, data, now, claim_ms)


def _take_over(frame: Frame, data: bytes, now: int, claim_ms: int) -> Wait | Claim:
    """Of a slot without a value that may be served."""
    if _is_claimed(frame, now):
        return Wait(frame.claimed)
    # The generation stays, so that a holder that is slow, not dead, may still fill it.
    return _claim_new(data[:HEAD], now, claim_ms, frame.generation)


def _is_claimed(frame: Frame, now: int) -> bool:
    return now < frame.claimed <= now + _LONGEST_CLAIM


def _claim_new(expect: bytes, now: int, claim_ms: int, generation: bytes) -> Claim:
    until = now + claim_ms
    data = Frame(generation, made=now, claimed=until).pack()
    # Twice the claim: a holder that is late finds its slot, if nobody took over.
    return Claim(expect, data, 2 * claim_ms / 1000 + _MARGIN, now, until)


def _refresh(frame: Frame, data: bytes, now: int, claim_ms: int) -> Claim:
    """Claim a stale value and leave it where it is."""
    until = now + claim_ms
    head = claimed_until(data, until)
    if until < frame.stale:
        return Claim(data[:HEAD], head, 0.0, now, until, frame, patches=True)
    # The store drops the slot before the claim ends, and with it the right to fill it.
    ttl = 2 * claim_ms / 1000 + _MARGIN
    return Claim(data[:HEAD], head + data[HEAD:], ttl, now, until, frame)


def fill(claim: Claim, content: Content, terms: Terms, now: int, generation: bytes) -> Fill:
    """The slot for what the holder of a claim computed.

    Args:
        claim: The claim, which was won.
        content: The value.
        terms: For how long it may be used, from ``claim.made`` on.
        now: The instant.
        generation: 8 random bytes.

    Raises:
        ValueError: Too many tags, or a tag that is too long; see ``Frame.pack``.
    """
    return _slot(content, terms, claim.made, now, generation, claim.generation)


def write(content: Content, terms: Terms, now: int, generation: bytes) -> Fill:
    """The slot for a value that nobody asked for, for ``put``. Claims on the slot lose it.

    Raises:
        ValueError: Too many tags, or a tag that is too long; see ``Frame.pack``.
    """
    return _slot(content, terms, now, now, generation, b"")


def rewrite(
    data: bytes,
    frame: Frame,
    now: int,
    generation: bytes,
    *,
    content: Content | None = None,
    ttl: float | None = None,
) -> Fill:
    """The slot of a fresh value with other bytes, or with another time to live.

    Args:
        data: The slot as it was read: who changed it since wins.
        frame: What is in it.
        now: The instant.
        generation: 8 random bytes.
        content: In place of what is there.
        ttl: Seconds from now; where not given the value ends when it would have.
    """
    stays = frame.stale - frame.fresh
    fresh = frame.fresh if ttl is None else now + math.floor(1000 * ttl)
    changed = frame._replace(
        generation=generation, fresh=fresh, stale=fresh + stays, claimed=NOBODY
    )
    if content is not None:
        changed = changed._replace(
            codec=content.codec, flags=content.flags, tags=content.tags, payload=content.payload
        )
    left = max(changed.stale - now, 0) / 1000 + _MARGIN
    return Fill(changed.pack(), left, data[:HEAD])


def release(claim: Claim, until: int = NOBODY) -> Patch:
    """Give a claim back unfilled, because computing failed.

    Args:
        claim: The claim, which was won.
        until: When the next may try; at once where not given.
    """
    return Patch(claim.head, claimed_until(claim.head, until))


def _slot(
    content: Content, terms: Terms, made: int, now: int, generation: bytes, expect: bytes
) -> Fill:
    ttl = terms.ttl
    if content.negative and terms.negative_ttl is not None:
        ttl = terms.negative_ttl
    # The new generation is random already; a share of it in [0, 1) saves drawing another number.
    share = int.from_bytes(generation[:4], "little") / 2**32
    fresh = made + math.floor(1000 * ttl * (1 - terms.jitter * share))
    stale = fresh + math.floor(1000 * terms.stale)
    frame = Frame(
        generation, made, fresh, stale, NOBODY, content.codec, content.flags, content.tags,
        content.payload,
    )  # fmt: skip
    return Fill(frame.pack(), max(stale - now, 0) / 1000 + _MARGIN, expect)
