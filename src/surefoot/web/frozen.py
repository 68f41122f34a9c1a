"""A garbage collector that leaves what was there at the start alone: ``server.gc_freeze``."""

from __future__ import annotations

import gc
from typing import Final

__all__ = ["freeze"]

# An application of some size has a million objects that live as long as it does, and each full
# collection looks at all of them; 700 new ones is when the youngest generation is looked at.
_YOUNGEST: Final = 50_000


def freeze() -> None:
    """Collect once, keep what is left out of every later collection, and collect less often.

    To be called after the application's import and before a fork where there is one, so that
    collecting in the children does not write to, and so copy, the pages that they share.
    """
    gc.collect()
    gc.freeze()
    _, middle, oldest = gc.get_threshold()
    gc.set_threshold(_YOUNGEST, middle, oldest)
