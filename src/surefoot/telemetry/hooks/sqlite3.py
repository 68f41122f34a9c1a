"""sqlite3: every statement with its place, in ``execute`` and in the fetching that follows.

SQLite does much of a scan while rows are fetched, so both count. Connections and cursors become
instances of subclasses, mixed with those that the application passes as its factories.

Reading the thread's CPU clock twice costs 1.2 us where a statement may cost 8. A call shorter than
50 us cannot have been off the CPU for longer than that, so its wall time is taken for its CPU time;
a statement that once took longer has the clock read at its next 64 executions.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from surefoot.telemetry.request import CURRENT, current

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder
    from surefoot.telemetry.request import Request, Running
    from surefoot.telemetry.statements import Statement

MODULE = "sqlite3"

# An embedded database works in the calling thread, outside the interpreter lock while it steps.
_RESOURCE: Final = "db.cpu"
_SHORT_NS: Final = 50_000
_CLOCKED: Final = 64
_ROWS_TIMED: Final = 16
"""Of rows fetched one by one, each of the first 16 is timed and then every 16th for 16."""

_NO_HINT: Final = (1, None, -1, "")

_clock = time.perf_counter_ns
_thread_clock = time.thread_time_ns
_thread = threading.get_ident


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap ``connect`` wherever the package offers it."""
    classes = _Classes(module, recorder)
    package: Any = module
    for holder in (package, package.dbapi2):
        holder.connect = _connecting(holder.connect, classes)


class _Classes:
    """The measured classes, and those mixed from the application's own and these.

    A class of the application stays in front, so its overrides are called as before, and what it
    passes on to ``super()`` arrives here.
    """

    def __init__(self, module: Any, recorder: Recorder) -> None:
        self.plain: Any = module.Connection
        self.recorder = recorder
        self.measured_cursor: Any = _cursor_class(module.Cursor, recorder)
        connection: Any = _connection_class(module.Connection, self)
        self._mixed: dict[Any, Any] = {
            module.Cursor: self.measured_cursor,
            module.Connection: connection,
        }
        self._bases = {module.Cursor: self.measured_cursor, module.Connection: connection}

    def measured(self, factory: Any) -> Any:
        """A measured class in place of a class; any other factory as it is."""
        known = self._mixed.get(factory)
        if known is not None:
            return known
        if not isinstance(factory, type):
            return factory
        for plain, base in self._bases.items():
            if issubclass(factory, plain):
                made = self._mixed[factory] = _named(type("", (factory, base), {}), factory)
                return made
        return factory


def _connecting(connect: Callable[..., Any], classes: _Classes) -> Callable[..., Any]:
    def measured_connect(*args: Any, **kwargs: Any) -> Any:
        if len(args) > 5:
            args = (*args[:5], classes.measured(args[5]), *args[6:])
        else:
            kwargs["factory"] = classes.measured(kwargs.get("factory", classes.plain))
        request = current()
        if request is None:
            return connect(*args, **kwargs)
        span = _Span(request, _RESOURCE, "(connect)", classes.recorder.site())
        try:
            return connect(*args, **kwargs)
        finally:
            request.connect_ns += span.end()

    return measured_connect


class _Span:
    """One call that takes as long as it takes; both clocks are read."""

    __slots__ = ("_cpu_ns", "_request", "_sums", "_wall_ns")

    def __init__(self, request: Request, resource: str, what: str, site: str) -> None:
        self._request = request
        self._sums = request.entry(resource, what, site)
        request.busy += 1
        self._cpu_ns = _thread_clock()
        self._wall_ns = _clock()

    def end(self) -> int:
        """Sum up; returns the wall time in nanoseconds."""
        took = _clock() - self._wall_ns
        sums = self._sums
        self._request.busy -= 1
        sums[0] += 1
        sums[2] += took
        sums[3] += _thread_clock() - self._cpu_ns
        return took


def _connection_class(plain: Any, classes: _Classes) -> type:
    recorder = classes.recorder
    default = classes.measured_cursor
    measured = classes.measured
    cursor = plain.cursor

    class MeasuredConnection(plain):  # type: ignore[misc]
        """A connection whose cursors and commits are measured."""

        def cursor(self, factory: Any = default) -> Any:
            return cursor(self, factory if factory is default else measured(factory))

        def execute(self, *args: Any) -> Any:
            return cursor(self, default).execute(*args)

        def executemany(self, *args: Any) -> Any:
            return cursor(self, default).executemany(*args)

        def executescript(self, *args: Any) -> Any:
            return cursor(self, default).executescript(*args)

        def commit(self) -> Any:
            request = current()
            if request is None or not self.in_transaction:
                return super().commit()
            span = _Span(request, _RESOURCE, "COMMIT", recorder.site())
            try:
                return super().commit()
            finally:
                span.end()

        def __exit__(self, *args: object) -> Any:
            request = current()
            if request is None or not self.in_transaction:
                return super().__exit__(*args)
            span = _Span(request, _RESOURCE, "ROLLBACK" if args[0] else "COMMIT", recorder.site())
            try:
                return super().__exit__(*args)
            finally:
                span.end()

    return _named(MeasuredConnection, plain)


def _named(made: type, base: type) -> type:
    """The subclass under the name of what it stands for, as tracebacks and reprs show it."""
    made.__name__, made.__qualname__, made.__module__ = (
        base.__name__,
        base.__qualname__,
        base.__module__,
    )
    return made


def _cursor_class(plain: Any, recorder: Recorder) -> type:
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

    return _named(MeasuredCursor, plain)


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
        try:
            # As ``Sites.locate`` begins, without the call.
            depth, code, instruction, site = statement.hint or _NO_HINT
            frame = frame_at(depth - 1)
            if frame.f_lasti != instruction or frame.f_code is not code:
                site = locate(statement)
        except ValueError:
            site = locate(statement)
        running = request.last
        if running is None or running[1] is not statement or running[3] is not site:
            running = _entry(request, statement, site)
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
    def fetchmany(self: Any, *args: Any, **kwargs: Any) -> Any:
        running = getattr(self, "surefoot", None)
        if running is None or running[0].done:
            return call(self, *args, **kwargs)
        request, statement, sums, _ = running
        return _clocked(request, statement, sums, call, self, *args, count=0, **kwargs)

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
    if not site and request.sites:
        site = request.sites.get(_thread(), "")
    sums = request.entry(_RESOURCE, statement.text, site)
    running = request.last = (request, statement, sums, site)
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
