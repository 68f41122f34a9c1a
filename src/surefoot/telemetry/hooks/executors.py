"""Thread pools of ``concurrent.futures``, and so ``asyncio.to_thread`` and ``run_in_executor``.

Work submitted by a request stays that request's: its CPU, its statements, and the time it waited
for a thread.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.handover import handed_over
from surefoot.telemetry.request import current

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "concurrent.futures.thread"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap ``ThreadPoolExecutor.submit``."""
    pool: Any = module.ThreadPoolExecutor
    submit = pool.submit

    def measured_submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        request = current()
        if request is None:
            return submit(self, fn, *args, **kwargs)
        work = handed_over(recorder, request, fn, ("app.threads", "ThreadPoolExecutor"))
        return submit(self, work, *args, **kwargs)

    pool.submit = measured_submit
