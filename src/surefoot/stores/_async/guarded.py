"""A store that may fail, for requests that may not."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NoReturn

from surefoot.core.breaker import CLOSED, Position
from surefoot.core.cache.family import beginnings, family
from surefoot.errors import StoreError, StoreRefusedError, SurefootError
from surefoot.ports import AsyncClearing, AsyncStore
from surefoot.stores._async.colour import finish
from surefoot.stores._async.trials import AsyncTrials
from surefoot.stores.forked import tell_when_forked

__all__ = ["AsyncGuarded"]

_clock = time.monotonic
_log = logging.getLogger("surefoot.cache")

_TRIAL: Final = "surefoot trial"
_AT_ONCE: Final = 500


class AsyncGuarded(AsyncStore):
    """Asks a store until a call fails, and then not again before a trial has gone well.

    Who calls meanwhile gets a ``StoreError`` at once, in a few microseconds; trials are made beside
    the requests. A refusal (``StoreRefusedError``) is an answer, and opens nothing.

    What could not be deleted or overwritten is remembered, and deleted before the store is used
    again: an invalidation that met a dead server is late, not lost. Where that are more keys than
    can be remembered, everything of their caches is deleted instead. What was to be written is not
    kept: a cache can do without. A write that is refused deletes what it was to replace.

    Args:
        store: What is asked.
        remember: How many keys are remembered at most.

    Attributes:
        lost: How many keys could neither be remembered nor be deleted with all of their cache:
            those that are no cache's, or lie in a store that cannot list what it holds. As long as
            it does not grow, nothing that was deleted comes back; how many were lost is logged
            when the store is used again.
    """

    def __init__(self, store: AsyncStore, *, remember: int = 10_000) -> None:
        self.store = store
        self.lost = 0
        self._told = 0
        self._remember = remember
        # What is others' in a store is not to go because of ours.
        self._can_clear = isinstance(store, AsyncClearing) and not hasattr(store, "clears_all")
        self._breaker = CLOSED
        self._closed = True
        self._owed: dict[str, None] = {}
        self._uncleared: dict[str, None] = {}
        self._lock = threading.Lock()
        self._trials = AsyncTrials(self._pause, self._try)
        tell_when_forked(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.state.value} {self.store!r}>"

    @property
    def state(self) -> Position:
        """How the breaker stands."""
        return self._breaker.position

    @property
    def opened(self) -> int:
        """How often the breaker has opened."""
        return self._breaker.opened

    async def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """As ``Store.get``."""
        if not self._closed:
            self._refuse()
        try:
            return await self.store.get(keys)
        except (SurefootError, OSError) as error:
            raise self._failed(error) from error

    async def put(self, slots: Mapping[str, bytes], ttl: float) -> None:
        """As ``Store.put``."""
        if not self._closed:
            self._refuse(slots)
        # A request that is cancelled now would leave the old slots for as long as they live.
        await finish(self._put, slots, ttl)

    async def swap(self, key: str, expect: bytes, data: bytes, ttl: float) -> bool:
        """As ``Store.swap``."""
        if not self._closed:
            self._refuse()
        try:
            return await self.store.swap(key, expect, data, ttl)
        except (SurefootError, OSError) as error:
            raise self._failed(error) from error

    async def patch(self, key: str, expect: bytes, head: bytes) -> bool:
        """As ``Store.patch``."""
        if not self._closed:
            self._refuse()
        try:
            return await self.store.patch(key, expect, head)
        except (SurefootError, OSError) as error:
            raise self._failed(error) from error

    async def delete(self, keys: Sequence[str]) -> int:
        """As ``Store.delete``."""
        if not self._closed:
            self._refuse(keys)
        return await finish(self._delete, keys)

    async def incr(self, key: str, by: int, ttl: float) -> int:
        """As ``Store.incr``."""
        if not self._closed:
            self._refuse()
        try:
            return await self.store.incr(key, by, ttl)
        except (SurefootError, OSError) as error:
            raise self._failed(error) from error

    async def clear(self, prefix: str) -> None:
        """As ``Clearing.clear``; one that fails is done before the store is used again."""
        if not isinstance(self.store, AsyncClearing):
            raise StoreRefusedError("this store cannot be emptied")
        if not self._closed:
            self._uncleared[prefix] = None
            self._refuse()
        try:
            await self.store.clear(prefix)
        except StoreRefusedError:
            raise
        except (SurefootError, OSError) as error:
            self._uncleared[prefix] = None
            raise self._failed(error) from error

    async def close(self) -> None:
        """As ``Store.close``; trials end, and what was to be made good waits for the next call."""
        await self._trials.stop()
        await self.store.close()

    def in_child(self) -> None:
        """After a fork: the parent's thread, or loop, is not here."""
        self._lock = threading.Lock()
        self._trials.abandon()
        with self._lock:
            if self._breaker.position is Position.TRYING:
                self._breaker = self._breaker.tried(_clock(), well=False)

    async def _put(self, slots: Mapping[str, bytes], ttl: float) -> None:
        try:
            await self.store.put(slots, ttl)
        except StoreRefusedError:
            await self._delete(list(slots))
            raise
        except (SurefootError, OSError) as error:
            raise self._failed(error, slots) from error

    async def _delete(self, keys: Sequence[str]) -> int:
        try:
            return await self.store.delete(keys)
        except (SurefootError, OSError) as error:
            raise self._failed(error, keys) from error

    def _refuse(self, owed: Iterable[str] = ()) -> NoReturn:
        with self._lock:
            self._owe(owed)
        self._trials.ensure()
        raise StoreError("the store is left alone until it answers again")

    def _failed(self, error: Exception, owed: Iterable[str] = ()) -> StoreError:
        if isinstance(error, StoreRefusedError) and not owed:
            return error
        with self._lock:
            self._owe(owed)
            self._breaker = self._breaker.failed(_clock())
            self._closed = False
        self._trials.ensure()
        return error if isinstance(error, StoreError) else StoreError(str(error))

    def _owe(self, keys: Iterable[str]) -> None:
        for key in keys:
            if key in self._owed or len(self._owed) < self._remember:
                self._owed[key] = None
            elif self._can_clear and (name := family(key)):
                self._uncleared |= dict.fromkeys(beginnings(name))
            else:
                self.lost += 1

    def _pause(self) -> float:
        return max(0.0, self._breaker.due - _clock())

    async def _try(self) -> bool:
        with self._lock:
            if self._closed:
                return True
            self._breaker = self._breaker.trying()
        try:
            await self.store.get([_TRIAL])
            await self._clear_uncleared()
            while owed := self._owed_or_closed():
                await self._make_good(owed)
        except (SurefootError, OSError):
            return False
        finally:
            with self._lock:
                if not self._closed:
                    self._breaker = self._breaker.tried(_clock(), well=False)
        return self._closed

    def _owed_or_closed(self) -> list[str]:
        # Both in one step: nobody may begin to owe between the last look and closing.
        with self._lock:
            owed = list(itertools.islice(self._owed, _AT_ONCE))
            for key in owed:
                del self._owed[key]
            if not owed and not self._uncleared:
                self._breaker = self._breaker.tried(_clock(), well=True)
                self._closed = True
        if self._closed:
            self._tell_lost()
        return owed

    def _tell_lost(self) -> None:
        lost, self._told = self.lost - self._told, self.lost
        if lost:
            _log.warning(
                "%r was away, and %d keys that were to be deleted are more than could be "
                "remembered: unless it was started anew, it serves what it has of them until "
                "their time is up; empty it if that is too long",
                self.store,
                lost,
            )

    async def _clear_uncleared(self) -> None:
        for prefix in list(self._uncleared):
            # First: what is added while the store is cleared is to be cleared again.
            del self._uncleared[prefix]
            try:
                if isinstance(self.store, AsyncClearing):
                    await self.store.clear(prefix)
            except BaseException:
                self._uncleared[prefix] = None
                raise

    async def _make_good(self, keys: list[str]) -> None:
        try:
            await self.store.delete(keys)
        except BaseException:
            with self._lock:
                self._owe(keys)
            raise
