# Made by scripts/unasync.py: edit src/surefoot/cache/_async/entries.py
"""The verbs of a cache whose values are written, and not only computed: add, touch, change, clear.

They are what frameworks ask of a cache. All but ``clear`` are one step against everybody else: who
finds the slot changed since it was read reads it again.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

from surefoot.cache._sync.cache import Cache
from surefoot.cache._sync.colour import Call, sleep
from surefoot.cache._sync.finder import Wanted
from surefoot.cache._sync.slots import draw, now
from surefoot.cache.pending import pending_of
from surefoot.core.cache.frame import HEAD
from surefoot.core.cache.freshness import Fill, Serve, Terms, rewrite, write
from surefoot.core.worker import CacheTotal
from surefoot.errors import StoreError
from surefoot.ports import Clearing

__all__ = ["Entries"]

_T = TypeVar("_T")

_log = logging.getLogger("surefoot.cache")
# Of those who change the same value at once one gets through each time.
_TRIES: Final = 200
_LONGEST_PAUSE: Final = 0.005


class Entries(Cache):
    """A cache with these verbs besides.

    Attributes:
        shares: Whether its store and its copies are another cache's too, which tells of them.
    """

    shares = False

    def totals(self) -> tuple[CacheTotal, ...]:
        """As ``AsyncCache.totals``."""
        told = super().totals()
        if not self.shares:
            return told
        return (dataclasses.replace(told[-1], evictions=0, entries=None, bytes=None),)

    def has(self, key: str) -> bool:
        """Whether there is a fresh value; it is not decoded."""
        if self._copies.find(key, Any) is not None:
            return True
        try:
            _, move = self._slots.read(key)
        except StoreError:
            self.counts.unanswered += 1
            return False
        return isinstance(move, (Serve, int))

    def compute(self, key: str, function: Call[_T], terms: Terms, tags: Iterable[str] = ()) -> _T:
        """As ``get_or_compute``."""
        return self.obtain(Wanted(key, function, terms, tuple(tags), Any, now()))

    def put(self, values: Mapping[str, Any], terms: Terms, tags: Iterable[str] = ()) -> list[str]:
        """Write these values, in one round trip; the keys of those that are not kept.

        What was there under the key of one that is not kept is gone.

        Raises:
            UncacheableError: One cannot be written; none is.
        """
        try:
            hang_on = self._slots.read_tags(tuple(tags))
            made = {
                key: self._finder.content(key, value, Any, hang_on) for key, value in values.items()
            }
            refused = [key for key, content in made.items() if content is None]
            kept = {key: content for key, content in made.items() if content is not None}
            self._slots.write(kept, terms)
            if refused:
                self._slots.delete(refused, ())
        except StoreError:
            self.counts.unanswered += 1
            # A guarded store remembers what it could not delete.
            with contextlib.suppress(StoreError):
                self._slots.delete(values, ())
            return list(values)
        finally:
            self._copies.drop(values, ())
        return refused

    def add(self, key: str, value: Any, terms: Terms, tags: Iterable[str] = ()) -> bool | None:
        """Write a value where there is none; whether it was, or nothing if the store is away.

        Raises:
            UncacheableError: It cannot be written.
        """
        try:
            hang_on = self._slots.read_tags(tuple(tags))
            content = self._finder.content(key, value, Any, hang_on)
            if content is None:
                return False
            data = b""  # Mostly there is no slot, and this one round trip is all.
            for _ in range(_TRIES):
                made = write(content, terms, now(), draw())
                if self._slots.replace(key, Fill(made.data, made.ttl, data[:HEAD])):
                    self._copies.drop((key,), ())
                    return True
                data, move = self._slots.read(key)
                if isinstance(move, (Serve, int)):
                    return False
        except StoreError:
            self.counts.unanswered += 1
            return None
        return False

    def touch(self, key: str, ttl: float) -> bool:
        """Let a value live for so many seconds from now; whether there is one."""
        try:
            for _ in range(_TRIES):
                data, move = self._slots.read(key)
                if not isinstance(move, Serve):
                    return False
                if self._slots.replace(key, rewrite(data, move.frame, now(), draw(), ttl=ttl)):
                    self._copies.drop((key,), ())
                    return True
        except StoreError:
            self.counts.unanswered += 1
        return False

    def change(self, key: str, change: Callable[[Any], Any]) -> Any:
        """Put in place of a value what a function makes of it; how long it lives stays as it was.

        Args:
            key: Of the value.
            change: Is called again where somebody else was faster.

        Raises:
            KeyError: There is no value, or the store is away.
            UncacheableError: The new value cannot be written.
        """
        try:
            for attempt in range(_TRIES):
                data, move = self._slots.read(key)
                landed = None
                if isinstance(move, Serve):
                    landed = self._finder.read(key, move.frame, Any)
                if not isinstance(move, Serve) or landed is None:
                    raise KeyError(key)
                value = change(landed.value)
                content = self._finder.content(key, value, Any, move.frame.tags)
                if content is None:
                    self._slots.delete([key], ())
                    return value
                made = rewrite(data, move.frame, now(), draw(), content=content)
                if self._slots.replace(key, made):
                    return value
                pause = min(attempt / 1000, _LONGEST_PAUSE)
                sleep(random.uniform(0, pause))  # noqa: S311 - so as not to meet again
        except StoreError:
            self.counts.unanswered += 1
        finally:
            self._copies.drop((key,), ())
        raise KeyError(key)

    def remove(self, keys: Sequence[str]) -> int:
        """Take these away; how many there were, as far as that is known now.

        In a block of ``after_commit`` they go after the commit, and all count.
        """
        pending = pending_of(self)
        if pending is not None:
            pending.add(keys, ())
            return len(keys)
        try:
            return self._slots.delete(keys, ())
        except StoreError:
            self.counts.unanswered += 1
            return 0
        finally:
            self._copies.drop(keys, ())

    def clear(self) -> bool:
        """Take all away, that of others in a Memcached too; whether the store has heard of it.

        If not, it will before it is used again.
        """
        store = self._slots.store
        try:
            if isinstance(store, Clearing):
                store.clear(self.names.prefix)
        except StoreError as error:
            self.counts.unanswered += 1
            _log.warning("not cleared yet: %s", error)
            return False
        finally:
            self._copies.drop_all()
        return True
