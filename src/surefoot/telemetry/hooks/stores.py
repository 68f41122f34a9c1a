"""Our own stores behind a breaker (SQLite, Redis, Memcached): every verb, by the cache's name.

What they do inside is not measured again: it is no work of the application's database.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured
from surefoot.telemetry.hooks.store_names import VERBS, described, note

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "surefoot.stores._sync.guarded"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap the verbs of the store for threads."""
    package: Any = module
    store = package.Guarded
    for verb in VERBS:
        setattr(store, verb, measured(recorder, getattr(store, verb), described(verb)))
    if recorder.options.every:
        store.get = _noting(recorder, store.get)


def _noting(recorder: Recorder, get: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(get)
    def run(self: Any, keys: Any) -> Any:
        slots = get(self, keys)
        note(recorder, self, keys, slots)
        return slots

    return run
