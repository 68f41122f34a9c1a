"""What differs between waiting in an event loop and waiting in a thread, under the same names."""

from __future__ import annotations

import asyncio
from asyncio import sleep
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

__all__ = ["finish", "sleep"]

_Answer = TypeVar("_Answer")


async def finish(work: Callable[..., Awaitable[_Answer]], *arguments: Any) -> _Answer:
    """What ``work`` returns; it goes on to its end if the caller is cancelled meanwhile."""
    return await asyncio.shield(work(*arguments))
