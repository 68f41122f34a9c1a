"""Names for places: what a workload file can hold, and no two alike."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["Names", "identifier"]

_RESERVED: Final = frozenset({"env"})


def identifier(text: str, otherwise: str = "value") -> str:
    """``text`` as a name that a place can hold."""
    name = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_").lower()
    if not name or name in _RESERVED:
        return otherwise
    return name if name[0].isalpha() else f"{otherwise}_{name}"


class Names:
    """Hands out names, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, text: str, otherwise: str = "value") -> str:
        """A name like ``text`` that nothing has yet."""
        base = identifier(text, otherwise)
        number, name = 1, base
        while name in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._taken.add(name)
        return name
