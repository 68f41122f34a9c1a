"""pymongo, sync and async: commands as the driver's own monitoring tells of them.

A command is named by its verb and its collection; documents and filters are never looked at.
"""

from __future__ import annotations

import sys
import threading
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from surefoot.telemetry.calls import Span
from surefoot.telemetry.request import Request, current

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "pymongo.monitoring"

_RESOURCE: Final = "db.wait"
# A cursor's further rows are part of what opened it, as elsewhere.
_FURTHER: Final = frozenset({"getMore", "killCursors"})
_MOST_OPEN: Final = 4096


def install(module: ModuleType, recorder: Recorder) -> None:
    """Listen to the commands of every client that is made from now on."""
    package: Any = module
    commands = _Commands(recorder)

    class Listener(package.CommandListener):  # type: ignore[misc]
        """Called by the driver in the thread or task that works for the request."""

        def started(self, event: Any) -> None:
            commands.started(event)

        def succeeded(self, event: Any) -> None:
            commands.ended(event)

        def failed(self, event: Any) -> None:
            commands.ended(event)

    package.register(Listener())


class _Commands:
    """The commands that are under way."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._open: dict[tuple[Any, int], _Command] = {}

    def started(self, event: Any) -> None:
        request = current()
        if request is None or len(self._open) >= _MOST_OPEN:
            return
        try:
            sums = request.entry(_RESOURCE, _name(event), self._recorder.site())
            counted = 0 if event.command_name in _FURTHER else 1
            self._open[event.connection_id, event.request_id] = _Command(request, sums, counted)
        except Exception as error:  # noqa: BLE001 - called from inside requests
            self._recorder.fault(error)

    def ended(self, event: Any) -> None:
        command = self._open.pop((event.connection_id, event.request_id), None)
        if command is not None:
            command.end()


class _Command:
    """One command between its sending and its answer."""

    __slots__ = ("_counted", "_request", "_span", "_waits")

    def __init__(self, request: Request, sums: list[int], counted: int) -> None:
        self._request = request
        self._counted = counted
        self._span = Span(request, sums)
        # Both colours tell the same events; who has a loop in this thread awaits the answer.
        self._waits = "awaiting" if _looping() else "busy"
        if self._waits == "busy":
            request.busy_ns = self._span.started_ns
            request.inside = threading.get_ident()
        self._change(1)

    def end(self) -> None:
        self._change(-1)
        # Other tasks may have run in this thread meanwhile, so its clock does not tell.
        self._span.end(self._counted, 0 if self._waits == "awaiting" else None)

    def _change(self, by: int) -> None:
        setattr(self._request, self._waits, getattr(self._request, self._waits) + by)


def _looping() -> bool:
    events: Any = sys.modules.get("asyncio.events")
    return events is not None and events._get_running_loop() is not None  # noqa: SLF001 - the public one raises


def _name(event: Any) -> str:
    verb: str = event.command_name
    place = event.command.get("collection" if verb == "getMore" else verb)
    return f"{verb} {event.database_name}.{place}" if isinstance(place, str) else verb
