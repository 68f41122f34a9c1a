"""Whether the application answers requests that run at the same time as it answers each alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from surefoot.core.together import Together
from surefoot.errors import SurefootError
from surefoot.toolbox.answers.together import together
from surefoot.toolbox.load import Generator, Observation, Workload

__all__ = ["remedy", "safety"]

_SECONDS: Final = 4.0
_USERS: Final = 8
"""Their log-ins come one after the other; each flow that needs a user waits for a free one."""


async def safety(
    workload: Workload, addresses: Sequence[str], population: int, stop: asyncio.Event
) -> Together | None:
    """Ask for some seconds, one by one and ``population`` at a time; nothing that writes.

    Returns:
        What came of it; ``None`` where it could not be tried.
    """
    try:
        asked = workload.without(workload.writes)
        asked = replace(asked, users=min(asked.users, max(_USERS, population)))
        async with Generator(asked, addresses, observe=Observation()) as generator:
            return await together(generator, asked, population, seconds=_SECONDS, stop=stop)
    except SurefootError:
        # It only writes; or the run's own generator has logged in, and a second one cannot. That
        # is no reason to end the run.
        return None


def remedy(interface: str) -> str:
    """What to do about an application that is not safe."""
    if interface == "wsgi":
        return "set threads = 1 under [server] until what its requests share is mended"
    return "mend what its requests share: an event loop has several of them under way at a time"
