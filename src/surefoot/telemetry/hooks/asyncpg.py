"""asyncpg: statements, prepared ones, rows of cursors, new connections, and its own pool."""

from __future__ import annotations

import functools
import time
from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured_async
from surefoot.telemetry.request import WAIT, Hold, Request, current

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "asyncpg"

_RESOURCE = "db.wait"
_POOL = "db.pool"
_clock = time.perf_counter_ns


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap what waits for the server, each where no other wrapped call is inside it."""
    package: Any = module
    _connections(package, recorder)
    _prepared(package.prepared_stmt.PreparedStatement, recorder)
    _cursors(package.cursor.BaseCursor, recorder)
    _pool(package.pool.Pool, recorder)


def _connections(package: Any, recorder: Recorder) -> None:
    def statement(_: Any, query: Any, *__: Any, **___: Any) -> Any:
        found = recorder.statements.get(query)
        return _RESOURCE, found.text, 1, found

    def preparing(_: Any, query: Any, *__: Any, **___: Any) -> Any:
        found = recorder.statements.get(query)
        return _RESOURCE, found.text, 0, found

    kind = package.connection.Connection
    plain = kind.execute
    alone = measured_async(recorder, plain, statement)

    @functools.wraps(plain)
    async def execute(self: Any, query: str, *args: Any, **kwargs: Any) -> Any:
        # With arguments it goes on to what is wrapped below.
        return await (plain if args else alone)(self, query, *args, **kwargs)

    kind.execute = execute
    kind._execute = measured_async(recorder, kind._execute, statement)  # noqa: SLF001 - every fetch
    kind._executemany = measured_async(recorder, kind._executemany, statement)  # noqa: SLF001 - as above
    kind._prepare = measured_async(recorder, kind._prepare, preparing)  # noqa: SLF001 - as above
    connect = measured_async(recorder, package.connection.connect, _connect, connects=True)
    package.connect = package.connection.connect = connect


def _prepared(kind: Any, recorder: Recorder) -> None:
    def statement(prepared: Any, *_: Any, **__: Any) -> Any:
        found = recorder.statements.get(prepared.get_query())
        return _RESOURCE, found.text, 1, found

    for name in ("fetch", "fetchval", "fetchrow", "fetchmany", "executemany"):
        if hasattr(kind, name):
            setattr(kind, name, measured_async(recorder, getattr(kind, name), statement))


def _cursors(kind: Any, recorder: Recorder) -> None:
    def opened(cursor: Any, *_: Any, **__: Any) -> Any:
        found = recorder.statements.get(cursor._query)  # noqa: SLF001 - kept nowhere else
        return _RESOURCE, found.text, 1, found

    def more(cursor: Any, *_: Any, **__: Any) -> Any:
        found = recorder.statements.get(cursor._query)  # noqa: SLF001 - kept nowhere else
        return _RESOURCE, found.text, 0, found

    kind._bind_exec = measured_async(recorder, kind._bind_exec, opened)  # noqa: SLF001 - its public methods share it
    kind._bind = measured_async(recorder, kind._bind, opened)  # noqa: SLF001 - as above
    kind._exec = measured_async(recorder, kind._exec, more)  # noqa: SLF001 - as above


def _connect(*_: Any, **__: Any) -> Any:
    return _RESOURCE, "(connect)", 1, None


def _pool(kind: Any, recorder: Recorder) -> None:
    acquire, release = kind._acquire, kind.release  # noqa: SLF001 - all ways to a connection
    # By the place in the pool, of which there are only so many; the connections that a pool gives
    # out take no attributes.
    holds: dict[int, Hold] = {}

    async def measured_acquire(self: Any, *args: Any, **kwargs: Any) -> Any:
        request = current()
        sums = _waiting(recorder, self, request)
        if request is None or sums is None:
            return await acquire(self, *args, **kwargs)
        since = _clock()
        request.awaiting += 1
        try:
            connection = await acquire(self, *args, **kwargs)
        finally:
            request.awaiting -= 1
        now = _clock()
        sums[0] += 1
        if not request.answered_ns:
            sums[WAIT] += now - since
        hold = holds[id(connection._holder)] = Hold(sums, now)  # noqa: SLF001 - as above
        request.hold(hold)
        return connection

    async def measured_release(self: Any, connection: Any, *args: Any, **kwargs: Any) -> Any:
        hold = holds.pop(id(getattr(connection, "_holder", None)), None)
        if hold is not None:
            hold.end(_clock())
        return await release(self, connection, *args, **kwargs)

    kind._acquire, kind.release = measured_acquire, measured_release  # noqa: SLF001 - as above


def _waiting(recorder: Recorder, pool: Any, request: Request | None) -> list[int] | None:
    """Where a request that begins to wait is summed up."""
    try:
        # The pool itself takes no weak reference; its queue lives as long.
        recorder.pulse.pool(pool._queue, pool.get_max_size())  # noqa: SLF001 - as above
        return None if request is None else request.entry(_POOL, "", recorder.site())
    except Exception as error:  # noqa: BLE001 - a driver of another make must still work
        recorder.fault(error)
        return None
