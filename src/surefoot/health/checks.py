"""The checks of this process, those of the application and those that are configured."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from surefoot.errors import UsageError

__all__ = ["Check", "check", "own_checks"]

_Function = TypeVar("_Function", bound=Callable[[], Any])
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """Something that can be asked whether it is well.

    Args:
        function: Without arguments, a coroutine function or a plain one. It fails by raising, or by
            returning ``False`` itself; ``None`` and everything else is well.
    """

    name: str
    function: Callable[[], Any]
    hard: bool
    timeout: float
    """Seconds."""
    asynchronous: bool = False


_own: Final[dict[str, Check]] = {}


def check(
    name: str, *, hard: bool = True, timeout: float = 1.0
) -> Callable[[_Function], _Function]:
    """Have ``/readyz`` call a function; it fails by raising, or by returning ``False``.

    A plain function is called in a thread, of which there is one per check at most; a coroutine
    function in the event loop that serves, or in a thread of its own where none does.

    Args:
        name: What it is called in the details.
        hard: Whether a failure takes this process out of service (503), or is only told
            (200, ``degraded``).
        timeout: Seconds that it may take. One that takes longer has failed; it is not called again
            before it has returned.

    Raises:
        UsageError: The name cannot be used or belongs to another check, or the time is not above 0.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name for a check", do="use letters, digits, '.' and '-'")
    if not timeout > 0:
        raise UsageError(f"the check {name} has no time: {timeout!r}", do="give it a second")

    def decorate(function: _Function) -> _Function:
        known = _own.get(name)
        if known is not None and _place(known.function) != _place(function):
            raise UsageError(f"there is a check {name} already", do="call this one otherwise")
        _own[name] = Check(name, function, hard, timeout, inspect.iscoroutinefunction(function))
        return function

    return decorate


def own_checks() -> list[Check]:
    """Those that the application has decorated so far."""
    return list(_own.values())


def _place(function: Callable[[], Any]) -> tuple[str, str]:
    """The same for a function whose file is executed twice, as by a reload."""
    code = getattr(function, "__code__", None)
    return getattr(code, "co_filename", ""), getattr(function, "__qualname__", repr(function))
