"""Tries something again and again beside the requests, until it goes well."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

__all__ = ["AsyncTrials"]


class AsyncTrials:
    """A task of the loop that asked last.

    Args:
        pause: Seconds until the next attempt.
        attempt: Whether it went well.
    """

    def __init__(self, pause: Callable[[], float], attempt: Callable[[], Awaitable[bool]]) -> None:
        self._pause = pause
        self._attempt = attempt
        self._task: asyncio.Task[None] | None = None

    def ensure(self) -> None:
        """Begin, unless it is going on; a task of a loop that has ended goes on no more."""
        task = self._task
        if task is None or task.done() or task.get_loop().is_closed():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="surefoot-trials")

    async def stop(self) -> None:
        """End it."""
        task, self._task = self._task, None
        if task is not None and not task.done() and task.get_loop() is asyncio.get_running_loop():
            task.cancel()
            await asyncio.wait([task])

    def abandon(self) -> None:
        """Forget it: it runs in a parent process."""
        self._task = None

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._pause())
            if await self._attempt():
                return
