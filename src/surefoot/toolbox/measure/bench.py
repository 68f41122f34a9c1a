"""The running application and what loads it, for as long as something is measured."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from surefoot.core.records import Probe
from surefoot.errors import ServerError
from surefoot.toolbox.load import Generator
from surefoot.toolbox.measure import host
from surefoot.toolbox.measure.probe import probe
from surefoot.toolbox.measure.subject import Subject

__all__ = ["Bench"]

T = TypeVar("T")


@dataclass
class Bench:
    """The running application and what loads it."""

    subject: Subject
    generator: Generator
    database: bool = True
    """Whether database servers on this host count as the application's."""

    def owners(self) -> host.Owners:
        """Whose processes are whose, now."""
        return host.Owners(self.subject.pids(), self.generator.pids, self.database)

    async def probe(self, population: int, seconds: float, stop: asyncio.Event) -> Probe:
        """One closed loop."""
        receiver = self.subject.receiver
        return await self.race(
            probe(self.generator, receiver, self.owners, population, seconds, stop=stop)
        )

    async def race(self, work: Coroutine[Any, Any, T]) -> T:
        """Do the work unless the application dies first."""
        task = asyncio.ensure_future(work)
        failure = self.subject.failure
        try:
            both: set[asyncio.Future[Any]] = {task, failure}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if failure.done() and not task.done():
                raise failure.result()
            return await task
        finally:
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, ServerError):
                    await task
