"""The engines of SQLAlchemy that the application makes, to ask with them what it would ask."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any, Final, TypeVar

from surefoot.health import loops

__all__ = ["ask", "known", "watch"]

_MODULE: Final = "sqlalchemy.engine.base"
_T = TypeVar("_T")
_engines: Final[weakref.WeakSet[Any]] = weakref.WeakSet()


@functools.cache
def watch() -> None:
    """Know every engine that is made from now on, as long as it is there."""
    # Late: only where a check needs it.
    from surefoot.telemetry.imports import ImportWatch  # noqa: PLC0415

    ImportWatch({_MODULE: _watching}).install()


def _watching(module: ModuleType) -> None:
    engine: Any = module.__dict__["Engine"]
    made = engine.__init__

    @functools.wraps(made)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        made(self, *args, **kwargs)
        _engines.add(self)

    engine.__init__ = __init__


def known() -> list[Any]:
    """The engines there are, one of each URL."""
    return list({engine.url: engine for engine in list(_engines)}.values())


def ask(engine: Any, question: Callable[[Any], _T], timeout: float) -> _T:
    """Ask a question on a connection of the engine's pool, in the way that engine is used.

    Args:
        engine: A plain one, or the one inside an ``AsyncEngine``.
        question: Is given a connection of SQLAlchemy's.
        timeout: Seconds, where the question is passed on to an event loop.

    Raises:
        Exception: Whatever the driver says.
    """
    if not engine.dialect.is_async:
        with engine.connect() as connection:
            return question(connection)

    async def asked() -> _T:
        # Late: the application has imported it.
        from sqlalchemy.ext.asyncio import AsyncEngine  # noqa: PLC0415

        async with AsyncEngine(engine).connect() as connection:
            answer: _T = await connection.run_sync(question)
            return answer

    # Its pool holds connections of the loop that serves, and of no other.
    return loops.ask(asked(), timeout)
