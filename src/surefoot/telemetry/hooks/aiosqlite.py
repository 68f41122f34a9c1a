"""aiosqlite: the request goes with every call into the connection's thread.

The statement itself is measured there by the hook of sqlite3; here it is noted how long the call
waited for the thread, and how long the answer waited for the loop.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.handover import handed_over
from surefoot.telemetry.request import current

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "aiosqlite.core"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap ``Connection._execute``, through which every call goes."""
    connection: Any = module.Connection
    execute = connection._execute  # noqa: SLF001 - the one place where work changes its thread

    async def measured_execute(self: Any, fn: Any, *args: Any, **kwargs: Any) -> Any:
        request = current()
        if request is None:
            return await execute(self, fn, *args, **kwargs)
        place = ("db.wait", "(aiosqlite's thread)")
        work = handed_over(recorder, request, fn, place, holds=False)
        request.awaiting += 1
        try:
            return await execute(self, work, *args, **kwargs)
        finally:
            request.awaiting -= 1
            work.resumed()

    connection._execute = measured_execute  # noqa: SLF001 - as above
