"""What differs between waiting in a thread and waiting in an event loop, under the same names."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep
from typing import Any, TypeVar

__all__ = ["finish", "sleep"]

_Answer = TypeVar("_Answer")


def finish(work: Callable[..., _Answer], *arguments: Any) -> _Answer:
    """What ``work`` returns: nobody cancels a thread."""
    return work(*arguments)
