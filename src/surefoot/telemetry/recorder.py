"""The recorder of one worker process: requests begin and end here, and leave in batches.

Nothing is started before the first request: threads and sockets made earlier would not survive
the fork of a preloading server. The first request of a process starts the background thread, and a
fork forgets it.
"""

from __future__ import annotations

import atexit
import os
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.core.records import StackSample
from surefoot.telemetry.aggregate import Routes
from surefoot.telemetry.background import Background
from surefoot.telemetry.collector import CollectorWatch
from surefoot.telemetry.heartbeat import Heartbeat
from surefoot.telemetry.hooks import HOOKS, load
from surefoot.telemetry.imports import ImportWatch
from surefoot.telemetry.outbox import Outbox
from surefoot.telemetry.pulse import Pulse
from surefoot.telemetry.request import CURRENT, Request, current
from surefoot.telemetry.sites import Sites
from surefoot.telemetry.statements import Statements
from surefoot.telemetry.steps import Steps

if TYPE_CHECKING:
    import asyncio

__all__ = ["Options", "Recorder", "install"]

_clock = time.perf_counter_ns
_thread_clock = time.thread_time_ns
_thread = threading.get_ident


@dataclass(frozen=True, slots=True)
class Options:
    """How a worker is observed."""

    records: str = ""
    """Path of the datagram socket that records go to; empty turns telemetry off."""
    every: bool = True
    """One record per request; else only sums per route, about once a second."""
    sample_hz: float = 40.0
    """Stack samples a second; 0 for none."""
    code: tuple[str, ...] = ()
    """Whose lines are the application's own: absolute directories and top-level packages."""


