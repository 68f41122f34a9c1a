"""Finished requests waiting for the next datagram: bounded, batched, never blocking."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Final

from surefoot.core.records import StackSample
from surefoot.telemetry.aggregate import Routes
from surefoot.telemetry.caches import cache_totals
from surefoot.telemetry.pulse import Pulse
from surefoot.telemetry.request import Request
from surefoot.telemetry.sender import Sender

__all__ = ["Outbox"]

_LIMIT: Final = 8192
"""Records and spends together that may wait; 1.5 MB. What comes then is dropped and counted."""
_MAX_STACKS: Final = 1000
_LAST_TRIES: Final = 10
_LAST_PAUSE: Final = 0.01
"""A worker that ends may wait this long, and as often, for a receiver that is behind."""
_STATS_NS: Final = 1_000_000_000
_SEND_NS: Final = 20_000_000
"""A request that ends this long after the last datagram sends the next one itself. The background
thread would have to get the interpreter first, and wakes up in vain while another one gives it up
for moments: beside a view on SQLite it changed hands 3,629 times a second, and 473 times since this
and ``threadstate`` leave it alone."""
_ROUTES_PER_FRAME: Final = 10


class Outbox:
    """Where finished requests go.

    Args:
        path: The receiver's socket; empty for none.
        pulse: Where drops are counted.
        totals: Where requests are summed instead of being sent one by one.
    """

    def __init__(self, path: str, pulse: Pulse, totals: Routes | None) -> None:
        self._path = path
        self._pulse = pulse
        self._totals = totals
        self._sender: Sender | None = None
        self._waiting: deque[tuple[Request, int]] = deque()
        self._weight = 0
        self._encoded = 0
        self._send_due = 0
        self._stacks: list[StackSample] = []
        self._stats_due = 0
        self._worker = 0
        self._flushing = threading.Lock()

    def open(self, worker: int) -> None:
        """In the serving process, before its first request."""
        self._worker = worker
        self._pulse.started_ns = time.perf_counter_ns()
        if self._path and self._sender is None:
            self._sender = Sender(self._path, worker)

    def forked(self) -> None:
        """Forget the parent's requests and its socket; the parent still uses both."""
        self._flushing = threading.Lock()
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()
        self._waiting = deque()
        self._weight = 0
        self._encoded = 0
        self._stacks = []

    def put(self, request: Request, wall_ns: int) -> None:
        """Take a finished request.

        It is encoded here and now: kept for a batch, its objects would be looked at by the garbage
        collector again and again, which costs more than the encoding.
        """
        self._pulse.requests += 1
        if self._totals is not None:
            self._totals.add(request, wall_ns)
            return
        sender = self._sender
        if sender is None:
            self._pulse.dropped += 1
        elif not sender.waiting and not self._waiting and self._flushing.acquire(blocking=False):
            try:
                sender.encoder.record(
                    request.method,
                    request.route,
                    request.status,
                    (request.start_ns, wall_ns, request.cpu_ns, request.queued_ns, request.loop_ns),
                    request.spends,
                )
                self._encoded += 1
                if sender.encoder.full or time.perf_counter_ns() >= self._send_due:
                    self._deliver(sender)
            finally:
                self._flushing.release()
        elif self._weight < _LIMIT:
            self._waiting.append((request, wall_ns))
            self._weight += 1 + len(request.spends)
        else:
            self._pulse.dropped += 1

    def put_stacks(self, stacks: list[StackSample]) -> None:
        """Take what the sampler saw; while the receiver's queue is full only the newest stay."""
        self._stacks = [*self._stacks, *stacks][-_MAX_STACKS:]

    def flush(self, *, stats: bool = False) -> None:
        """Encode and send what waits, unless another thread is at it."""
        if self._sender is None or not self._flushing.acquire(blocking=False):
            return
        try:
            self._send(self._sender, stats=stats)
        except Exception as error:  # noqa: BLE001 - called from inside requests
            self._pulse.fault(error)
        finally:
            self._flushing.release()

    def close(self) -> None:
        """Send what waits and what the worker says about itself, and forget the socket."""
        self.flush(stats=True)
        for _ in range(_LAST_TRIES):
            if self._sender is None or not self._sender.waiting:
                break
            time.sleep(_LAST_PAUSE)
            self.flush(stats=True)
        if self._sender is not None:
            self._sender.close()
            self._sender = None

    def _deliver(self, sender: Sender) -> bool:
        """Send what is encoded; ``False`` if nobody listens."""
        self._send_due = time.perf_counter_ns() + _SEND_NS
        listening = sender.flush()
        if not listening:
            self._lost()
        elif not sender.waiting:
            self._encoded = 0
        return listening

    def _send(self, sender: Sender, *, stats: bool) -> None:
        listening = self._deliver(sender)
        if sender.waiting:
            return
        while self._waiting:
            # Taken one by one: other threads append to this very deque meanwhile.
            request, wall_ns = self._waiting.popleft()
            self._encoded += 1
            if listening:
                _encode(sender, request, wall_ns)
        self._weight = 0
        if not listening:
            self._lost()
            return
        stacks, self._stacks = self._stacks, []
        for stack in stacks:
            sender.encoder.stack(stack.route, stack.state, stack.frames, stack.site, stack.count)
        self._say(sender, now=stats)
        self._deliver(sender)

    def _lost(self) -> None:
        """Nobody listens: what was encoded since the last complete flush is gone."""
        lost, self._encoded = self._encoded, 0
        self._pulse.dropped += lost

    def _say(self, sender: Sender, *, now: bool) -> None:
        clock = time.perf_counter_ns()
        if not now and clock < self._stats_due:
            return
        self._stats_due = clock + _STATS_NS
        totals = self._totals.totals() if self._totals is not None else ()
        caches = cache_totals(self._pulse)
        for start in range(0, max(len(totals), 1), _ROUTES_PER_FRAME):
            part = totals[start : start + _ROUTES_PER_FRAME]
            sender.encoder.stats(self._pulse.stats(self._worker, part, caches))


def _encode(sender: Sender, request: Request, wall_ns: int) -> None:
    times = (request.start_ns, wall_ns, request.cpu_ns, request.queued_ns, request.loop_ns)
    sender.encoder.record(request.method, request.route, request.status, times, request.spends)
