"""A measurement as several commands take it: Ctrl-C ends it and keeps what is known by then."""

from __future__ import annotations

import asyncio

from surefoot import config
from surefoot.cli.console import Console
from surefoot.toolbox.measure.run import Interrupted, Measurement, Plan, measure
from surefoot.toolbox.signals import ending_signals
from surefoot.toolbox.target import find_application
from surefoot.toolbox.workload import workload_for

__all__ = ["measured_now"]


def measured_now(settings: config.Settings, seconds: float, console: Console) -> Measurement:
    """Measure the application that the settings describe, with ``seconds`` for the search.

    Raises:
        KeyboardInterrupt: Stopped before there was anything to conclude from.
    """
    try:
        return asyncio.run(_measured(settings, seconds, console))
    except Interrupted:
        raise KeyboardInterrupt from None


async def _measured(settings: config.Settings, seconds: float, console: Console) -> Measurement:
    stop = asyncio.Event()
    with ending_signals(stop.set, stop.set):
        console.progress("looking at the application")
        application = await asyncio.to_thread(find_application, settings)
        if stop.is_set():
            raise Interrupted
        workload, notes = await workload_for(application, settings, console.progress)
        if stop.is_set():
            raise Interrupted
        plan = Plan(application, settings, workload, seconds, notes)
        return await measure(plan, console.progress, stop)
