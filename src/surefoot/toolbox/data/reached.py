"""Whether an application really works on the copy of its data that it was given."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from surefoot.config import Settings
from surefoot.errors import WorkloadError
from surefoot.toolbox.data.copies import Copies
from surefoot.toolbox.load import Closed, Generator, Workload
from surefoot.toolbox.measure.subject import bare

__all__ = ["confirm", "reached"]

_SECONDS: Final = 2.0
# PostgreSQL counts a session that has ended within a second or so.
_PATIENCE: Final = 2.0
_POLL: Final = 0.1


async def confirm(data: Copies, label: str, settings: Settings, workload: Workload) -> None:
    """Let nothing be written where the application turns out not to look at its copy.

    Sets ``data.writable`` to false then, and says so in ``data.notes``. Does nothing where there
    are no copies or nothing would be written.

    Raises:
        SurefootError: The application does not start.
    """
    if not (data.copied and workload.writes):
        return
    if await reached(data, label, settings, workload) is False:
        data.writable = False
        note = "requests that write are left out: the application never opened the copy that "
        data.notes += (f"{note}{data.variable} names, so it finds its data in another way",)
    # Reading may have written: sessions, counters of visits, log-ins.
    await data.reset(label)


async def reached(data: Copies, label: str, settings: Settings, workload: Workload) -> bool | None:
    """Start the application on a copy, send it what only reads, and see whether it looked there.

    An application whose settings name its database in another way than by the variable would work
    on its own data: a request that writes would do there what was meant for the copy.

    Args:
        data: The copies.
        label: Of the copy to try; nothing may be using it.
        settings: How the application is run.
        workload: Its requests.

    Returns:
        ``None`` where it cannot be told: no copy, nothing that reads, a database that cannot say.

    Raises:
        SurefootError: The application does not start.
    """
    try:
        reading = workload.without(workload.writes) if workload.writes else workload
    except WorkloadError:
        return None
    if await data.used(label) is not False:
        return None
    async with (
        bare(data.application(label), settings) as started,
        Generator(reading, started.addresses) as generator,
    ):
        every_one = Closed(1, _SECONDS, requests=len(reading.flows), each=1)
        await generator.run(every_one)
        return await _used(data, label)


async def _used(data: Copies, label: str) -> bool | None:
    end = time.monotonic() + (0 if data.embedded else _PATIENCE)
    used = await data.used(label)
    while used is False and time.monotonic() < end:
        await asyncio.sleep(_POLL)
        used = await data.used(label)
    return used
