"""What is to be forgotten when a transaction has been committed, and not before.

Before the commit a reader would compute the old value again and put it back; after it the claim
that the reader holds is gone with the slot.
"""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Iterable
from typing import Any, Final, Protocol

from surefoot.errors import UsageError

__all__ = ["Follower", "Pending", "follow", "pending_of"]

_FOLLOWERS: Final = "surefoot.cache"


class Pending:
    """Keys and tags of one cache."""

    def __init__(self, cache: object) -> None:
        self.cache = cache
        self._lock = threading.Lock()
        self._keys: dict[str, None] = {}
        self._tags: dict[str, None] = {}

    def __bool__(self) -> bool:
        return bool(self._keys or self._tags)

    def add(self, keys: Iterable[str], tags: Iterable[str]) -> None:
        """To be forgotten, too."""
        with self._lock:
            self._keys |= dict.fromkeys(keys)
            self._tags |= dict.fromkeys(tags)

    def take(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """All of them, once."""
        with self._lock:
            found = tuple(self._keys), tuple(self._tags)
            self._keys, self._tags = {}, {}
        return found


current: contextvars.ContextVar[tuple[Pending, ...]] = contextvars.ContextVar(
    "surefoot_pending", default=()
)
"""Those of the blocks that this thread or task is in, the innermost last."""


def pending_of(cache: object) -> Pending | None:
    """Where an invalidation of this cache has to wait, if it has to."""
    return next((each for each in reversed(current.get()) if each.cache is cache), None)


class Follower(Protocol):
    """Is told how a transaction ended."""

    def committed(self) -> None:
        """It was committed."""

    def rolled_back(self) -> None:
        """It was not."""

    @property
    def done(self) -> bool:
        """Whether nothing more is to be told."""


def follow(session: Any, follower: Follower) -> None:
    """Tell how the transactions of a SQLAlchemy session end; savepoints are none.

    Args:
        session: A ``Session``, an ``AsyncSession`` or a ``scoped_session`` of either.
        follower: Is told.

    Raises:
        UsageError: It is something else.
    """
    session = _plain(session)
    followers: list[Follower] | None = session.info.get(_FOLLOWERS)
    if followers is None:
        followers = session.info[_FOLLOWERS] = []
        _listen(session, followers)
    followers.append(follower)


def _plain(session: Any) -> Any:
    try:
        from sqlalchemy.orm import Session, scoped_session  # noqa: PLC0415 - the application's
    except ImportError:
        raise UsageError(
            "after_commit follows SQLAlchemy's sessions, and there is no SQLAlchemy"
        ) from None
    # Not imported for this: without greenlet, which 2.1 does not bring, it cannot be.
    loops = sys.modules.get("sqlalchemy.ext.asyncio")
    if isinstance(session, scoped_session) or (
        loops is not None and isinstance(session, loops.async_scoped_session)
    ):
        session = session()
    if loops is not None and isinstance(session, loops.AsyncSession):
        session = session.sync_session
    if not isinstance(session, Session):
        raise UsageError(
            f"{type(session).__name__} is no session of SQLAlchemy",
            do="give the session that commits; elsewhere call invalidate after the commit",
        )
    return session


def _listen(session: Any, followers: list[Follower]) -> None:
    from sqlalchemy import event  # noqa: PLC0415 - the application's

    # One listener for a session's whole life: SQLAlchemy lets none go while it is being told.
    def ended(how: str) -> None:
        for follower in list(followers):
            getattr(follower, how)()
        followers[:] = [each for each in followers if not each.done]

    def after_commit(_session: Any) -> None:
        if not session.in_nested_transaction():
            ended("committed")

    def after_rollback(_session: Any) -> None:
        ended("rolled_back")

    event.listen(session, "after_commit", after_commit)
    event.listen(session, "after_rollback", after_rollback)
