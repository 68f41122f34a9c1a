"""Ctrl-C and its relatives: the first asks for an end, the second for an end at once."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

__all__ = ["ending_signals", "interrupt_on_signals", "signals_held"]

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _Interrupt:
    """A handler that raises ``KeyboardInterrupt`` and remembers that it did.

    Python drops an exception that is raised in a destructor or a weak reference's callback, as the
    import system has them: 1 Ctrl-C in 270 was lost that way during the start.
    """

    def __init__(self) -> None:
        self.received: list[int] = []

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        self.received.append(number)
        raise KeyboardInterrupt


def interrupt_on_signals() -> None:
    """Let SIGINT and SIGTERM raise ``KeyboardInterrupt``, so that every ``finally`` runs.

    What is lost on the way is made up for by ``ending_signals``.
    """
    handler = _Interrupt()
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, handler)


@contextmanager
def ending_signals(first: Callable[[], object], more: Callable[[], object]) -> Iterator[list[int]]:
    """Call ``first`` on the first signal that asks for an end and ``more`` on each later one.

    Inside a running loop, on the main thread. A SIGHUP that was ignored (nohup) stays ignored.

    Yields:
        The signals received so far.
    """
    loop = asyncio.get_running_loop()
    before = signal.getsignal(signal.SIGTERM)
    received: list[int] = []

    def on_signal(number: int) -> None:
        received.append(number)
        (first if len(received) == 1 else more)()

    handled = [s for s in _ENDING if s != signal.SIGHUP or signal.getsignal(s) != signal.SIG_IGN]
    for number in handled:
        loop.add_signal_handler(number, on_signal, number)
    for lost in before.received if isinstance(before, _Interrupt) else ():
        on_signal(lost)
    try:
        yield received
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


@contextmanager
def signals_held() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait for the end of the block, a process being started say."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        received.append(number)

    before = {held: signal.signal(held, hold) for held in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for held, handler in before.items():
            signal.signal(held, handler)
        for number in received:
            signal.raise_signal(number)
