"""The event loop that serves, for threads that need something of it."""

from __future__ import annotations

import contextlib
from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    import asyncio

__all__ = ["ask", "serving"]

_T = TypeVar("_T")
_loops: Final[list[Any]] = []


def serving(loop: asyncio.AbstractEventLoop) -> None:
    """This one serves."""
    if loop not in _loops:
        _loops[:] = [loop]


def ask(question: Coroutine[Any, Any, _T], timeout: float) -> _T:
    """What a coroutine returns in the loop that serves; cancelled when its time is up.

    Raises:
        RuntimeError: No loop serves.
        TimeoutError: It took longer.
        Exception: Whatever it raises.
    """
    with _closed_unless_begun(question):
        if not _loops:
            raise RuntimeError("no event loop serves")
        # Late: who has a loop has it.
        import asyncio  # noqa: PLC0415

        found = asyncio.run_coroutine_threadsafe(question, _loops[0])
    try:
        return found.result(timeout)
    except TimeoutError:
        found.cancel()
        raise


@contextlib.contextmanager
def _closed_unless_begun(question: Coroutine[Any, Any, Any]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        question.close()
        raise
