"""redis-py's asyncio client: every command, and every pipeline as one."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured_async
from surefoot.telemetry.hooks.redis_names import command, pipeline

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "redis.asyncio.client"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap the awaitable client."""
    package: Any = module
    redis, many = package.Redis, package.Pipeline
    redis.execute_command = measured_async(recorder, redis.execute_command, command)
    many.execute = measured_async(recorder, many.execute, pipeline)
