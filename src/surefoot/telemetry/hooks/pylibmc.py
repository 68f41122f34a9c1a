"""pylibmc: every command; its methods are written in C, and ours stand in front of them."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from surefoot.telemetry.calls import Describe, measured

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "pylibmc.client"

_COMMANDS: Final = (
    "add", "add_multi", "append", "cas", "decr", "delete", "delete_multi", "flush_all", "get",
    "get_multi", "gets", "incr", "incr_multi", "prepend", "replace", "set", "set_multi", "touch",
)  # fmt: skip


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap the commands of the client."""
    kind: Any = module.Client
    for name in _COMMANDS:
        if hasattr(kind, name):
            setattr(kind, name, measured(recorder, getattr(kind, name), _described(name.upper())))


def _described(what: str) -> Describe:
    def describe(client: Any, *_: Any, **__: Any) -> Any:
        # Which of several servers has a key is known inside the library only.
        return "cache." + ",".join(map(str, client.addresses)), what, 1, None

    return describe
