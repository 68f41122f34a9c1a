"""One call of a check, in a thread or in the event loop that serves."""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from surefoot.core.health import Outcome, without_secrets
from surefoot.health.checks import Check
from surefoot.units import format_duration

if TYPE_CHECKING:
    import asyncio

__all__ = ["Call", "Clock"]

Clock = Callable[[], float]
"""Seconds that never go back."""


class Call:
    """A call that has begun; whoever is interested waits for its ``ended``.

    Args:
        check: What is called.
        clock: Tells the time.
        loop: The running loop, if there is one.
    """

    __slots__ = ("_clock", "_task", "began", "check", "ended")

    def __init__(self, check: Check, clock: Clock, loop: asyncio.AbstractEventLoop | None) -> None:
        self.check = check
        self.began = clock()
        self.ended: Future[tuple[float, str]] = Future()
        """When, and the error; empty where there was none."""
        self._clock = clock
        # The loop itself holds tasks weakly.
        self._task: asyncio.Task[Any] | None = None
        # Nobody who waits may take it back: it goes on.
        self.ended.set_running_or_notify_cancel()
        if loop is not None and check.asynchronous:
            self._in_loop(loop)
        else:
            self._in_thread()

    @property
    def deadline(self) -> float:
        """When it has failed without having ended."""
        return self.began + self.check.timeout

    def outcome(self) -> Outcome:
        """How it went, or goes."""
        check, limit = self.check, format_duration(self.check.timeout)
        if not self.ended.done():
            took, error = self._clock() - self.began, f"no answer within {limit}"
        else:
            ended, error = self.ended.result()
            took = ended - self.began
            if took > check.timeout:
                error = error or f"answered after {format_duration(took)}, not within {limit}"
        return Outcome(check.name, check.hard, took, error)

    def _in_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        # A context of its own: what it does is no part of the request that happens to ask.
        task = loop.create_task(_awaited(self.check), context=contextvars.Context())
        self._task = task
        timer = loop.call_later(self.check.timeout, task.cancel)

        def done(task: asyncio.Task[str]) -> None:
            timer.cancel()
            if task.cancelled():
                limit = format_duration(self.check.timeout)
                self._end(f"no answer within {limit}")
            else:
                self._end(task.result())

        task.add_done_callback(done)

    def _in_thread(self) -> None:
        name = f"surefoot-health-{self.check.name}"
        try:
            threading.Thread(target=self._run, name=name, daemon=True).start()
        except RuntimeError as error:
            # There can be no more threads.
            self._end(_said(error))

    def _run(self) -> None:
        try:
            error = _run_coroutine(self.check) if self.check.asynchronous else _called(self.check)
        finally:
            _give_back()
        self._end(error)

    def _end(self, error: str) -> None:
        self.ended.set_result((self._clock(), error))


def _called(check: Check) -> str:
    try:
        return _judged(check.function())
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the check that failed
        return _said(error)


async def _awaited(check: Check) -> str:
    try:
        return _judged(await check.function())
    except Exception as error:  # noqa: BLE001 - as above
        return _said(error)


def _run_coroutine(check: Check) -> str:
    # Late: a worker that serves without a loop has none of it.
    import asyncio  # noqa: PLC0415

    async def bounded() -> str:
        async with asyncio.timeout(check.timeout):
            return await _awaited(check)

    called: Coroutine[Any, Any, str] = bounded()
    try:
        return asyncio.run(called)
    except TimeoutError:
        return f"no answer within {format_duration(check.timeout)}"


def _judged(returned: object) -> str:
    return "it returned False" if returned is False else ""


def _said(error: BaseException) -> str:
    return without_secrets(f"{type(error).__name__}: {error}".removesuffix(": "))


def _give_back() -> None:
    """Close what a check has opened with Django: a connection is of its thread, and this one ends.

    Nobody else would before the thread's values are collected.
    """
    database: Any = sys.modules.get("django.db")
    if database is None:
        return
    try:
        database.connections.close_all()
    except Exception as error:  # noqa: BLE001 - the check itself has been judged
        sys.stderr.write(f"surefoot: a check's connection does not close: {error!r}\n")
