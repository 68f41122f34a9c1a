"""A measurement as several commands take it: Ctrl-C ends it and keeps what is known by then."""

from __future__ import annotations

import asyncio
from typing import Final

from surefoot import config
from surefoot.cli.console import Console
from surefoot.toolbox.measure.run import Interrupted, Measurement, Plan, measure
from surefoot.toolbox.signals import ending_signals
from surefoot.toolbox.target import find_application
from surefoot.toolbox.workload import workload_for, workload_for_url

__all__ = ["MEASURED", "SECONDS", "measured_now"]

SECONDS: Final = 35.0
MEASURED: Final = (
    "workload.file",
    "slo.latency",
    "slo.quantile",
    "slo.stale",
    "server.kind",
    "server.replicas",
    "server.threads",
    "app.python",
    "app.directory",
    "app.env_file",
)
"""Keys that a command which measures takes as options."""


def measured_now(
    settings: config.Settings,
    seconds: float,
    console: Console,
    url: str | None = None,
    *,
    owned: bool = False,
) -> Measurement:
    """Measure the application that the settings describe, with ``seconds`` for the search.

    Args:
        settings: Name the application, and what counts as answered.
        seconds: Budget of the search.
        console: Is told how far it is.
        url: Measure what runs here instead, from outside.
        owned: Whether that may be a host other than this one.

    Raises:
        KeyboardInterrupt: Stopped before there was anything to conclude from.
    """
    try:
        return asyncio.run(_measured(settings, seconds, console, url, owned=owned))
    except Interrupted:
        raise KeyboardInterrupt from None


async def _measured(
    settings: config.Settings, seconds: float, console: Console, url: str | None, *, owned: bool
) -> Measurement:
    stop = asyncio.Event()
    with ending_signals(stop.set, stop.set):
        console.progress("looking at the application")
        application = None
        if url:
            workload, notes = workload_for_url(url, settings)
        else:
            application = await asyncio.to_thread(find_application, settings)
            if stop.is_set():
                raise Interrupted
            workload, notes = await workload_for(application, settings, console.progress)
        if stop.is_set():
            raise Interrupted
        plan = Plan(application, settings, workload, seconds, notes, url or "", owned)
        return await measure(plan, console.progress, stop)
