"""How long each function takes to compute its values."""

from __future__ import annotations

from typing import Any, Final

from surefoot.core.cache.compute_time import ComputeTime

__all__ = ["Times"]

_MOST: Final = 1024


class Times:
    """One estimate for each function, by its name: the lambdas of one line share theirs."""

    def __init__(self) -> None:
        self._by_name: dict[tuple[str, str], ComputeTime] = {}

    def of(self, function: Any) -> ComputeTime:
        """The estimate of a function, or of what a partial or an object calls."""
        function = getattr(function, "func", function)
        name = (
            getattr(function, "__module__", "") or "",
            getattr(function, "__qualname__", "") or type(function).__qualname__,
        )
        found = self._by_name.get(name)
        if found is None:
            if len(self._by_name) >= _MOST:
                self._by_name.clear()
            found = self._by_name.setdefault(name, ComputeTime())
        return found
