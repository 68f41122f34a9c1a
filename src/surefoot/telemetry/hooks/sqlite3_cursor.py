"""Cursors of sqlite3 that sum up what their statements take, in executing and in fetching.

Reading the thread's CPU clock twice costs 1.2 us and more where a statement may cost 8. A call
shorter than 50 us cannot have been off the CPU for longer than that, so its wall time is taken for
its CPU time; a statement that once took longer has the clock read at its next 8 calls. They are few
because a busy host interrupts short calls too.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from surefoot.telemetry.request import CURRENT, current

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder
    from surefoot.telemetry.request import Request, Running
    from surefoot.telemetry.statements import Statement

__all__ = ["RESOURCE", "measured_cursor"]

# An embedded database works in the calling thread, outside the interpreter lock while it steps.
RESOURCE: Final = "db.cpu"
_SHORT_NS: Final = 50_000
_CLOCKED: Final = 8
_ROWS_TIMED: Final = 16
"""Of rows fetched one by one, each of the first 16 is timed and then every 16th for 16."""

_NO_HINT: Final = (1, None, -1, "")

_clock = time.perf_counter_ns
_thread_clock = time.thread_time_ns
_thread = threading.get_ident


def measured_cursor(plain: Any, recorder: Recorder) -> type:
    """A subclass of the driver's cursor class."""

    class MeasuredCursor(plain):  # type: ignore[misc]
        """A cursor that sums up what its statements take."""

        # Slots, and not set until something is executed: a dictionary per cursor costs 0.1 us.
        __slots__ = ("surefoot", "surefoot_rows")

        execute = _executing(plain.execute, recorder)
        executemany = _executing(plain.executemany, recorder)
        executescript = _scripting(plain.executescript, recorder)
        fetchone = _fetching(plain.fetchone)
        fetchmany = _fetching_many(plain.fetchmany)
        fetchall = _fetching(plain.fetchall)
        __next__ = _iterating(plain.__next__)

    return MeasuredCursor


def _executing(call: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    # Written out in one piece, like ``_fetching``: a statement may cost 12 us, and each function
    # called here adds 1 % to that.
    get = CURRENT.get
    known = recorder.statements.known
    statement_of = recorder.statements.get
    locate = recorder.sites.locate
    frame_at = sys._getframe  # noqa: SLF001 - the documented way to a frame

    def execute(self: Any, sql: Any, parameters: Any = (), /) -> Any:
        request = get()
        if request is None or request.done:
            self.surefoot = None
            return call(self, sql, parameters)
        statement = known(sql) or statement_of(sql)
        hint = statement.hint
        running = request.last
        try:
            # As ``Sites.locate`` begins, without the call.
            depth, code, instruction, _ = hint or _NO_HINT
            frame = frame_at(depth - 1)
            if (
                frame.f_lasti != instruction
                or frame.f_code is not code
                or running is None
                or running[3] is not hint
            ):
                running = _entry(request, statement, locate(statement))
        except ValueError:
            running = _entry(request, statement, locate(statement))
        self.surefoot = running
        sums = running[2]
        if statement.clocked or request.answered_ns:
            return _clocked(request, statement, sums, call, self, sql, parameters)
        start = _clock()
        try:
            return call(self, sql, parameters)
        finally:
            took = _clock() - start
            sums[0] += 1
            sums[2] += took
            if took > _SHORT_NS:
                sums[3] += _SHORT_NS
                statement.clocked = _CLOCKED
            else:
                sums[3] += took

    return execute


def _scripting(call: Callable[..., Any], recorder: Recorder) -> Callable[..., Any]:
    def executescript(self: Any, script: Any, /) -> Any:
        request = current()
        self.surefoot = None
        if request is None:
            return call(self, script)
        statement = recorder.statements.get(script)
        sums = _entry(request, statement, recorder.sites.locate(statement))[2]
        return _clocked(request, statement, sums, call, self, script)

    return executescript


def _fetching(call: Callable[..., Any]) -> Callable[..., Any]:
    def fetch(self: Any) -> Any:
        try:
            running = self.surefoot
        except AttributeError:
            return call(self)
        if running is None or running[0].done:
            return call(self)
        request, statement, sums, _ = running
        if statement.clocked or request.answered_ns:
            return _clocked(request, statement, sums, call, self, count=0)
        start = _clock()
        try:
            return call(self)
        finally:
            took = _clock() - start
            sums[2] += took
            if took > _SHORT_NS:
                sums[3] += _SHORT_NS
                statement.clocked = _CLOCKED
            else:
                sums[3] += took

    return fetch


def _fetching_many(call: Callable[..., Any]) -> Callable[..., Any]:
    # As above, and written out again: Django asks twice for each row that it gets.
    # Arguments by name, not *args: packing them costs as much as reading the clock.
    def fetchmany(self: Any, size: Any = None) -> Any:
        if size is None:
            size = self.arraysize
        try:
            running = self.surefoot
        except AttributeError:
            return call(self, size)
        if running is None or running[0].done:
            return call(self, size)
        request, statement, sums, _ = running
        if statement.clocked or request.answered_ns:
            return _clocked(request, statement, sums, call, self, size, count=0)
        start = _clock()
        try:
            rows = call(self, size)
        finally:
            took = _clock() - start
            sums[2] += took
            if took > _SHORT_NS:
                sums[3] += _SHORT_NS
                statement.clocked = _CLOCKED
            else:
                sums[3] += took
        if not rows or len(rows) < size:
            # These were the last; whoever asks again is told so without SQLite.
            self.surefoot = None
        return rows

    return fetchmany


def _iterating(call: Callable[..., Any]) -> Callable[..., Any]:
    def following(self: Any) -> Any:
        running = getattr(self, "surefoot", None)
        if running is None or running[0].done:
            return call(self)
        rows = self.surefoot_rows = getattr(self, "surefoot_rows", 0) + 1
        if rows > _ROWS_TIMED and rows % _ROWS_TIMED:
            return call(self)
        request, statement, sums, _ = running
        times = _ROWS_TIMED if rows > _ROWS_TIMED else 1
        return _clocked(request, statement, sums, call, self, count=0, times=times)

    return following


def _entry(request: Request, statement: Statement, site: str) -> Running:
    hint = statement.hint
    if not site and request.sites:
        site = request.sites.get(_thread(), "")
    sums = request.entry(RESOURCE, statement.text, site)
    found = hint if hint is not None and hint[3] is site else None
    running = request.last = (request, statement, sums, found)
    return running


def _clocked(
    request: Request,
    statement: Statement,
    sums: list[int],
    call: Callable[..., Any],
    *args: Any,
    count: int = 1,
    times: int = 1,
    **kwargs: Any,
) -> Any:
    """Call with both clocks read."""
    cpu = _thread_clock()
    start = _clock()
    try:
        return call(*args, **kwargs)
    finally:
        took = _clock() - start
        sums[0] += count
        sums[3] += (_thread_clock() - cpu) * times
        if not request.answered_ns:
            sums[2] += took * times
        if took > _SHORT_NS:
            statement.clocked = _CLOCKED
        elif statement.clocked:
            statement.clocked -= 1
