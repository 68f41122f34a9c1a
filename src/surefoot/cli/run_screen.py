"""What ``surefoot run`` shows: one table of what runs and where, and what it prints."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

from surefoot.cli.console import Console
from surefoot.config import Settings
from surefoot.toolbox.stack import Event, Stack
from surefoot.toolbox.target import Application

__all__ = ["Screen", "screen_for"]

_HEADS = ("replica", "pid", "worker", "answers at", "restarts")


class Screen(Protocol):
    """Shows a stack while it runs."""

    def up(self, stack: Stack) -> None:
        """All replicas answer."""

    def event(self, event: Event) -> None:
        """Something happened to one."""


@contextmanager
def screen_for(application: Application, settings: Settings, console: Console) -> Iterator[Screen]:
    """The screen that fits standard output: a living table on a terminal, else plain lines."""
    about = _about(application, settings)
    if not sys.stdout.isatty():
        yield PlainScreen(about, console, sys.stdout)
        return
    # Late: a run without a terminal needs no rich.
    from rich.live import Live  # noqa: PLC0415

    with Live(auto_refresh=False) as live:
        yield LiveScreen(about, console, live)


def _about(application: Application, settings: Settings) -> tuple[str, str]:
    framework = f"{application.framework} {application.framework_version}".strip()
    title = application.target + (f" ({framework})" if framework else "")
    title += " in debug mode" if application.debug else ""
    threads = settings.config.server.threads
    each = f", {threads} threads each" if application.interface == "wsgi" else ""
    return title, f"{application.server}{each}; {application.interpreter}"


def _rows(stack: Stack) -> list[tuple[str, ...]]:
    return [
        (
            replica.name,
            str(replica.pid),
            str(replica.worker() or "-"),
            replica.address,
            str(replica.restarts),
        )
        for replica in stack.replicas
    ]


def _sentence(event: Event) -> str:
    who = f"replica {event.replica}"
    return {
        "up": f"{who} is up",
        "died": f"{who} died ({event.text}) and is started again",
        "worker died": f"{who}: its worker died and was started again",
        "gave up": f"{who} dies as often as it is started ({event.text})",
    }.get(event.what, f"{event.replica} | {event.text}")


def _keep(event: Event, early: list[str]) -> None:
    # Until all are up nothing is shown: a start that fails ends in one error that has it all.
    if event.what == "output":
        early.append(_sentence(event))


class PlainScreen:
    """Lines, for files and pipes; a reader that has gone away stops them, not the run."""

    def __init__(self, about: tuple[str, str], console: Console, stream: TextIO) -> None:
        self._about = about
        self._console = console
        self._stream: TextIO | None = stream
        self._stack: Stack | None = None
        self._early: list[str] = []

    def up(self, stack: Stack) -> None:
        """Write the table."""
        self._stack = stack
        title, server = self._about
        self._write(f"{title} answers at http://{stack.front}", f"  {server}", *_table(stack))
        self._write(*self._early)

    def event(self, event: Event) -> None:
        """Write one line, and the table again when a process has changed."""
        if self._stack is None:
            _keep(event, self._early)
            return
        self._write(_sentence(event))
        if event.what in {"up", "worker died"}:
            self._write(*_table(self._stack))

    def _write(self, *lines: str) -> None:
        self._console.close()
        if self._stream is None:
            return
        try:
            self._stream.write("".join(line + "\n" for line in lines))
            self._stream.flush()
        except BrokenPipeError:
            self._stream = None


def _table(stack: Stack) -> list[str]:
    rows = [_HEADS, *_rows(stack)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


class LiveScreen:
    """A table that stays below what the application prints."""

    def __init__(self, about: tuple[str, str], console: Console, live: Any) -> None:
        self._about = about
        self._console = console
        self._live = live
        self._stack: Stack | None = None
        self._early: list[str] = []

    def up(self, stack: Stack) -> None:
        """Draw the table for the first time."""
        self._console.close()
        self._stack = stack
        for line in self._early:
            self._print(line)
        self._draw(stack)

    def event(self, event: Event) -> None:
        """Write one line above the table; draw that again when a process has changed."""
        if self._stack is None:
            _keep(event, self._early)
            return
        self._print(_sentence(event))
        if event.what != "output":
            self._draw(self._stack)

    def _print(self, line: str) -> None:
        self._live.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _draw(self, stack: Stack) -> None:
        from rich.box import SIMPLE  # noqa: PLC0415 - only on a terminal
        from rich.console import Group  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        title, server = self._about
        table = Table(*_HEADS, box=SIMPLE, padding=(0, 1))
        for row in _rows(stack):
            table.add_row(*map(Text, row))
        head = Text.assemble((f"http://{stack.front}", "bold"), f"  {title}")
        foot = Text("Ctrl-C stops it; twice, without waiting for requests", style="dim")
        self._live.update(Group(head, Text(server), table, foot), refresh=True)
