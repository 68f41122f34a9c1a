"""What differs between threads and event loops, under the same names."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep
from typing import TypeVar

__all__ = ["Call", "sleep"]

_T = TypeVar("_T")

Call = Callable[[], _T]
"""A function of no arguments."""
