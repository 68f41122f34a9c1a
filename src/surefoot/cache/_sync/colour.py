"""What differs between threads and event loops, under the same names."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from time import sleep
from typing import Any, TypeAlias, TypeVar

from surefoot.stores.urls import from_url as store_from_url

__all__ = ["Call", "Result", "check_colour", "sleep", "store_from_url"]

_T = TypeVar("_T")

Call = Callable[[], _T]
"""A function of no arguments."""

Result: TypeAlias = _T
"""What a function returns to who calls it."""


def check_colour(function: Callable[..., Any]) -> None:
    """A cache for threads keeps results of plain functions.

    Raises:
        TypeError: It is a coroutine function, whose result is a coroutine.
    """
    if inspect.iscoroutinefunction(inspect.unwrap(function)):
        raise TypeError(f"{function!r} is a coroutine function: keep its results in an AsyncCache")
