"""What differs between waiting in an event loop and waiting in a thread, under the same names."""

from __future__ import annotations

from asyncio import sleep

__all__ = ["sleep"]
