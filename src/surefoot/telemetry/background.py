"""The one thread of a worker that samples, watches the loop and sends."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, Final

from surefoot.telemetry.sampler import Sampler

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

__all__ = ["Background"]

_FLUSH_NS: Final = 40_000_000
_STACKS_NS: Final = 200_000_000
_STOP_SECONDS: Final = 1.0


class Background:
    """Ticks at the sampling rate, and flushes every 40 ms."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        hertz = recorder.options.sample_hz
        self._sampler = Sampler(recorder) if hertz > 0 else None
        self._pause = 1 / hertz if hertz > 0 else _FLUSH_NS / 1e9
        self._stacks_due_ns = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="surefoot", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits for it at most a second."""
        self._stopping.set()
        if self._thread is not threading.current_thread():
            self._thread.join(_STOP_SECONDS)

    def abandon(self) -> None:
        """In a forked child, where the thread does not exist: give back what it had opened."""
        if self._sampler is not None:
            self._sampler.close()

    def _flush(self, now_ns: int) -> None:
        if self._sampler is not None and now_ns >= self._stacks_due_ns:
            self._stacks_due_ns = now_ns + _STACKS_NS
            self._recorder.seen(self._sampler.take())
        self._recorder.flush()

    def _run(self) -> None:
        flush_ns = 0
        while True:
            # Uneven, so as not to keep step with an application that repeats itself.
            pause = self._pause * random.uniform(0.7, 1.3)  # noqa: S311
            due_ns = time.perf_counter_ns() + int(pause * 1e9)
            if self._stopping.wait(pause):
                break
            try:
                if self._sampler is not None:
                    self._sampler.tick(due_ns)
                now = time.perf_counter_ns()
                if now >= flush_ns:
                    flush_ns = now + _FLUSH_NS
                    self._flush(now)
                self._recorder.pulse.own_ns = time.thread_time_ns()
            except Exception as error:  # noqa: BLE001 - the thread must outlive what one tick met
                self._recorder.fault(error)
        if self._sampler is not None:
            self._recorder.seen(self._sampler.take())
            self._sampler.close()
