"""psycopg's own pools, sync and async: waiting for a connection, and holding it."""

from __future__ import annotations

import time
from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.request import WAIT, Hold, current

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "psycopg_pool"

_RESOURCE = "db.pool"
_clock = time.perf_counter_ns


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap taking and giving back."""
    package: Any = module
    given = _Given(recorder)
    _wrap_sync(package.ConnectionPool, given)
    _wrap_async(package.AsyncConnectionPool, given)


class _Given:
    """What was taken out of pools and by whom."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def start(self, pool: Any) -> tuple[list[int], int]:
        """A request begins to wait."""
        request = current()
        self._recorder.pulse.pool(pool, pool.max_size)
        if request is None:
            return [0, 0, 0, 0], 0
        return request.entry(_RESOURCE, "", self._recorder.site()), _clock()

    def got(self, connection: Any, sums: list[int], since_ns: int) -> None:
        """It has its connection."""
        request = current()
        if request is None or not since_ns:
            return
        now = _clock()
        sums[0] += 1
        if not request.answered_ns:
            sums[WAIT] += now - since_ns
        hold = connection.surefoot_hold = Hold(sums, now)
        request.hold(hold)

    def back(self, connection: Any) -> None:
        """It has given it back."""
        hold = vars(connection).pop("surefoot_hold", None)
        if hold is not None:
            hold.end(_clock())


def _wrap_sync(pool: Any, given: _Given) -> None:
    getconn, putconn = pool.getconn, pool.putconn

    def measured_getconn(self: Any, *args: Any, **kwargs: Any) -> Any:
        request = current()
        sums, since = given.start(self)
        if request is not None:
            request.busy_ns = since
            request.busy += 1
        try:
            connection = getconn(self, *args, **kwargs)
        finally:
            if request is not None:
                request.busy -= 1
        given.got(connection, sums, since)
        return connection

    def measured_putconn(self: Any, conn: Any) -> Any:
        given.back(conn)
        return putconn(self, conn)

    pool.getconn, pool.putconn = measured_getconn, measured_putconn


def _wrap_async(pool: Any, given: _Given) -> None:
    getconn, putconn = pool.getconn, pool.putconn

    async def measured_getconn(self: Any, *args: Any, **kwargs: Any) -> Any:
        request = current()
        sums, since = given.start(self)
        if request is not None:
            request.awaiting += 1
        try:
            connection = await getconn(self, *args, **kwargs)
        finally:
            if request is not None:
                request.awaiting -= 1
        given.got(connection, sums, since)
        return connection

    async def measured_putconn(self: Any, conn: Any) -> Any:
        given.back(conn)
        return await putconn(self, conn)

    pool.getconn, pool.putconn = measured_getconn, measured_putconn
