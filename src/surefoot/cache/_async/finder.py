"""One value obtained: read, or computed by one caller for all."""

from __future__ import annotations

import contextlib
import functools
import logging
import random
import time
from collections.abc import Mapping
from typing import Any, Final, Generic, NamedTuple, TypeVar

from surefoot.cache._async.colour import Call, sleep
from surefoot.cache._async.slots import AsyncSlots, now
from surefoot.cache.copies import Copies
from surefoot.cache.counts import Counts
from surefoot.cache.flights import AsyncFlights
from surefoot.cache.times import Times
from surefoot.cache.values.codec import Codec, UnreadableError
from surefoot.core.cache.frame import NOBODY, Frame, Tag
from surefoot.core.cache.freshness import Claim, Content, Serve, ServeStale, Step, Terms
from surefoot.errors import StoreError

__all__ = ["AsyncFinder", "Landed", "Wanted"]

_T = TypeVar("_T")
_Versions = Mapping[str, bytes | None]

_log = logging.getLogger("surefoot.cache")
# Somebody else computes: how soon to look again, and how seldom at most. Looking costs about 30 us.
_FIRST_LOOK: Final = 0.002
_SLOWEST_LOOK: Final = 0.05
_TRY_AGAIN_MS: Final = 1000


# Tuples, not dataclasses: every hit in a shared store makes one of each, and frozen dataclasses
# take 1.2 us longer.
class Wanted(NamedTuple, Generic[_T]):
    """A value that somebody wants, and how it comes about."""

    key: str
    function: Call[_T]
    terms: Terms
    tags: tuple[str, ...]
    type: Any
    asked: int
    """When, in milliseconds since 1970."""


class Landed(NamedTuple, Generic[_T]):
    """A value that was read or computed."""

    value: _T
    for_all: bool = True
    """Whether it is good for those who asked while it was being computed, too."""


