"""A block whose invalidations wait for a commit, for event loops."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from surefoot.cache.pending import Pending, current, follow
from surefoot.errors import UsageError

if TYPE_CHECKING:
    from surefoot.cache._async.cache import AsyncCache

__all__ = ["AsyncAfterCommit"]


class AsyncAfterCommit:
    """See ``AsyncCache.after_commit``."""

    def __init__(self, cache: AsyncCache, session: Any) -> None:
        self._cache = cache
        self._session = session
        self._pending = Pending(cache)
        self._forgetting: set[asyncio.Task[bool]] = set()
        self._left = False

    @property
    def done(self) -> bool:
        """As ``Follower.done``: the block is left, and nothing waits."""
        return self._left and not self._pending

    async def __aenter__(self) -> Self:
        if isinstance(self._session, str) or hasattr(self._session, "on_commit"):
            raise UsageError(
                "Django's transactions run in threads, and so do invalidations that wait for them",
                do="use Cache.after_commit in the function that sync_to_async runs",
            )
        follow(self._session, self)
        self._before = current.set((*current.get(), self._pending))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        current.reset(self._before)
        self._left = True
        if self._forgetting:
            await asyncio.wait(self._forgetting)

    def committed(self) -> None:
        """As ``Follower.committed``. SQLAlchemy tells it where nothing can be awaited."""
        keys, tags = self._pending.take()
        if keys or tags:
            task = asyncio.get_running_loop().create_task(self._cache.forget(keys, tags))
            self._forgetting.add(task)
            task.add_done_callback(self._forgetting.discard)

    def rolled_back(self) -> None:
        """As ``Follower.rolled_back``: nothing has changed."""
        self._pending.take()
