"""Which cache a slot of a store belongs to, by its key.

A store may hold slots of several caches, and keys of programs that are none of ours. What begins
like one of ours and does not go on like one is nobody's.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["NAME", "RESPONSES", "beginnings", "family", "is_tag"]

NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"
"""What may name a cache, as a regular expression."""
RESPONSES: Final = "(responses)"
"""In place of a name, for the answers that are kept by route. No cache can be called so."""

_VALUE, _TAG = ":=", ":#"
_NAMED: Final = re.compile(rf"({NAME}|{re.escape(RESPONSES)}):[=#]")


def family(key: str) -> str:
    """The name of the cache that a key belongs to, or ``RESPONSES``; empty for nobody's."""
    found = _NAMED.match(key)
    return found[1] if found is not None else ""


def is_tag(key: str) -> bool:
    """Whether a key of a cache is that of a tag, and not of a value."""
    return _TAG in key[:66].partition(_VALUE)[0]


def beginnings(name: str) -> tuple[str, str]:
    """What every key of a cache begins with: those of values, and those of tags."""
    return name + _VALUE, name + _TAG