class AsyncFinder:
    """Reads values of one cache, and computes those that are not there.

    Args:
        slots: Where they lie.
        copies: Those of this process.
        codec: How they are written.
        counts: Counts what is done.
    """

    def __init__(self, slots: AsyncSlots, copies: Copies, codec: Codec, counts: Counts) -> None:
        self._slots = slots
        self._copies = copies
        self._codec = codec
        self._counts = counts
        self._flights = AsyncFlights()
        self._times = Times()

    async def obtain(self, wanted: Wanted[_T]) -> _T:
        """The value; whatever its function raises, unless a stale one can be served."""
        while True:
            ticket = self._copies.ticket()
            try:
                move, versions = await self._look(wanted)
            except StoreError:
                self._counts.unanswered += 1
                alone = functools.partial(self._alone, wanted)
                flown = await self._flights.do(wanted.key, alone)
                assert flown is not None
                return flown.result.value
            served = await self._served(wanted, move)
            if served is not None:
                if isinstance(move, Serve):
                    self._copies.keep(wanted.key, move.frame, served.value, wanted.type, ticket)
                return served.value
            stale = move.stale if isinstance(move, Claim) else None
            lead = functools.partial(self._lead, wanted, move, versions)
            flown = await self._flights.do(wanted.key, lead, wait=stale is None)
            if flown is None and stale is not None:
                older: Landed[_T] | None = await self.read(wanted.key, stale, wanted.type)
                self._counts.stale += 1
                if older is not None:
                    return older.value
            elif flown is not None and (flown.led or flown.result.for_all):
                self._counts.waited += not flown.led
                return flown.result.value

    async def _look(self, wanted: Wanted[_T]) -> tuple[Step, _Versions]:
        claim_ms = self._times.of(wanted.function).claim_ms
        return await self._slots.look(wanted.key, wanted.tags, claim_ms, wanted.asked)

    async def _served(self, wanted: Wanted[_T], move: Step) -> Landed[_T] | None:
        """The value, if it may be served as it is."""
        if type(move) is Serve:
            self._counts.hits += 1
        elif type(move) is ServeStale:
            self._counts.stale += 1
        else:
            return None
        return await self.read(wanted.key, move.frame, wanted.type)

    async def read(self, key: str, frame: Frame, kind: Any) -> Landed[Any] | None:
        """The value of a frame; nothing if it is damaged, and then its slot is gone."""
        try:
            return Landed(self._codec.decode(key, frame, kind))
        except UnreadableError:
            self._counts.damaged += 1
        with contextlib.suppress(StoreError):
            await self._slots.delete([key], ())
        return None

    async def _lead(self, wanted: Wanted[_T], move: Step, versions: _Versions) -> Landed[_T]:
        """Compute the value, or wait for another process that does."""
        pause = _FIRST_LOOK
        while True:
            try:
                if isinstance(move, Claim):
                    if await self._slots.claim(wanted.key, move):
                        return await self._compute(wanted, move, versions)
                    if move.stale is not None:
                        move = ServeStale(move.stale)
                served = await self._served(wanted, move)
                if served is not None:
                    return served
                # Not all at once, or they would all look again at once.
                await sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - a pause, no secret
                pause = min(2 * pause, _SLOWEST_LOOK)
                move, versions = await self._look(wanted)
            except StoreError:
                self._counts.unanswered += 1
                return await self._alone(wanted)

    async def _compute(self, wanted: Wanted[_T], claim: Claim, versions: _Versions) -> Landed[_T]:
        """Call the function and fill the slot that was claimed for it."""
        if claim.stale is None:
            self._counts.misses += 1
        else:
            self._counts.refreshed += 1
        tags = await self._slots.tags(versions)
        try:
            value = await self._called(wanted)
        except BaseException as error:
            # While there is something to serve, what fails is not asked all the time.
            until = now() + _TRY_AGAIN_MS if claim.stale is not None else NOBODY
            with contextlib.suppress(StoreError):
                await self._slots.release(wanted.key, claim, until)
            if claim.stale is None or not isinstance(error, Exception):
                raise
            stale = await self.read(wanted.key, claim.stale, wanted.type)
            if stale is None:
                raise
            _log.warning("%s: a stale value is served instead", wanted.key, exc_info=error)
            self._counts.stale += 1
            return stale
        return await self._kept(wanted, claim, value, tags)

    async def _called(self, wanted: Wanted[_T]) -> _T:
        began = time.perf_counter()
        try:
            value = await wanted.function()
        except BaseException:
            self._counts.failed += 1
            raise
        self._times.of(wanted.function).saw(time.perf_counter() - began)
        self._counts.computed += 1
        return value

    async def _kept(
        self, wanted: Wanted[_T], claim: Claim, value: _T, tags: tuple[Tag, ...]
    ) -> Landed[_T]:
        try:
            content = self.content(wanted.key, value, wanted.type, tags)
        except BaseException:
            with contextlib.suppress(StoreError):
                await self._slots.release(wanted.key, claim)
            raise
        try:
            if content is None:
                await self._slots.release(wanted.key, claim)
            elif not await self._slots.fill(wanted.key, claim, content, wanted.terms):
                # What it was computed from may have changed since: who asked later looks again.
                self._counts.late += 1
                return Landed(value, for_all=False)
        except StoreError:
            self._counts.unanswered += 1
        return Landed(value)

    async def _alone(self, wanted: Wanted[_T]) -> Landed[_T]:
        """The value without the store."""
        return Landed(await self._called(wanted))

    def content(self, key: str, value: Any, kind: Any, tags: tuple[Tag, ...]) -> Content | None:
        """What goes into the slot; nothing if this value is not to be kept, mostly for its size."""
        try:
            payload, codec, flags = self._codec.encode(key, value, kind)
        except self._codec.unkept as error:
            self._counts.refused += 1
            _log.warning("%s", error)
            return None
        return Content(payload, codec, flags, tags, negative=value is None)
