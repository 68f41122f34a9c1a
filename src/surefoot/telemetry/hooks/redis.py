"""redis-py: every command, and every pipeline as one."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured
from surefoot.telemetry.hooks.redis_names import command, pipeline

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "redis.client"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap the blocking client."""
    package: Any = module
    package.Redis.execute_command = measured(recorder, package.Redis.execute_command, command)
    package.Pipeline.execute = measured(recorder, package.Pipeline.execute, pipeline)
