"""Keeps one replica up: sees it die, starts it again, and says when that is of no use."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from surefoot.toolbox.process.child import ending
from surefoot.toolbox.stack.replica import Replica
from surefoot.toolbox.stack.restart import NEVER_UP, Lives

__all__ = ["START_SECONDS", "Event", "Keeper", "sentence"]

START_SECONDS: Final = 60.0
"""How long a replica may take until its first answer."""
# Elsewhere than on Linux a look at the children starts a process.
_LOOK: Final = 0.2 if sys.platform == "linux" else 1.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a replica."""

    replica: str
    what: str
    """``"up"``, ``"died"``, ``"worker died"``, ``"stopped"``, ``"output"`` or
    ``"gave up"``."""
    text: str = ""


def sentence(event: Event) -> str:
    """What happened, in words."""
    who = f"replica {event.replica}"
    return {
        "up": f"{who} is up",
        "died": f"{who} died ({event.text}) and is started again",
        "worker died": f"{who}: its worker died and was started again",
        "stopped": f"{who} has stopped",
        "gave up": f"{who} dies as often as it is started ({event.text})",
    }.get(event.what, f"{event.replica} | {event.text}")


class Keeper:
    """Watches one replica that is to stay up.

    Args:
        replica: Started or not.
        shared: Listening sockets it accepts from besides its own.
        watch: Called with everything that happens to it.
    """

    def __init__(
        self, replica: Replica, shared: Sequence[int], watch: Callable[[Event], None]
    ) -> None:
        self.replica = replica
        self._shared = shared
        self._watch = watch
        self._lives = Lives()
        self._workers: frozenset[int] = frozenset()

    async def start(self) -> bool:
        """Start it and wait for its first answer; ``False`` if it ended or took too long."""
        self.replica.start(self._shared)
        answered = asyncio.ensure_future(self.replica.answers())
        failed = [
            asyncio.ensure_future(self.replica.ended()),
            asyncio.ensure_future(self._workers_that_never_boot()),
        ]
        try:
            await asyncio.wait(
                [answered, *failed], timeout=START_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            up = answered.done()
        finally:
            for task in (answered, *failed):
                task.cancel()
            await asyncio.gather(answered, *failed, return_exceptions=True)
        if up:
            self._workers = self.replica.workers()
            self._watch(Event(self.replica.name, "up"))
        return up

    async def _workers_that_never_boot(self) -> None:
        """Ends once gunicorn's master has started several workers and none has answered."""
        seen: set[int] = set()
        while len(seen) < NEVER_UP + self.replica.intended:
            await asyncio.sleep(_LOOK)
            seen |= self.replica.workers()

    async def keep(self) -> str:
        """Start it again whenever it has died.

        Returns:
            How it died last, once starting it again has proven to be of no use.
        """
        while True:
            how = await self._death()
            self.replica.kill()
            self.replica.restarts += 1
            lasted = time.monotonic() - self.replica.up_since
            self._lives = self._lives.ended(lasted, was_up=self.replica.up_since > 0)
            if self._lives.hopeless:
                self._watch(Event(self.replica.name, "gave up", how))
                return how
            self._watch(Event(self.replica.name, "died", how))
            await asyncio.sleep(self._lives.delay)
            await self.start()

    async def _death(self) -> str:
        """How the replica ended, or its worker so often that the replica is to be ended."""
        ended = asyncio.ensure_future(self.replica.ended())
        try:
            # One that never answered is not watched any longer: it is ended and started anew.
            while not ended.done() and self.replica.up_since > 0:
                await asyncio.wait([ended], timeout=_LOOK)
                now = self.replica.workers()
                if ended.done():
                    continue
                died = self._workers - now
                if len(now) < len(self._workers):
                    # Nothing to tell before its successor is there.
                    continue
                self._workers = now
                for _ in died:
                    self._worker_died()
                if self._lives.hopeless:
                    return "its worker dies again and again"
            code = self.replica.code
            return "it did not answer" if code is None else ending(code)
        finally:
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)

    def _worker_died(self) -> None:
        # gunicorn's master starts a dead worker by itself, at once and without end.
        self.replica.restarts += 1
        self._lives = self._lives.ended(time.monotonic() - self.replica.up_since, was_up=True)
        self.replica.up_since = time.monotonic()
        self._watch(Event(self.replica.name, "worker died"))
