"""Tries something again and again beside the requests, until it goes well."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

__all__ = ["Trials"]

_STOP_SECONDS: Final = 1.0


class Trials:
    """A thread that is there only while it is needed.

    Args:
        pause: Seconds until the next attempt.
        attempt: Whether it went well.
    """

    def __init__(self, pause: Callable[[], float], attempt: Callable[[], bool]) -> None:
        self._pause = pause
        self._attempt = attempt
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()

    def ensure(self) -> None:
        """Begin, unless it is going on."""
        thread = self._thread
        if thread is not None and thread.is_alive():
            return
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._stopping = threading.Event()
                self._thread = threading.Thread(
                    target=self._run, args=(self._stopping,), name="surefoot-trials", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """End it; waits for it at most a second."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(_STOP_SECONDS)

    def abandon(self) -> None:
        """Forget it: it runs in a parent process."""
        self._thread, self._lock = None, threading.Lock()

    def _run(self, stopping: threading.Event) -> None:
        while not stopping.wait(self._pause()):
            if self._attempt():
                return
