"""What the application's caches did, read from counters that they keep anyway.

Looked at about once a second by the thread that sends: a value that is served costs nothing more.
Only caches that the application has imported itself are looked at.
"""

from __future__ import annotations

import sys

from surefoot.core.worker import CacheTotal
from surefoot.telemetry.pulse import Pulse

__all__ = ["cache_totals"]

_REGISTRY = "surefoot.cache.registry"


def cache_totals(pulse: Pulse) -> tuple[CacheTotal, ...]:
    """Since the process began; nothing where there is no cache."""
    registry = sys.modules.get(_REGISTRY)
    if registry is None:
        return ()
    try:
        totals: tuple[CacheTotal, ...] = registry.totals()
    except Exception as error:  # noqa: BLE001 - a store of another make must still be served from
        pulse.fault(error)
        return ()
    return (*totals, *pulse.possible.totals())
