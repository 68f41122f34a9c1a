"""Our own stores for event loops: every verb, by the cache's name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured_async
from surefoot.telemetry.hooks.store_names import VERBS, described, note

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "surefoot.stores._async.guarded"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap the verbs of the store for event loops."""
    package: Any = module
    store = package.AsyncGuarded
    for verb in VERBS:
        setattr(store, verb, measured_async(recorder, getattr(store, verb), described(verb)))
    if recorder.options.every:
        store.get = _noting(recorder, store.get)


def _noting(recorder: Recorder, get: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(get)
    async def run(self: Any, keys: Any) -> Any:
        slots = await get(self, keys)
        note(recorder, self, keys, slots)
        return slots

    return run
