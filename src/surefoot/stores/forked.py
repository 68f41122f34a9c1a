"""Tells objects that they woke up in a forked child.

A lock that another thread held while the process forked stays locked in the child for ever, and a
connection is still the parent's: whoever has one begins anew there.
"""

from __future__ import annotations

import os
import weakref
from typing import Any, Protocol

__all__ = ["tell_when_forked"]


class _Forked(Protocol):
    def in_child(self) -> None: ...


_told: weakref.WeakSet[Any] = weakref.WeakSet()


def tell_when_forked(owner: _Forked) -> None:
    """Have ``owner.in_child()`` called first thing in every child, for as long as it is there."""
    _told.add(owner)


def _tell() -> None:
    for owner in list(_told):
        owner.in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_tell)
