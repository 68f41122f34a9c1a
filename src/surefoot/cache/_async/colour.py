"""What differs between event loops and threads, under the same names."""

from __future__ import annotations

import inspect
from asyncio import sleep
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from surefoot.stores.urls import async_from_url as store_from_url

__all__ = ["Call", "Result", "check_colour", "sleep", "store_from_url"]

_T = TypeVar("_T")

Call = Callable[[], Awaitable[_T]]
"""A function of no arguments that is awaited."""

Result = Awaitable[_T]
"""What a coroutine function returns to who calls it."""


def check_colour(function: Callable[..., Any]) -> None:
    """A cache for event loops keeps results of coroutine functions.

    Raises:
        TypeError: It is none.
    """
    if not inspect.iscoroutinefunction(inspect.unwrap(function)):
        raise TypeError(f"{function!r} is no coroutine function: keep its results in a Cache")