class Recorder:
    """Everything that is known about this worker's requests and not sent yet.

    Attributes:
        sites: Names lines of the application.
        statements: Names what is sent to databases.
        active: Thread id to the request that this thread works for right now.
        open: Requests of event loops, whether or not a thread works for them right now.
        heartbeats: One for each event loop that serves.
        pulse: The worker's own numbers: faults, garbage collection, loop lag, pool sizes.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.sites = Sites(options.code, self.fault)
        self.statements = Statements()
        self.active: dict[int, Request] = {}
        self.open: set[Request] = set()
        self.heartbeats: list[Heartbeat] = []
        self.pulse = Pulse()
        self._totals = None if options.every else Routes()
        self._outbox = Outbox(options.records, self.pulse, self._totals)
        self._collector = CollectorWatch(self.pulse)
        self._background: Background | None = None
        self._starting = threading.Lock()

    # --- Requests -----------------------------------------------------------------------------

    def begin(self, method: str, queued_ns: int = 0) -> Request:
        """A request arrives on this thread and is the current one from now on."""
        if self._background is None:
            self._start()
        request = Request(method, time.time_ns(), _clock(), queued_ns)
        CURRENT.set(request)
        return request

    def begin_task(self, method: str, queued_ns: int = 0) -> Request:
        """As ``begin``, for a request that shares its thread with others."""
        request = self.begin(method, queued_ns)
        self.open.add(request)
        return request

    def drive(self, coroutine: Coroutine[Any, Any, Any], request: Request) -> Steps:
        """An awaitable that runs the coroutine as part of the request and times each step."""
        return Steps(coroutine, request, self)

    def work(self, request: Request) -> None:
        """This thread works for the request until ``finish``."""
        thread = request.thread = _thread()
        self.active[thread] = request
        request.started_cpu_ns = _thread_clock()

    def rest(self, request: Request) -> None:
        """The thread no longer works for the request; a server may close an answer in another."""
        thread = request.thread
        if thread == _thread():
            request.cpu_ns += _thread_clock() - request.started_cpu_ns
        self.active.pop(thread, None)

    def finish(self, request: Request) -> None:
        """The request is over: sum it up and put it where the next batch is taken from."""
        if request.done:
            return
        request.done = True
        CURRENT.set(None)
        self.open.discard(request)
        now = _clock()
        if request.holds:
            request.close_holds(now)
        if request.elsewhere_ns:
            request.cpu_ns += sum(request.elsewhere_ns)
        self._outbox.put(request, (request.answered_ns or now) - request.started_ns)

    def carry(self, request: Request, site: str) -> Carried:
        """A context in which another thread works for the request, handed over at ``site``."""
        return Carried(self, request, site)

    def site(self) -> str:
        """The application's line that led to the caller; on a helper thread, the one before."""
        found = self.sites.caller()
        if not found:
            request = current()
            if request is not None and request.sites:
                found = request.sites.get(_thread(), "")
        return found

    # --- Itself ---------------------------------------------------------------------------------

    def fault(self, error: BaseException) -> None:
        """Something in telemetry itself failed: count it, and keep the first one's words."""
        self.pulse.fault(error)

    def heed(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch how late this loop runs; called in its thread."""
        self.heartbeats.append(Heartbeat(loop, self.pulse))

    def seen(self, stacks: list[StackSample]) -> None:
        """The sampler's stacks since the last time."""
        if stacks:
            self._outbox.put_stacks(stacks)

    def flush(self) -> None:
        """Send what there is, without waiting."""
        self._outbox.flush()

    def close(self) -> None:
        """Send what there is and stop the background thread."""
        background, self._background = self._background, None
        if background is not None:
            background.stop()
        for beat in self.heartbeats:
            beat.stop()
        self._collector.remove()
        self._outbox.close()
        atexit.unregister(self.close)

    def hook(self, module: ModuleType, name: str) -> None:
        """Install the hook of a driver that the application has just imported."""
        try:
            load(name).install(module, self)
            self.pulse.hooks.append(name)
        except Exception as error:  # noqa: BLE001 - a driver of another make must still import
            self.fault(error)

    def _start(self) -> None:
        with self._starting:
            if self._background is not None:
                return
            self._outbox.open(os.getpid())
            self._collector.install()
            background = Background(self)
            background.start()
            self._background = background
            atexit.register(self.close)

    def forked(self) -> None:
        """In a child: nothing of the parent's requests, thread or socket is ours."""
        self._starting = threading.Lock()
        background, self._background = self._background, None
        if background is not None:
            background.abandon()
        self.active = {}
        self.open = set()
        self.heartbeats = []
        self.pulse.reset()
        self._outbox.forked()
        if self._totals is not None:
            self._totals.clear()


class Carried:
    """Another thread at work for a request; its CPU is the request's."""

    __slots__ = ("_before", "_cpu_ns", "_recorder", "_request", "_site", "_token")

    def __init__(self, recorder: Recorder, request: Request, site: str) -> None:
        self._recorder = recorder
        self._request = request
        self._site = site

    def __enter__(self) -> None:
        thread = _thread()
        request = self._request
        self._token = CURRENT.set(request)
        active = self._recorder.active
        self._before = active.get(thread)
        active[thread] = request
        if self._site:
            if request.sites is None:
                request.sites = {}
            request.sites[thread] = self._site
        self._cpu_ns = _thread_clock()

    def __exit__(self, *_: object) -> None:
        used = _thread_clock() - self._cpu_ns
        thread = _thread()
        if self._before is None:
            self._recorder.active.pop(thread, None)
            if self._request.elsewhere_ns is None:
                self._request.elsewhere_ns = []
            self._request.elsewhere_ns.append(used)
        else:
            self._recorder.active[thread] = self._before
        if self._request.sites is not None:
            self._request.sites.pop(thread, None)
        CURRENT.reset(self._token)


def install(options: Options) -> Recorder:
    """Prepare this process: hooks wait for their drivers, nothing is started yet.

    Call it before the application is imported.
    """
    recorder = Recorder(options)
    if options.records:
        watch = ImportWatch(
            {
                module: lambda loaded, name=name: recorder.hook(loaded, name)  # type: ignore[misc]
                for name, module in HOOKS.items()
            }
        )
        watch.install()
        os.register_at_fork(after_in_child=recorder.forked)
    return recorder
