"""When to start again what has died: pure, so that it can be proven without waiting.

The delay doubles with every life that was too short, as systemd and Kubernetes do it, and after
some of them in a row the reason is taken to be permanent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["NEVER_UP", "Lives"]

SHORT: Final = 10.0
"""Seconds that a life has to last to count as one that worked."""
FIRST_DELAY: Final = 0.1
LONGEST_DELAY: Final = 5.0
NEVER_UP: Final = 4
"""So many in a row that never answered are enough."""
SHORT_LIVES: Final = 8


@dataclass(frozen=True, slots=True)
class Lives:
    """How the last lives of one replica ended."""

    short: int = 0
    never_up: int = 0

    def ended(self, lasted: float, *, was_up: bool) -> Lives:
        """After one more end; ``lasted`` is in seconds, from its first answer on."""
        if was_up and lasted >= SHORT:
            return Lives()
        return Lives(self.short + 1, 0 if was_up else self.never_up + 1)

    @property
    def hopeless(self) -> bool:
        """Whether starting it again has proven to be of no use."""
        return self.never_up >= NEVER_UP or self.short >= SHORT_LIVES

    @property
    def delay(self) -> float:
        """Seconds until it is to be started again; at once after a life that worked."""
        return min(FIRST_DELAY * 2.0 ** (self.short - 1), LONGEST_DELAY) if self.short else 0.0
