"""What the contestants of these benchmarks have in common: the value, and whether they are here."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

__all__ = ["PAGE", "apage", "installed", "on_one_core", "page"]

PAGE: dict[str, Any] = {
    "books": [
        {"id": at, "title": f"Title of {at}", "author": {"name": "A. Writer", "born": 1900 + at},
         "price": 9.9, "topics": ["a", "b"]}
        for at in range(12)
    ]
}  # fmt: skip
"""About 1 kB in every format that is used here."""


def page(number: int) -> dict[str, Any]:  # noqa: ARG001 - the key
    """What is cached, as something that its callers could change."""
    return PAGE


async def apage(number: int) -> dict[str, Any]:  # noqa: ARG001 - the key
    """The same for event loops."""
    return PAGE


def installed(name: str) -> bool:
    """Whether a peer is here."""
    return importlib.util.find_spec(name) is not None


def on_one_core() -> None:
    """Have this process and those it starts run on one core.

    What waking another core costs differs by a factor of two from minute to minute, and is nobody's
    doing who is measured here.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
