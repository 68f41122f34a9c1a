"""The backend for Django's ``CACHES``."""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from django.core.cache.backends.base import (
    DEFAULT_TIMEOUT,
    MEMCACHE_MAX_KEY_LENGTH,
    BaseCache,
)

from surefoot.core.cache.freshness import Terms
from surefoot.stores.slots import LONGEST
from surefoot.web.django.codec import SESSIONS
from surefoot.web.django.shared import shared

if TYPE_CHECKING:
    from surefoot.cache._sync.commit import AfterCommit

__all__ = ["Cache"]

_SHORTEST: Final = 0.001
# As Django's memcached_error_chars_re.
_ODD: Final = re.compile(r"[\x00-\x20\x7f]").search


class Cache(BaseCache):  # type: ignore[misc]
    """Django's cache API on a store of Surefoot, for threads and for event loops.

    Beside what Django promises, ``get_or_set`` computes once for all who ask, in all processes;
    values may hang on tags; and invalidations may wait for a commit. A store that is away is an
    empty cache: nothing raises for it.

    Args:
        location: The URL of the store.
        params: The alias's settings.

    Raises:
        ConfigError: ``LOCATION`` or ``OPTIONS`` cannot be used, or a package is missing.
    """

    def __init__(self, location: object, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._shared = shared(location, params.get("OPTIONS") or {})
        self._threads = self._shared.threads
        self._stale = self._shared.options.stale
        self._validates = type(self).validate_key is not BaseCache.validate_key

    # --- Threads ----------------------------------------------------------------------------------

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, or ``default``."""
        return self._threads.get(self.make_and_validate_key(key, version=version), default)

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """Those of these keys that there are values for, in one round trip."""
        names = self._names(keys, version)
        found = self._threads.get_many(names)
        return {names[name]: value for name, value in found.items()}

    def has_key(self, key: Any, version: int | None = None) -> bool:
        """Whether there is a value."""
        return self._threads.has(self.make_and_validate_key(key, version=version))

    def set(
        self,
        key: Any,
        value: Any,
        timeout: Any = DEFAULT_TIMEOUT,
        version: int | None = None,
        *,
        tags: Iterable[str] = (),
    ) -> None:
        """Write a value, which hangs on these tags."""
        self.set_many({key: value}, timeout, version, tags=tags)

    def set_many(
        self,
        data: Mapping[Any, Any],
        timeout: Any = DEFAULT_TIMEOUT,
        version: int | None = None,
        *,
        tags: Iterable[str] = (),
    ) -> list[Any]:
        """Write these values, in one round trip; the keys of those that are not kept."""
        names, seconds = self._names(data, version), self._seconds(timeout)
        if not seconds:
            self._threads.remove(list(names))
            return []
        values = {name: data[key] for name, key in names.items()}
        failed = self._threads.put(values, _terms(seconds), self._tags(tags))
        return [names[name] for name in failed]

    def add(
        self,
        key: Any,
        value: Any,
        timeout: Any = DEFAULT_TIMEOUT,
        version: int | None = None,
        *,
        tags: Iterable[str] = (),
    ) -> bool:
        """Write a value where there is none; whether it was."""
        name = self.make_and_validate_key(key, version=version)
        seconds = self._seconds(timeout)
        if not seconds:
            return not self._threads.has(name)
        return _added(key, self._threads.add(name, value, _terms(seconds), self._tags(tags)))

    def get_or_set(
        self,
        key: Any,
        default: Any,
        timeout: Any = DEFAULT_TIMEOUT,
        version: int | None = None,
        *,
        tags: Iterable[str] = (),
    ) -> Any:
        """The value; where there is none, ``default``, or what it returns, which is then kept.

        Of all who ask at once, in all processes that share the store, one calls ``default``.
        """
        name = self.make_and_validate_key(key, version=version)
        function = default if callable(default) else functools.partial(_same, default)
        seconds = self._seconds(timeout)
        if not seconds:
            found = self._threads.get(name, self._missing_key)
            return function() if found is self._missing_key else found
        terms = _terms(seconds, self._stale)
        return self._threads.compute(name, function, terms, self._tags(tags))

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Let a value live for that long from now; whether there is one."""
        name = self.make_and_validate_key(key, version=version)
        seconds = self._seconds(timeout)
        return self._threads.touch(name, seconds) if seconds else self._threads.remove([name]) > 0

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> Any:
        """Add to a value; how long it lives stays as it was.

        Raises:
            ValueError: There is none, or the store is away.
        """
        name = self.make_and_validate_key(key, version=version)
        try:
            return self._threads.change(name, lambda value: value + delta)
        except KeyError:
            raise ValueError(f"Key {key!r} not found") from None

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Take a value away; whether there was one."""
        return self._threads.remove([self.make_and_validate_key(key, version=version)]) > 0

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        """Take these away, in one round trip."""
        self._threads.remove(list(self._names(keys, version)))

    def clear(self) -> bool:
        """Take everything away; whether the store has heard of it, as it will later if not."""
        return self._threads.clear()

    def invalidate(
        self, *, keys: Iterable[Any] = (), tags: Iterable[str] = (), version: int | None = None
    ) -> bool:
        """Take keys away, and every value that hangs on one of these tags."""
        names = self._names(keys, version)
        return self._threads.invalidate(keys=names, tags=self._tags(tags))

    def after_commit(self, database: Any = "default") -> AfterCommit:
        """A block whose ``delete``, ``delete_many`` and ``invalidate`` wait for a commit.

        Args:
            database: An alias of ``DATABASES``, or a connection.
        """
        return self._threads.after_commit(database)

    def close(self, **_: Any) -> None:
        """Django calls it after every request; connections are kept for the next."""

    # --- Event loops ------------------------------------------------------------------------------

    async def aget(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """As ``get``."""
        name = self.make_and_validate_key(key, version=version)
        return await (await self._shared.loops.here()).get(name, default)

    async def aget_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        """As ``get_many``."""
        names = self._names(keys, version)
        found = await (await self._shared.loops.here()).get_many(names)
        return {names[name]: value for name, value in found.items()}

    async def ahas_key(self, key: Any, version: int | None = None) -> bool:
        """As ``has_key``."""
        name = self.make_and_validate_key(key, version=version)
        return await (await self._shared.loops.here()).has(name)

    async def aset(
        self,
        key: Any,
        value: Any,
        timeout: Any = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - Django's word
        version: int | None = None,
        *,
        tags: Iterable[str] = (),
    ) -> None:
        """As ``set``."""
        await self.aset_many({key: value}, timeout, version, tags=tags)

    async def aset_many(
        self,
        data: Mapping[Any, Any],
        timeout: Any = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - Django's word
        version: int | None = None,
        *,
        tags: Iterable[str] = (),
    ) -> list[Any]:
        """As ``set_many``."""
        names, seconds = self._names(data, version), self._seconds(timeout)
        cache = await self._shared.loops.here()
        if not seconds:
            await cache.remove(list(names))
            return []
        values = {name: data[key] for name, key in names.items()}
        failed = await cache.put(values, _terms(seconds), self._tags(tags))
        return [names[name] for name in failed]

    async def aadd(
        self,
        key: Any,
        value: Any,
        timeout: Any = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - Django's word
        version: int | None = None,
        *,
        tags: Iterable[str] = (),
    ) -> bool:
        """As ``add``."""
        name = self.make_and_validate_key(key, version=version)
        seconds = self._seconds(timeout)
        cache = await self._shared.loops.here()
        if not seconds:
            return not await cache.has(name)
        return _added(key, await cache.add(name, value, _terms(seconds), self._tags(tags)))

    async def aget_or_set(
        self,
        key: Any,
        default: Any,
        timeout: Any = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - Django's word
        version: int | None = None,
        *,
        tags: Iterable[str] = (),
    ) -> Any:
        """As ``get_or_set``; ``default`` may be a coroutine function, too."""
        name = self.make_and_validate_key(key, version=version)
        function = _awaited(default)
        seconds = self._seconds(timeout)
        cache = await self._shared.loops.here()
        if not seconds:
            found = await cache.get(name, self._missing_key)
            return await function() if found is self._missing_key else found
        terms = _terms(seconds, self._stale)
        return await cache.compute(name, function, terms, self._tags(tags))

    async def atouch(
        self,
        key: Any,
        timeout: Any = DEFAULT_TIMEOUT,  # noqa: ASYNC109 - Django's word
        version: int | None = None,
    ) -> bool:
        """As ``touch``."""
        name = self.make_and_validate_key(key, version=version)
        seconds = self._seconds(timeout)
        cache = await self._shared.loops.here()
        return await cache.touch(name, seconds) if seconds else await cache.remove([name]) > 0

    async def aincr(self, key: Any, delta: int = 1, version: int | None = None) -> Any:
        """As ``incr``."""
        name = self.make_and_validate_key(key, version=version)
        try:
            cache = await self._shared.loops.here()
            return await cache.change(name, lambda value: value + delta)
        except KeyError:
            raise ValueError(f"Key {key!r} not found") from None

    async def adelete(self, key: Any, version: int | None = None) -> bool:
        """As ``delete``."""
        name = self.make_and_validate_key(key, version=version)
        return await (await self._shared.loops.here()).remove([name]) > 0

    async def adelete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        """As ``delete_many``."""
        names = list(self._names(keys, version))
        await (await self._shared.loops.here()).remove(names)

    async def aclear(self) -> bool:
        """As ``clear``."""
        return await (await self._shared.loops.here()).clear()

    async def ainvalidate(
        self, *, keys: Iterable[Any] = (), tags: Iterable[str] = (), version: int | None = None
    ) -> bool:
        """As ``invalidate``."""
        names, tags = self._names(keys, version), self._tags(tags)
        return await (await self._shared.loops.here()).invalidate(keys=names, tags=tags)

    async def aclose(self, **_: Any) -> None:
        """As ``close``."""

    # --- Both -------------------------------------------------------------------------------------

    def make_and_validate_key(self, key: Any, version: int | None = None) -> str:
        """The key's name in the store; warns of one that Memcached would not take."""
        name: str = self.make_key(key, version)
        # What Django does, less a generator for each key: 0.7 us instead of 2.
        if self._validates or len(name) > MEMCACHE_MAX_KEY_LENGTH or _ODD(name):
            self.validate_key(name)
        return name

    def _names(self, keys: Iterable[Any], version: int | None) -> dict[str, Any]:
        """The user's keys by what they are called in the store."""
        return {self.make_and_validate_key(key, version=version): key for key in keys}

    def _tags(self, tags: Iterable[str]) -> tuple[str, ...]:
        if not self.key_prefix:
            return tuple(tags)
        return tuple(f"{self.key_prefix}:{tag}" for tag in tags)

    def _seconds(self, timeout: Any) -> float:
        """For how long a value lives; nothing if it has ended already."""
        if timeout is DEFAULT_TIMEOUT:
            timeout = self.default_timeout
        if timeout is None:
            return LONGEST
        return min(max(float(timeout), _SHORTEST), LONGEST) if timeout > 0 else 0.0


@functools.lru_cache(256)
def _terms(seconds: float, stale: float = 0.0) -> Terms:
    # Whoever gives a session two weeks does not mean thirteen days: no jitter.
    return Terms(seconds, stale=min(stale, LONGEST), jitter=0.0)


def _added(key: Any, added: bool | None) -> bool:  # noqa: FBT001 - an answer
    """What ``add`` says where the store is away: that somebody was faster, as a lock would have it.

    But a session that is not kept is lost, and one that cannot be made is an error: ``create`` of
    Django's session store would try 10,000 keys and then raise.
    """
    return str(key).startswith(SESSIONS) if added is None else added


def _same(value: Any) -> Any:
    return value


def _awaited(default: Any) -> Callable[[], Awaitable[Any]]:
    """A coroutine function for a value, or for a function of either colour."""
    if not callable(default):
        default = functools.partial(_same, default)

    # Under its name the cache remembers how long it takes.
    @functools.wraps(default)
    async def compute() -> Any:
        value = default()
        return await value if inspect.isawaitable(value) else value

    return compute
