# Made by scripts/unasync.py: edit src/surefoot/cache/_async/cache.py
"""Values kept in a store for as long as they may be used, each computed by one caller."""

from __future__ import annotations

import contextlib
import functools
import logging
import random
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from surefoot.cache._sync.colour import Call, sleep
from surefoot.cache._sync.slots import Slots, now
from surefoot.cache.counts import Counts
from surefoot.cache.flights import Flights
from surefoot.cache.names import Names
from surefoot.cache.times import Times
from surefoot.core.cache.compute_time import ComputeTime
from surefoot.core.cache.frame import Frame, Tag
from surefoot.core.cache.freshness import Claim, Content, Serve, ServeStale, Step, Terms, Wait
from surefoot.errors import StoreError, TooLargeError
from surefoot.ports import Store
from surefoot.units import parse_duration

__all__ = ["Cache"]

_T = TypeVar("_T")
_Versions = Mapping[str, bytes | None]

_log = logging.getLogger("surefoot.cache")
# Somebody else computes: how soon to look again, and how seldom at most. Looking costs about 30 us.
_FIRST_LOOK: Final = 0.002
_SLOWEST_LOOK: Final = 0.05


@dataclass(frozen=True, slots=True)
class _Wanted(Generic[_T]):
    key: str
    function: Call[_T]
    terms: Terms
    tags: tuple[str, ...]
    type: Any
    time: ComputeTime
    asked: int


@dataclass(frozen=True, slots=True)
class _Landed(Generic[_T]):
    value: _T
    for_all: bool = True
    """Whether it is good for those who asked while it was being computed, too."""


