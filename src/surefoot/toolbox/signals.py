"""Ctrl-C and its relatives: the first asks for an end, the second for an end at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

__all__ = ["ending_signals", "term_interrupts"]

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_signals(first: Callable[[], object], more: Callable[[], object]) -> Iterator[list[int]]:
    """Call ``first`` on the first signal that asks for an end and ``more`` on each later one.

    Inside a running loop, on the main thread. A SIGHUP that was ignored (nohup) stays ignored.

    Yields:
        The signals received so far.
    """
    loop = asyncio.get_running_loop()
    received: list[int] = []

    def on_signal(number: int) -> None:
        received.append(number)
        (first if len(received) == 1 else more)()

    handled = [s for s in _ENDING if s != signal.SIGHUP or signal.getsignal(s) != signal.SIG_IGN]
    for number in handled:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield received
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


def term_interrupts() -> None:
    """Let SIGTERM raise ``KeyboardInterrupt``, so that every ``finally`` runs before the end."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
