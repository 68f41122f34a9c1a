# Made by scripts/unasync.py: edit src/surefoot/cache/_async/cache.py
"""Values kept in a store for as long as they may be used, each computed by one caller."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

from surefoot.cache._sync.cached import Cached, cached_function
from surefoot.cache._sync.colour import Call, Result, store_from_url
from surefoot.cache._sync.commit import AfterCommit
from surefoot.cache._sync.finder import Finder, Landed, Wanted
from surefoot.cache._sync.slots import Slots, now
from surefoot.cache.copies import Copies, local_for
from surefoot.cache.counts import Counts
from surefoot.cache.local import Local
from surefoot.cache.names import Names
from surefoot.cache.pending import pending_of
from surefoot.cache.registry import kept_by, register
from surefoot.cache.values.codec import Codec
from surefoot.core.cache.freshness import Serve, Step, Terms
from surefoot.core.worker import CacheTotal
from surefoot.errors import StoreError
from surefoot.ports import Store
from surefoot.units import parse_duration

__all__ = ["Cache"]

_T = TypeVar("_T")
P = ParamSpec("P")


class Cache:
    """Values under keys, for a limited time, in a store that others may share.

    Args:
        store: Where they lie.
        name: What the keys of this cache begin with in the store.
        codec: How values are written.
        local: Copies in this process of what lies in the store.

    Attributes:
        counts: What this process did with it.
    """

    def __init__(
        self,
        store: Store,
        *,
        name: str,
        codec: Codec | None = None,
        local: Local | None = None,
    ) -> None:
        self.counts = Counts()
        self.local = local
        self.names = Names(name)
        self._slots = Slots(store, self.names)
        self.codec = codec or Codec()
        self._copies = Copies(local, self.names, self.codec, self.counts)
        self._finder = Finder(self._slots, self._copies, self.codec, self.counts)
        register(self)

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        name: str = "cache",
        local: int | str | None = None,
        codec: Codec | None = None,
    ) -> Cache:
        """A cache by the URL of its store.

        Args:
            url: ``memory://``, ``sqlite:///cache.db``, ``redis://127.0.0.1:6379/0``, ``rediss://``,
                ``unix:///run/redis.sock`` or ``memcached://127.0.0.1:11211``, with options of the
                store behind a question mark.
            name: What its keys begin with in the store: letters, digits, ``_``, ``.``, ``-``.
            local: How large copies in this process may become together, ``"16MB"``; none if not
                given. With Redis they are dropped when anybody changes the value, and all of them
                within a second when Redis cannot be heard any more; elsewhere a copy lives for a
                second at most.
            codec: How values are written.

        Raises:
            ConfigError: The URL, the name or a size cannot be used, or a package is missing.
        """
        store = store_from_url(url)
        return cls(store, name=name, codec=codec, local=local_for(url, Names(name), local))

    def get(self, key: str, default: Any = None, *, type: Any = Any) -> Any:  # noqa: A002
        """The value of a key while it is fresh, else ``default``."""
        copy = self._copies.find(key, type)
        if copy is not None:
            return copy.value
        ticket = self._copies.ticket()
        try:
            _, move = self._slots.read(key)
        except StoreError:
            self.counts.unanswered += 1
            return default
        found = self._taken(key, move, type, ticket)
        if found is None:
            self.counts.misses += 1
            return default
        self.counts.hits += 1
        return found.value

    def get_many(self, keys: Iterable[str], *, type: Any = Any) -> dict[str, Any]:  # noqa: A002
        """The fresh values of these keys, in one round trip, or two where values have tags."""
        asked = list(dict.fromkeys(keys))
        values = {key: copy.value for key in asked if (copy := self._copies.find(key, type))}
        wanted = [key for key in asked if key not in values]
        ticket = self._copies.ticket()
        try:
            found = self._slots.look_at_many(wanted) if wanted else []
        except StoreError:
            self.counts.unanswered += 1
            return values
        copied = len(values)
        for key, move in zip(wanted, found, strict=True):
            taken = self._taken(key, move, type, ticket)
            if taken is not None:
                values[key] = taken.value
        self.counts.hits += len(values) - copied
        self.counts.misses += len(asked) - len(values)
        return values

    def _taken(self, key: str, move: Step | int, kind: Any, ticket: int) -> Landed[Any] | None:
        """The value that a slot holds, if it is fresh."""
        if type(move) is Serve:
            landed = self._finder.read(key, move.frame, kind)
            if landed is not None:
                self._copies.keep(key, move.frame, landed.value, kind, ticket)
            return landed
        return Landed(move) if isinstance(move, int) else None

    def set(
        self,
        key: str,
        value: Any,
        *,
        ttl: float | str,
        stale: float | str = 0.0,
        tags: Iterable[str] = (),
        type: Any = Any,  # noqa: A002
    ) -> bool:
        """Write a value; whether it is kept.

        Raises:
            SecretError: Something in it looks like a secret.
            UncacheableError: It cannot be written.
            UnitError: A duration cannot be read.
            ConfigError: A duration is out of range.
        """
        return self.set_many({key: value}, ttl=ttl, stale=stale, tags=tags, type=type)

    def set_many(
        self,
        values: Mapping[str, Any],
        *,
        ttl: float | str,
        stale: float | str = 0.0,
        tags: Iterable[str] = (),
        type: Any = Any,  # noqa: A002
    ) -> bool:
        """Write these values, in one round trip; whether all are kept. Raises as ``set`` does."""
        terms = Terms.of(ttl, stale=stale)
        try:
            hang_on = self._slots.read_tags(tuple(tags))
            contents = {
                key: self._finder.content(key, value, type, hang_on)
                for key, value in values.items()
            }
            kept = {key: content for key, content in contents.items() if content is not None}
            self._slots.write(kept, terms)
        except StoreError:
            self.counts.unanswered += 1
            return False
        finally:
            self._copies.drop(values, ())
        return len(kept) == len(contents)

    def delete(self, *keys: str) -> bool:
        """Take these keys away; whether the store has heard of it."""
        return self.invalidate(keys=keys)

    def invalidate(self, *, keys: Iterable[str] = (), tags: Iterable[str] = ()) -> bool:
        """Take keys away, and every value that hangs on one of these tags.

        What is being computed for them from what was read before now is served to those who asked
        before, and not kept.

        Returns:
            Whether the store has heard of it, or will after a commit. If not, it will as soon as
            it answers again.
        """
        keys, tags = tuple(keys), tuple(tags)
        pending = pending_of(self)
        if pending is not None:
            pending.add(keys, tags)
            return True
        return self.forget(keys, tags)

    def forget(self, keys: Sequence[str], tags: Sequence[str]) -> bool:
        """As ``invalidate``, now, whatever transaction is under way."""
        try:
            self._slots.delete(keys, tags)
        except StoreError:
            self.counts.unanswered += 1
            return False
        finally:
            self._copies.drop(keys, tags)
        return True

    def after_commit(self, session: Any) -> AfterCommit:
        """A block whose invalidations are told when a SQLAlchemy session commits.

        ::

            async with cache.after_commit(session):
                book.title = "A Bridge"
                await cache.invalidate(tags=["book:7"])
                await session.commit()

        The commit may come in the block or after it. What is rolled back is not told.
        ``set`` does not wait: what it writes may be rolled back.

        For threads it may be a database of Django's, too: its alias, ``"default"``, or a
        connection. What is told outside of a transaction is then told at once.

        Raises:
            UsageError: On entering: it is no such session, and no such database.
        """
        return AfterCommit(self, session)

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

    def totals(self) -> tuple[CacheTotal, ...]:
        """What this process did with it, for each tier."""
        name = self.names.name
        tier, kept = kept_by(self._slots.store, name)
        total = dataclasses.replace(self.counts.total(name, tier), **kept)
        return (total,) if self.local is None else (self.local.total(name), total)

    def close(self) -> None:
        """Give connections back, and keep no more copies."""
        self._copies.close()
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
        return self.obtain(Wanted(key, function, terms, tuple(tags), type, now()))

    def cached(
        self,
        *,
        ttl: float | str,
        stale: float | str = 0.0,
        negative_ttl: float | str | None = None,
        tags: Callable[P, Iterable[str]] | Iterable[str] = (),
        key: Callable[P, object] | None = None,
        name: str | None = None,
    ) -> Callable[[Callable[P, Result[_T]]], Cached[P, _T]]:
        """Keep the results of a function or method, by its arguments.

        All else is as with ``get_or_compute``. A result is read back as what the function says it
        returns. What nobody can change (text, numbers, tuples and frozen dataclasses of them) may
        be shared by callers; of anything else each gets an object of its own.

        Args:
            ttl: As there, and so ``stale`` and ``negative_ttl``.
            stale: As there.
            negative_ttl: As there.
            tags: What results hang on; or a function of the same arguments that tells.
            key: A function of the same arguments that tells them apart, in place of the arguments
                themselves. A method needs one, or a ``__cache_key__`` of its object.
            name: In place of the function's own.

        Raises:
            UnitError: A duration cannot be read.
            ConfigError: A duration is out of range.
            CacheKeyError: The function has no name of its own.
            TypeError: It is not of the cache's colour.
        """
        terms = Terms.of(ttl, stale=stale, negative_ttl=negative_ttl)

        def decorate(function: Callable[P, Result[_T]]) -> Cached[P, _T]:
            return cached_function(self, function, terms, tags, key, name)

        return decorate

    def obtain(self, wanted: Wanted[_T]) -> _T:
        """What ``get_or_compute`` and ``cached`` do."""
        copy = self._copies.find(wanted.key, wanted.type)
        if copy is not None:
            found: _T = copy.value
            return found
        return self._finder.obtain(wanted)
