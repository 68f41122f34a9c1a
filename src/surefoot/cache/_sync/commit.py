"""A block whose invalidations wait for a commit, for threads."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from surefoot.cache.pending import Pending, current, follow
from surefoot.cache.transactions import DjangoPending, django_database

if TYPE_CHECKING:
    from surefoot.cache._sync.cache import Cache

__all__ = ["AfterCommit"]


class AfterCommit:
    """See ``Cache.after_commit``."""

    def __init__(self, cache: Cache, session: Any) -> None:
        self._cache = cache
        self._session = session
        self._pending = Pending(cache)
        self._left = False

    @property
    def done(self) -> bool:
        """As ``Follower.done``: the block is left, and nothing waits."""
        return self._left and not self._pending

    def __enter__(self) -> Self:
        connection = django_database(self._session)
        if connection is None:
            follow(self._session, self)
        else:
            self._pending = DjangoPending(self._cache, connection, self._cache.forget)
        self._before = current.set((*current.get(), self._pending))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        current.reset(self._before)
        self._left = True

    def committed(self) -> None:
        """As ``Follower.committed``."""
        keys, tags = self._pending.take()
        if keys or tags:
            self._cache.forget(keys, tags)

    def rolled_back(self) -> None:
        """As ``Follower.rolled_back``: nothing has changed."""
        self._pending.take()
