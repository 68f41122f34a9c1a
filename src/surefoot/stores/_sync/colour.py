"""What differs between waiting in a thread and waiting in an event loop, under the same names."""

from __future__ import annotations

from time import sleep

__all__ = ["sleep"]
