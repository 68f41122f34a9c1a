"""sqlite3: every statement with its place, in ``execute`` and in the fetching that follows.

SQLite does much of a scan while rows are fetched, so both count. Connections and cursors become
instances of subclasses, mixed with those that the application passes as its factories.

Reading the thread's CPU clock twice costs 1.2 us where a statement may cost 8. A call shorter than
50 us cannot have been off the CPU for longer than that, so its wall time is taken for its CPU time;
a statement that once took longer has the clock read at its next 64 executions.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from surefoot.telemetry.request import current

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder
    from surefoot.telemetry.request import Request
    from surefoot.telemetry.statements import Statement

MODULE = "sqlite3"

# An embedded database works in the calling thread, outside the interpreter lock while it steps.
_RESOURCE: Final = "db.cpu"
_SHORT_NS: Final = 50_000
_CLOCKED: Final = 64
_ROWS_TIMED: Final = 16
"""Of rows fetched one by one, each of the first 16 is timed and then every 16th for 16."""

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

    class MeasuredConnection(plain):  # type: ignore[misc]
        """A connection whose cursors and commits are measured."""

        def cursor(self, factory: Any = default) -> Any:
            return super().cursor(factory if factory is default else measured(factory))

        def execute(self, *args: Any) -> Any:
            return super().cursor(default).execute(*args)

        def executemany(self, *args: Any) -> Any:
            return super().cursor(default).executemany(*args)

        def executescript(self, *args: Any) -> Any:
            return super().cursor(default).executescript(*args)

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
    run = _executing(recorder)

    class MeasuredCursor(plain):  # type: ignore[misc]
        """A cursor that sums up what its statements take."""

        surefoot: tuple[Request, Statement, list[int]] | None = None
        surefoot_rows = 0

        execute = run(plain.execute)
        executemany = run(plain.executemany)
        executescript = run(plain.executescript)
        fetchone = _fetching(plain.fetchone)
        fetchmany = _fetching(plain.fetchmany)
        fetchall = _fetching(plain.fetchall)
        __next__ = _iterating(plain.__next__)

    return _named(MeasuredCursor, plain)


def _executing(recorder: Recorder) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    statement_of = recorder.statements.get
    locate = recorder.sites.locate

    def wrapped(call: Callable[..., Any]) -> Callable[..., Any]:
        def run(self: Any, sql: Any, *args: Any, **kwargs: Any) -> Any:
            request = current()
            if request is None:
                self.surefoot = None
                return call(self, sql, *args, **kwargs)
            statement = statement_of(sql)
            site = locate(statement)
            if not site and request.sites:
                site = request.sites.get(_thread(), "")
            sums = request.entry(_RESOURCE, statement.text, site)
            sums[0] += 1
            self.surefoot = (request, statement, sums)
            request.busy += 1
            cpu = _thread_clock() if statement.clocked else 0
            start = _clock()
            try:
                return call(self, sql, *args, **kwargs)
            finally:
                _spent(request, statement, sums, _clock() - start, cpu)

        return run

    return wrapped


def _fetching(call: Callable[..., Any]) -> Callable[..., Any]:
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        measured = self.surefoot
        if measured is None or measured[0].done:
            return call(self, *args, **kwargs)
        request, statement, sums = measured
        request.busy += 1
        cpu = _thread_clock() if statement.clocked else 0
        start = _clock()
        try:
            return call(self, *args, **kwargs)
        finally:
            _spent(request, statement, sums, _clock() - start, cpu)

    return run


def _iterating(call: Callable[..., Any]) -> Callable[..., Any]:
    def run(self: Any) -> Any:
        measured = self.surefoot
        if measured is None or measured[0].done:
            return call(self)
        rows = self.surefoot_rows = self.surefoot_rows + 1
        if rows > _ROWS_TIMED and rows % _ROWS_TIMED:
            return call(self)
        request, _, sums = measured
        start, cpu = _clock(), _thread_clock()
        try:
            return call(self)
        finally:
            times = _ROWS_TIMED if rows > _ROWS_TIMED else 1
            if not request.answered_ns:
                sums[2] += (_clock() - start) * times
            sums[3] += (_thread_clock() - cpu) * times

    return run


def _spent(request: Request, statement: Statement, sums: list[int], took: int, cpu: int) -> None:
    request.busy -= 1
    if not request.answered_ns:
        sums[2] += took
    if cpu:
        sums[3] += _thread_clock() - cpu
        statement.clocked -= 1
        if took > _SHORT_NS:
            statement.clocked = _CLOCKED
    elif took > _SHORT_NS:
        sums[3] += _SHORT_NS
        statement.clocked = _CLOCKED
    else:
        sums[3] += took