class Cache:
    """Values under keys, for a limited time, in a store that others may share.

    Args:
        store: Where they lie.
        name: What the keys of this cache begin with in the store.
        codec: How values are written.

    Attributes:
        counts: What this process did with it.
    """

    def __init__(self, store: Store, *, name: str, codec: Any) -> None:
        self.counts = Counts()
        self._slots = Slots(store, Names(name))
        self._codec = codec
        self._flights = Flights()
        self._times = Times()

    def get(self, key: str, default: Any = None, *, type: Any = Any) -> Any:  # noqa: A002
        """The value of a key while it is fresh, else ``default``."""
        return (self.get_many([key], type=type)).get(key, default)

    def get_many(self, keys: Iterable[str], *, type: Any = Any) -> dict[str, Any]:  # noqa: A002
        """The fresh values of these keys, in one round trip, or two where values have tags."""
        wanted = list(dict.fromkeys(keys))
        try:
            found = self._slots.look_at_many(wanted) if wanted else []
        except StoreError:
            self.counts.unanswered += 1
            return {}
        values: dict[str, Any] = {}
        for key, move in zip(wanted, found, strict=True):
            if isinstance(move, int):
                values[key] = move
            elif isinstance(move, Serve):
                landed = self._read(key, move.frame, type)
                if landed is not None:
                    values[key] = landed.value
        self.counts.hits += len(values)
        self.counts.misses += len(wanted) - len(values)
        return values

    def set(
        self,
        key: str,
        value: Any,
        *,
        ttl: float | str,
        stale: float | str = 0.0,
        tags: Iterable[str] = (),
    ) -> bool:
        """Write a value; whether it is kept.

        Raises:
            UnitError: A duration cannot be read.
            ConfigError: A duration is out of range.
        """
        return self.set_many({key: value}, ttl=ttl, stale=stale, tags=tags)

    def set_many(
        self,
        values: Mapping[str, Any],
        *,
        ttl: float | str,
        stale: float | str = 0.0,
        tags: Iterable[str] = (),
    ) -> bool:
        """Write these values, in one round trip; whether all of them are kept."""
        terms = Terms.of(ttl, stale=stale)
        try:
            hang_on = self._slots.read_tags(tuple(tags))
            contents = {key: self._content(key, value, hang_on) for key, value in values.items()}
            kept = {key: content for key, content in contents.items() if content is not None}
            self._slots.write(kept, terms)
        except StoreError:
            self.counts.unanswered += 1
            return False
        return len(kept) == len(contents)

    def delete(self, *keys: str) -> bool:
        """Take these keys away; whether the store has heard of it."""
        return self.invalidate(keys=keys)

    def invalidate(self, *, keys: Iterable[str] = (), tags: Iterable[str] = ()) -> bool:
        """Take keys away, and every value that hangs on one of these tags.

        What is being computed for them from what was read before now is served to those who asked
        before, and not kept.

        Returns:
            Whether the store has heard of it. If not, it will as soon as it answers again.
        """
        try:
            self._slots.delete(tuple(keys), tuple(tags))
        except StoreError:
            self.counts.unanswered += 1
            return False
        return True

    def incr(self, key: str, by: int = 1, *, ttl: float | str) -> int | None:
        """Add to a number; what it is then, or ``None`` if the store does not answer.

        Args:
            key: Holds ``by`` afterwards if it held nothing. One that holds a value that was
                ``set`` is no number.
            by: May be negative.
            ttl: Of a number that is new.
        """
        try:
            return self._slots.incr(key, by, parse_duration(ttl))
        except StoreError:
            self.counts.unanswered += 1
            return None

    def close(self) -> None:
        """Give connections back."""
        self._slots.store.close()

    def get_or_compute(
        self,
        key: str,
        function: Call[_T],
        *,
        ttl: float | str,
        stale: float | str = 0.0,
        negative_ttl: float | str | None = None,
        tags: Iterable[str] = (),
        type: Any = Any,  # noqa: A002 - the field's word for it
    ) -> _T:
        """The value of a key; where there is none that may be served, what ``function`` returns.

        Of all who ask for the same key at once, in all processes that share the store, one calls
        its function. The others are served the stale value where there is one, or wait.

        Args:
            key: Any text.
            function: Computes the value. What it raises reaches all who wait for it, but while a
                stale value may be served that is served instead, and the error is logged.
            ttl: For how long the value is fresh: seconds or ``"60s"``.
            stale: For how long after that it may be served while somebody computes the next one.
            negative_ttl: ``ttl`` of ``None``.
            tags: What the value hangs on, for ``invalidate``.
            type: What the value is to be read as.

        Raises:
            UnitError: A duration cannot be read.
            ConfigError: A duration is out of range.
        """
        terms = Terms.of(ttl, stale=stale, negative_ttl=negative_ttl)
        times = self._times.of(function)
        return self._obtain(_Wanted(key, function, terms, tuple(tags), type, times, now()))

    def _obtain(self, wanted: _Wanted[_T]) -> _T:
        while True:
            try:
                move, versions = self._look(wanted)
            except StoreError:
                self.counts.unanswered += 1
                alone = functools.partial(self._alone, wanted)
                flown = self._flights.do(wanted.key, alone)
                assert flown is not None
                return flown.result.value
            served = self._served(wanted, move)
            if served is not None:
                return served.value
            stale = move.stale if isinstance(move, Claim) else None
            lead = functools.partial(self._lead, wanted, move, versions)
            flown = self._flights.do(wanted.key, lead, wait=stale is None)
            if flown is None and stale is not None:
                served = self._read(wanted.key, stale, wanted.type)
                self.counts.stale += 1
                if served is not None:
                    return served.value
            elif flown is not None and (flown.led or flown.result.for_all):
                return flown.result.value

    def _look(self, wanted: _Wanted[_T]) -> tuple[Step, _Versions]:
        claim_ms = wanted.time.claim_ms
        return self._slots.look(wanted.key, wanted.tags, claim_ms, wanted.asked)

    def _served(self, wanted: _Wanted[_T], move: Step) -> _Landed[_T] | None:
        """The value, if it may be served as it is."""
        if not isinstance(move, Serve | ServeStale):
            return None
        if type(move) is Serve:
            self.counts.hits += 1
        else:
            self.counts.stale += 1
        return self._read(wanted.key, move.frame, wanted.type)

    def _read(self, key: str, frame: Frame, kind: Any) -> _Landed[Any] | None:
        """The value of a frame; nothing if it is damaged, and then its slot is gone."""
        try:
            return _Landed(self._codec.decode(key, frame, kind))
        except ValueError:
            self.counts.damaged += 1
        with contextlib.suppress(StoreError):
            self._slots.delete([key], ())
        return None

    def _lead(self, wanted: _Wanted[_T], move: Step, versions: _Versions) -> _Landed[_T]:
        """Compute the value, or wait for another process that does."""
        pause = _FIRST_LOOK
        while True:
            try:
                if isinstance(move, Claim) and self._slots.claim(wanted.key, move):
                    return self._compute(wanted, move, versions)
                served = self._served(wanted, move)
                if served is not None:
                    return served
                if isinstance(move, Wait):
                    # Not all at once, or they would all look again at once.
                    sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - a pause, no secret
                    pause = min(2 * pause, _SLOWEST_LOOK)
                move, versions = self._look(wanted)
            except StoreError:
                self.counts.unanswered += 1
                return self._alone(wanted)

    def _compute(self, wanted: _Wanted[_T], claim: Claim, versions: _Versions) -> _Landed[_T]:
        """Call the function and fill the slot that was claimed for it."""
        self.counts.misses += claim.stale is None
        tags = self._slots.tags(versions)
        try:
            value = self._called(wanted)
        except BaseException as error:
            with contextlib.suppress(StoreError):
                self._slots.release(wanted.key, claim)
            if claim.stale is None or not isinstance(error, Exception):
                raise
            stale = self._read(wanted.key, claim.stale, wanted.type)
            if stale is None:
                raise
            _log.warning("%s: a stale value is served instead", wanted.key, exc_info=error)
            self.counts.stale += 1
            return stale
        return self._kept(wanted, claim, value, tags)

    def _called(self, wanted: _Wanted[_T]) -> _T:
        began = time.perf_counter()
        try:
            value = wanted.function()
        except BaseException:
            self.counts.failed += 1
            raise
        wanted.time.saw(time.perf_counter() - began)
        self.counts.computed += 1
        return value

    def _kept(
        self, wanted: _Wanted[_T], claim: Claim, value: _T, tags: tuple[Tag, ...]
    ) -> _Landed[_T]:
        try:
            content = self._content(wanted.key, value, tags)
        except BaseException:
            with contextlib.suppress(StoreError):
                self._slots.release(wanted.key, claim)
            raise
        try:
            if content is None:
                self._slots.release(wanted.key, claim)
            elif not self._slots.fill(wanted.key, claim, content, wanted.terms):
                # What it was computed from may have changed since: who asked later looks again.
                self.counts.late += 1
                return _Landed(value, for_all=False)
        except StoreError:
            self.counts.unanswered += 1
        return _Landed(value)

    def _alone(self, wanted: _Wanted[_T]) -> _Landed[_T]:
        """The value without the store."""
        return _Landed(self._called(wanted))

    def _content(self, key: str, value: Any, tags: tuple[Tag, ...]) -> Content | None:
        """What goes into the slot; nothing if the value is too large."""
        try:
            payload, codec, flags = self._codec.encode(key, value)
        except TooLargeError as error:
            self.counts.refused += 1
            _log.warning("%s", error)
            return None
        return Content(payload, codec, flags, tags, negative=value is None)
