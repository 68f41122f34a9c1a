"""What differs between event loops and threads, under the same names."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Awaitable, Callable
from typing import TypeVar

__all__ = ["Call", "sleep"]

_T = TypeVar("_T")

Call = Callable[[], Awaitable[_T]]
"""A function of no arguments that is awaited."""
