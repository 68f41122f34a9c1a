"""Programs that a request starts and waits for, by their name and never by their arguments.

What such a program computes is the machine's CPU and none of the request's own.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "subprocess"

_SHELL = "(shell)"
_LONGEST = 60


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap starting a program, and both ways to wait for it."""
    kind: Any = module.Popen
    kind.__init__ = measured(recorder, kind.__init__, _started)
    for name in ("wait", "communicate"):
        setattr(kind, name, measured(recorder, getattr(kind, name), _awaited))


def _started(_: Any, args: Any, *__: Any, **___: Any) -> Any:
    return f"process.{_program(args)}", "start", 1, None


def _awaited(process: Any, *_: Any, **__: Any) -> Any:
    return f"process.{_program(process.args)}", "wait", 0, None


def _program(args: Any) -> str:
    """The file's name; a line for a shell has none, and may hold what is secret."""
    word = args if isinstance(args, str | bytes | os.PathLike) else next(iter(args), "")
    name = os.fsdecode(word)
    if not name or "=" in name or any(letter.isspace() for letter in name):
        return _SHELL
    return name.rpartition("/")[2][:_LONGEST] or _SHELL
