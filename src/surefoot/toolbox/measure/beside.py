"""What is tried on the application beside the probes, for the levers to reckon with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from surefoot.config import Settings
from surefoot.core.function import Function
from surefoot.core.records import Probe, Reusable
from surefoot.core.together import Together
from surefoot.toolbox.load import Workload
from surefoot.toolbox.measure.lines import lines
from surefoot.toolbox.measure.repeats import repeats
from surefoot.toolbox.measure.reusable import reusable
from surefoot.toolbox.measure.safety import safety
from surefoot.toolbox.measure.sizes import sizes
from surefoot.toolbox.target import Application

__all__ = ["Beside", "Tries"]


@dataclass(frozen=True, slots=True)
class Beside:
    """What came of it; the fields are those of ``Evidence``."""

    sizes: tuple[float, float] = (0.0, 0.0)
    together: Together | None = None
    reusable: tuple[Reusable, ...] = ()
    functions: tuple[Function, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tries:
    """Where to try, and with what."""

    addresses: Sequence[str]
    settings: Settings
    workload: Workload
    say: Callable[[str], None]
    stop: asyncio.Event

    async def on(self, application: Application, probes: tuple[Probe, Probe]) -> Beside:
        """Everything, one after the other: none may disturb another."""
        serial, busy = probes
        self.say("weighing the answers")
        weighed = await sizes(self.workload, self.addresses, self.stop)
        self.say("asking the same twice")
        routes = [route.route for route in serial.routes]
        again = await reusable(application, self.settings, self.workload, routes, self.stop)
        self.say("counting who asks the same")
        asked = await asyncio.to_thread(repeats, application.directory, self.workload, probes)
        return Beside(
            sizes=weighed,
            together=await self._together(busy.population),
            reusable=again.routes,
            functions=asked,
            lines=lines(application.directory, probes),
            notes=again.notes,
        )

    async def _together(self, population: int) -> Together | None:
        if population < 2 or self.stop.is_set():
            return None
        self.say(f"asking the same one by one and {population} at a time")
        return await safety(self.workload, self.addresses, population, self.stop)
