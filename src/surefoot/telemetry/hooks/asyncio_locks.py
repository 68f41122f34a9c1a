"""Locks and semaphores of asyncio: waiting for another request of the same process."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.request import current

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "asyncio.locks"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap ``acquire`` where a class has its own."""
    package: Any = module
    for name in ("Lock", "Semaphore"):
        kind = getattr(package, name)
        kind.acquire = _acquiring(kind.acquire, name, recorder)


def _acquiring(acquire: Callable[..., Any], name: str, recorder: Recorder) -> Callable[..., Any]:
    async def measured_acquire(self: Any) -> Any:
        request = current()
        if request is None or not self.locked():
            return await acquire(self)
        site = recorder.site()
        request.awaiting += 1
        start = time.perf_counter_ns()
        try:
            return await acquire(self)
        finally:
            waited = time.perf_counter_ns() - start
            request.awaiting -= 1
            request.add("app.lock", f"asyncio.{name}", site, wait_ns=waited)

    return measured_acquire
