"""A process that is to get no new requests, and serves those that come all the same."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

__all__ = ["VARIABLE", "drain", "draining"]

VARIABLE: Final = "SUREFOOT_DRAINING"
"""Names the file whose existence says so to every process of a replica."""
_here: Final[set[str]] = set()


def drain() -> None:
    """Have ``/readyz`` say 503 ``draining`` from now on; everything is served as before.

    Where ``SUREFOOT_DRAINING`` names a file, that is made, and so every process of the replica is
    told; else it is this process alone.

    Raises:
        OSError: The file cannot be made.
    """
    # First: a file that cannot be made is no reason to go on taking requests.
    _here.add("draining")
    named = os.environ.get(VARIABLE)
    if named:
        Path(named).touch()


def draining() -> bool:
    """Whether this process is to get no new requests."""
    named = os.environ.get(VARIABLE, "")
    return bool(_here) or (named != "" and Path(named).exists())
