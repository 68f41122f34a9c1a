"""What ``surefoot run`` shows: one table of what runs and where, and what it prints."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TextIO

from surefoot.cli.console import Console
from surefoot.toolbox.serving.service import Service
from surefoot.toolbox.stack.keeper import Event, sentence

__all__ = ["Screen", "screen_for"]

_HEADS = ("replica", "pid", "worker", "answers at", "state")


class Screen(Protocol):
    """Shows what runs."""

    def up(self, service: Service) -> None:
        """All replicas are ready."""

    def event(self, event: Event) -> None:
        """Something happened to one."""


@contextmanager
def screen_for(console: Console) -> Iterator[Screen]:
    """The screen that fits standard output: a living table on a terminal, else plain lines."""
    if not sys.stdout.isatty():
        yield PlainScreen(console, sys.stdout)
        return
    # Late: a run without a terminal needs no rich.
    from rich.live import Live  # noqa: PLC0415

    with Live(auto_refresh=False) as live:
        yield LiveScreen(console, live)


def _about(service: Service) -> tuple[str, str]:
    release = service.supervisor.release
    application = release.application
    framework = f"{application.framework} {application.framework_version}".strip()
    title = application.target + (f" ({framework})" if framework else "")
    title += " in debug mode" if application.debug else ""
    threads = release.config.server.threads
    each = f", {threads} threads each" if application.interface == "wsgi" else ""
    return title, f"{application.server}{each}; {application.interpreter}"


def _rows(service: Service) -> list[tuple[str, ...]]:
    return [
        (
            unit.name,
            str(unit.replica.pid),
            str(unit.replica.worker() or "-"),
            unit.replica.address,
            unit.state.value,
        )
        for unit in service.supervisor.units.values()
    ]


def _keep(event: Event, early: list[str]) -> None:
    # Until all are up nothing is shown: a start that fails ends in one error that has it all.
    if event.what == "output":
        early.append(sentence(event))


class PlainScreen:
    """Lines, for files and pipes; a reader that has gone away stops them, not the run."""

    def __init__(self, console: Console, stream: TextIO) -> None:
        self._console = console
        self._stream: TextIO | None = stream
        self._service: Service | None = None
        self._early: list[str] = []

    def up(self, service: Service) -> None:
        """Write the table."""
        self._service = service
        title, server = _about(service)
        front = service.address
        self._write(f"{title} answers at http://{front}", f"  {server}", *_table(service))
        self._write(*self._early)

    def event(self, event: Event) -> None:
        """Write one line, and the table again when a process has changed."""
        if self._service is None:
            _keep(event, self._early)
            return
        self._write(sentence(event))
        if event.what in {"up", "died"}:
            self._write(*_table(self._service))

    def _write(self, *lines: str) -> None:
        self._console.close()
        if self._stream is None:
            return
        try:
            self._stream.write("".join(line + "\n" for line in lines))
            self._stream.flush()
        except BrokenPipeError:
            self._stream = None


def _table(service: Service) -> list[str]:
    rows = [_HEADS, *_rows(service)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADS))]
    return ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


class LiveScreen:
    """A table that stays below what the application prints."""

    def __init__(self, console: Console, live: Any) -> None:
        self._console = console
        self._live = live
        self._service: Service | None = None
        self._early: list[str] = []

    def up(self, service: Service) -> None:
        """Draw the table for the first time."""
        self._console.close()
        self._service = service
        for line in self._early:
            self._print(line)
        self._draw(service)

    def event(self, event: Event) -> None:
        """Write one line above the table; draw that again when a process has changed."""
        if self._service is None:
            _keep(event, self._early)
            return
        self._print(sentence(event))
        if event.what != "output":
            self._draw(self._service)

    def _print(self, line: str) -> None:
        self._live.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _draw(self, service: Service) -> None:
        from rich.box import SIMPLE  # noqa: PLC0415 - only on a terminal
        from rich.console import Group  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        title, server = _about(service)
        table = Table(*_HEADS, box=SIMPLE, padding=(0, 1))
        for row in _rows(service):
            table.add_row(*map(Text, row))
        head = Text.assemble((f"http://{service.address}", "bold"), f"  {title}")
        foot = Text("Ctrl-C stops it; twice, without waiting for requests", style="dim")
        self._live.update(Group(head, Text(server), table, foot), refresh=True)
