"""SQLAlchemy's queue pools: waiting for a connection, and holding it.

Pools that make nobody wait (NullPool, StaticPool, one connection per thread) are left alone.
Time spent in making a new connection is the driver's and not counted as waiting.
"""

from __future__ import annotations

import time
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from surefoot.telemetry.request import Hold, current

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "sqlalchemy.pool.impl"

_RESOURCE: Final = "db.pool"
_UNLIMITED: Final = -1

_clock = time.perf_counter_ns


class _Place:
    """Remembers the way from the application to the pool."""

    __slots__ = ("hint",)

    def __init__(self) -> None:
        self.hint = None


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap the two methods of ``QueuePool`` through which every connection goes."""
    pool: Any = module.QueuePool
    get, give_back = pool._do_get, pool._do_return_conn  # noqa: SLF001 - where waiting for a connection shows; there is no public place
    place: Any = _Place()
    locate = recorder.sites.locate

    def do_get(self: Any) -> Any:
        request = current()
        if request is None:
            return get(self)
        # Not in __init__: create_engine() reads that function's arguments to know its own.
        try:
            recorder.pulse.pool(self, _limit(self))
        except Exception as error:  # noqa: BLE001 - a pool of another make must still work
            recorder.fault(error)
        site = locate(place)
        connecting = request.connect_ns
        start = request.busy_ns = _clock()
        request.busy += 1
        try:
            record = get(self)
        finally:
            now = _clock()
            request.busy -= 1
            sums = request.entry(_RESOURCE, "", site)
            sums[0] += 1
            if not request.answered_ns:
                sums[1] += max(0, now - start - (request.connect_ns - connecting))
        hold = record.surefoot_hold = Hold(sums, now)
        request.hold(hold)
        return record

    def do_return(self: Any, record: Any) -> Any:
        hold = record.__dict__.pop("surefoot_hold", None)
        if hold is not None:
            hold.end(_clock())
        return give_back(self, record)

    pool._do_get, pool._do_return_conn = do_get, do_return  # noqa: SLF001 - as above


def _limit(pool: Any) -> int:
    overflow: int = pool._max_overflow  # noqa: SLF001 - the only place that knows
    return 0 if overflow == _UNLIMITED else int(pool.size()) + overflow
