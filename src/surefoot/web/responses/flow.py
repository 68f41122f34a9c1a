"""Looking up and keeping, as steps that name what is asked of the store.

A step is a generator: it yields verbs of the store, and pauses, and is sent their results. The same
steps so serve threads and event loops; ``drive`` and ``adrive`` are all that differs. A store that
does not answer ends a step as if there were no cache.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

from surefoot.core.cache.compute_time import ComputeTime
from surefoot.core.cache.frame import Frame, Tag
from surefoot.core.cache.freshness import (
    Claim,
    Content,
    Serve,
    ServeStale,
    Terms,
    Wait,
    fill,
    release,
    step,
    write,
)  # fmt: skip
from surefoot.core.http_cache.asked import Asked
from surefoot.core.http_cache.kept import Kept
from surefoot.core.http_cache.key import primary, secondary, target
from surefoot.core.http_cache.storing import Stored, Wanted
from surefoot.errors import StoreError
from surefoot.ports import AsyncStore, Store

__all__ = ["Found", "Make", "Verb", "adrive", "drive", "forget", "keep", "look_up", "withdraw"]

ANSWER: Final = 0
VARIES: Final = 1
"""Flag of a slot that holds the names of the fields by which answers differ."""
REFUSED: Final = 2
"""Flag of a slot that says: not to be kept; do not wait for each other, do not try again yet."""

_CODEC: Final = 0xA1
_REFUSED: Final = Terms(ttl=10.0)
_DAY: Final = 86400.0
_RETRY_MS: Final = 1000
_PAUSES: Final = (0.002, 0.005, 0.01, 0.02, 0.05)

T = TypeVar("T")


class Verb(NamedTuple):
    """A verb of the store and what it is called with."""

    name: str
    arguments: tuple[Any, ...]


Steps = Generator["Verb | float", Any, T]


@dataclass(frozen=True, slots=True)
class Found:
    """An answer that may be given."""

    kept: Kept
    age: float | None
    """Seconds since its making began; ``None`` where this very request had it made."""
    stale: bool = False
    """Whether its time is up."""


@dataclass(frozen=True, slots=True)
class Make:
    """The caller makes the answer for all who wait."""

    asked: Asked
    key: str
    main: str
    """The primary key; the same as ``key`` where answers do not vary."""
    claim: Claim
    tag: Tag
    stale: Found | None = None
    varied: tuple[str, ...] = ()


def drive(steps: Steps[T], store: Store, lost: Callable[[], None] = lambda: None) -> T | None:
    """Go through steps in a thread; ``None``, and ``lost`` is called, if the store is away."""
    try:
        wanted = next(steps)
        while True:
            if isinstance(wanted, float):
                time.sleep(wanted)
                wanted = next(steps)
            else:
                wanted = steps.send(getattr(store, wanted.name)(*wanted.arguments))
    except StopIteration as ended:
        result: T = ended.value
        return result
    except StoreError:
        lost()
        return None


async def adrive(
    steps: Steps[T], store: AsyncStore, lost: Callable[[], None] = lambda: None
) -> T | None:
    """The same in an event loop."""
    try:
        wanted = next(steps)
        while True:
            if isinstance(wanted, float):
                await asyncio.sleep(wanted)
                wanted = next(steps)
            else:
                wanted = steps.send(await getattr(store, wanted.name)(*wanted.arguments))
    except StopIteration as ended:
        result: T = ended.value
        return result
    except StoreError:
        lost()
        return None


def look_up(
    asked: Asked, wanted: Wanted, known: ComputeTime, clock: Callable[[], float]
) -> Steps[Found | Make | None]:
    """Find an answer, or win the right to make it; ``None``: the application answers this alone.

    Args:
        asked: The request; GET or HEAD.
        wanted: The route that its path matches.
        known: How long its answers take to make.
        clock: Seconds since 1970.
    """
    main = primary(
        asked, wanted.template, fields=wanted.fields, listed=wanted.cookies,
        ignored=wanted.ignored, encoded=wanted.encoded, everybody=wanted.everybody,
        space=wanted.space,
    )  # fmt: skip
    tag = target(asked, wanted.space)
    key = main
    varied: tuple[str, ...] = ()
    waited: int | None = None
    pauses = iter(_PAUSES)
    while True:
        slot, version = yield Verb("get", ([key, tag],))
        now = int(clock() * 1000)
        decided = step(
            slot, now, claim_ms=known.claim_ms, draw=_draw, versions={tag: version}, asked=waited
        )
        if isinstance(decided, Serve | ServeStale):
            names = _names(decided.frame)
            if not names or key != main:
                return _found(decided.frame, now)
            varied = names
            key = secondary(main, decided.frame.generation, asked, names)
        elif isinstance(decided, Wait):
            waited = waited or now
            yield next(pauses, _PAUSES[-1])
        elif isinstance(decided, Claim):
            stale = _found(decided.stale, now) if decided.stale is not None else None
            if asked.method != "GET":
                # The answer to HEAD has no body to keep.
                return stale
            if version is None:
                # Before computing begins: what changes from now on changes it.
                version = yield from _new_tag(tag)
            won = yield from _claimed(key, decided)
            if won:
                return Make(asked, key, main, decided, Tag(tag, version), stale, varied)
        else:
            return None


def _names(frame: Frame) -> tuple[str, ...]:
    if frame.flags != VARIES or frame.payload is None:
        return ()
    return tuple(frame.payload.decode("latin-1").split("\n"))


def _found(frame: Frame, now: int) -> Found | None:
    if frame.codec != _CODEC or frame.flags != ANSWER or frame.payload is None:
        return None
    kept = Kept.unpack(frame.payload)
    if kept is None:
        return None
    return Found(kept, (now - frame.made) / 1000, stale=now >= frame.fresh)


def _new_tag(tag: str) -> Steps[bytes]:
    version = _draw()
    won = yield Verb("swap", (tag, b"", version, _DAY))
    if won:
        return version
    (found,) = yield Verb("get", ([tag],))
    return found if found is not None else version


def _claimed(key: str, claim: Claim) -> Steps[bool]:
    if claim.patches:
        won: bool = yield Verb("patch", (key, claim.expect, claim.data))
    else:
        won = yield Verb("swap", (key, claim.expect, claim.data, claim.ttl))
    return won


def keep(make: Make, kept: Kept, stored: Stored, clock: Callable[[], float]) -> Steps[bool]:
    """Put an answer where whoever waits finds it.

    Returns:
        Whether it is there. It is not where the right was lost: the target was written to
        meanwhile, or somebody else was faster.
    """
    terms = Terms(stored.ttl, stored.stale)
    content = Content(kept.pack(), _CODEC, ANSWER, (make.tag,))
    if stored.vary == make.varied:
        return (yield from _filled(make.key, make.claim, content, terms, clock))
    if make.varied:
        # It varies by something else than it used to: begin anew.
        yield Verb("delete", ([make.main],))
        return False
    names = Content("\n".join(stored.vary).encode("latin-1"), _CODEC, VARIES, (make.tag,))
    generation = _draw()
    slot = fill(make.claim, names, Terms(_DAY, jitter=0.0), int(clock() * 1000), generation)
    done: bool = yield Verb("swap", (make.key, slot.expect, slot.data, slot.ttl))
    if done:
        one = write(content, terms, int(clock() * 1000), _draw())
        key = secondary(make.main, generation, make.asked, stored.vary)
        yield Verb("put", ({key: one.data}, one.ttl))
    return done


def withdraw(make: Make, clock: Callable[[], float], *, failed: bool) -> Steps[bool]:
    """The answer is not kept: nobody is to wait for it.

    Args:
        make: What was won.
        clock: Seconds since 1970.
        failed: It could not be made, rather than not be kept: what is stale stays.
    """
    if failed and make.stale is not None:
        patch = release(make.claim, int(clock() * 1000) + _RETRY_MS)
        done: bool = yield Verb("patch", (make.key, patch.expect, patch.head))
        return done
    terms = Terms(_RETRY_MS / 1000) if failed else _REFUSED
    content = Content(b"", _CODEC, REFUSED)
    return (yield from _filled(make.key, make.claim, content, terms, clock))


def _filled(
    key: str, claim: Claim, content: Content, terms: Terms, clock: Callable[[], float]
) -> Steps[bool]:
    slot = fill(claim, content, terms, int(clock() * 1000), _draw())
    done: bool = yield Verb("swap", (key, slot.expect, slot.data, slot.ttl))
    return done


def forget(asked: Asked, space: str) -> Steps[None]:
    """The target was written to: what was kept of it is gone (RFC 9111, 4.4)."""
    yield Verb("put", ({target(asked, space): _draw()}, _DAY))


def _draw() -> bytes:
    return secrets.token_bytes(8)
