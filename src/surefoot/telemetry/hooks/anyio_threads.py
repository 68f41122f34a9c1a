"""anyio's worker threads, in which Starlette and FastAPI run views that are not ``async``."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.handover import handed_over
from surefoot.telemetry.request import current

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "anyio.to_thread"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap ``run_sync``."""
    package: Any = module
    run_sync = package.run_sync

    async def measured_run_sync(func: Any, *args: Any, **kwargs: Any) -> Any:
        request = current()
        if request is None:
            return await run_sync(func, *args, **kwargs)
        work = handed_over(recorder, request, func, ("app.threads", "anyio"))
        request.awaiting += 1
        try:
            return await run_sync(work, *args, **kwargs)
        finally:
            request.awaiting -= 1
            work.resumed()

    package.run_sync = measured_run_sync
