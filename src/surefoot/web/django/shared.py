"""One cache for all of a process, however many backends Django makes of its settings.

Django makes a backend for every thread, and under ASGI for every request.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings

from surefoot.cache._sync.entries import Entries
from surefoot.cache.copies import local_for
from surefoot.cache.names import Names
from surefoot.errors import ConfigError
from surefoot.ports import AsyncStore, Store
from surefoot.stores.urls import async_from_url, from_url
from surefoot.web.django.codec import DjangoCodec
from surefoot.web.django.options import Options, pickle_key, read_options

if TYPE_CHECKING:
    from surefoot.web.django.loops import Loops

__all__ = ["Shared", "close_all", "shared"]


class Shared:
    """What the backends of one ``LOCATION`` and the same ``OPTIONS`` have in common.

    Args:
        url: Of the store.
        options: As they were read.

    Attributes:
        threads: The cache for threads.

    Raises:
        ConfigError: The URL or an option cannot be used, or a package is missing.
    """

    def __init__(self, url: str, options: Options) -> None:
        self.options = options
        self._url = url
        self._scheme = url.partition("://")[0]
        self._codec = DjangoCodec(
            max_bytes=options.max_bytes,
            compress_above=options.compress_above,
            pickle_key=pickle_key(options, settings.SECRET_KEY if options.pickle else b""),
            allow_secrets=options.allow_secrets,
        )
        names = Names(options.name)
        # A copy of what lies in the same memory would be a copy for nothing.
        in_memory = self._scheme == "memory"
        self._local = None if in_memory else local_for(url, names, options.local)
        self._store = from_url(url)
        if self._scheme == "memory":
            self._store = _memories.setdefault(url, self._store)
        self.threads = Entries(self._store, name=options.name, codec=self._codec, local=self._local)

    @functools.cached_property
    def loops(self) -> Loops:
        """The cache for event loops."""
        from surefoot.cache._async.entries import AsyncEntries  # noqa: PLC0415 - where there is one
        from surefoot.web.django.loops import Loops  # noqa: PLC0415

        store = self._async_store()
        cache = AsyncEntries(store, name=self.options.name, codec=self._codec, local=self._local)
        cache.shares = True
        return Loops(cache, store)

    def _async_store(self) -> AsyncStore:
        if self._scheme == "memory":
            from surefoot.stores.inline import AsyncInline  # noqa: PLC0415

            return AsyncInline(self._store)
        if self._scheme == "memcached":
            from surefoot.web.django.loops import AsyncInThreads  # noqa: PLC0415

            return AsyncInThreads(self._store)
        return async_from_url(self._url)

    def close(self) -> None:
        """Give connections of threads back, and keep no more copies."""
        self.threads.close()


_shared: dict[tuple[str, Options], Shared] = {}


# Aliases of one URL share one memory, as they would share a server.
_memories: dict[str, Store] = {}


def shared(location: object, given: Mapping[str, Any]) -> Shared:
    """The one for these settings.

    Raises:
        ConfigError: They cannot be used.
        UnitError: A size or a duration in them cannot be read.
    """
    if not isinstance(location, str):
        raise ConfigError(
            "LOCATION is one URL",
            do='several Memcached servers are one, too: "memcached://a:11211,b:11211"',
        )
    place = location, read_options(given)
    found = _shared.get(place)
    # Two threads may make one each at once; one of them is used by all.
    return found if found is not None else _shared.setdefault(place, Shared(*place))


def close_all() -> None:
    """Forget every cache of this process and close its connections: between tests, and at the end.

    Those of event loops are closed as the loops end.
    """
    while _shared:
        _shared.popitem()[1].close()
    _memories.clear()
