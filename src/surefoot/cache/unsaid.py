"""How large copies in the process are where the application's code does not say.

Set by ``cache.local`` of the configuration, before the application makes its caches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["Unsaid", "unsaid"]


@dataclass(slots=True)
class Unsaid:
    """What holds for caches that are made from now on, in this process and those forked from it."""

    local: int | None = None
    """Bytes of copies of what lies in a store that others share; ``None`` for none."""

    def size(self, said: int | str | None, url: str) -> int | str | None:
        """How large the copies of a cache are.

        Args:
            said: What the code says, which goes first; ``None`` where it says nothing.
            url: Of the store. A copy of what lies in the process anyway would be one for nothing.
        """
        if said is not None or url.partition("://")[0] == "memory":
            return said
        return self.local


unsaid: Final = Unsaid()
