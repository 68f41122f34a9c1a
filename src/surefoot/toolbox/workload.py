"""Which requests to send to an application: its workload file's, or those of its own pages."""

from __future__ import annotations

import os
from collections.abc import Callable
from urllib.parse import urlsplit

from surefoot.config import Settings
from surefoot.errors import UsageError, WorkloadError
from surefoot.toolbox.load import Workload, parse_workload, read_workload
from surefoot.toolbox.target import Application
from surefoot.toolbox.workloads.draft import Draft
from surefoot.toolbox.workloads.make import Wish, draft
from surefoot.toolbox.workloads.place import Place

__all__ = ["whole_workload_for", "workload_for", "workload_for_url"]

Say = Callable[[str], None]

_FROM_OUTSIDE = (
    "measured from outside: routes, statements and lines of code cannot be seen; "
    "`surefoot measure TARGET` starts the application itself and names them"
)


async def workload_for(
    application: Application, settings: Settings, say: Say
) -> tuple[Workload, tuple[str, ...]]:
    """The workload to measure with, and what has to be said about it.

    Requests that write are left out unless the data is disposable.

    Raises:
        WorkloadError: The file cannot be used, or nothing is left to send.
    """
    workload, said = await whole_workload_for(application, settings, say)
    notes = list(said)
    workload = _readable(workload, settings, notes)
    return workload, tuple(notes)


async def whole_workload_for(
    application: Application, settings: Settings, say: Say
) -> tuple[Workload, tuple[str, ...]]:
    """The workload with the requests that write, and what has to be said about it.

    Raises:
        WorkloadError: The file cannot be used, or nothing is left to send.
    """
    file = settings.config.workload.file
    if file.endswith(".py"):
        wish = Wish(str(settings.path(file)))
        made = await draft(wish, Place(settings, application), say)
        return _recorded(made), (f"recorded from {made.source}", *made.notes)
    if file:
        return read_workload(settings.path(file)), ()
    found = await draft(Wish(), Place(settings, application), say)
    if not found.count:
        raise WorkloadError(
            "none of the application's pages answered 200 to a plain GET",
            do="write a workload file and name it with --workload",
        )
    note = (
        f"no workload file: {found.count} pages found by routes and links, "
        "each asked for equally often"
    )
    return parse_workload(found.document(), "the application's own pages"), (note,)


def _recorded(made: Draft) -> Workload:
    """The workload of a draft that stays in this process, its secrets in their places."""
    document = made.document()
    document["data"] = document.get("data", {}) | dict(made.private)
    return parse_workload(document, made.source, environ={**os.environ, **made.secrets})


def workload_for_url(url: str, settings: Settings) -> tuple[Workload, tuple[str, ...]]:
    """The workload for a black box: its file's, or the one page that ``url`` names.

    Raises:
        WorkloadError: The file cannot be used, or nothing is left to send.
        UsageError: The URL is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{url} is no URL", do="write http://127.0.0.1:8000")
    notes = [_FROM_OUTSIDE]
    file = settings.config.workload.file
    if file:
        workload = read_workload(settings.path(file))
    else:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        workload = parse_workload({"request": [{"path": path}]}, url)
        notes.append(f"no workload file: GET {path} alone was asked for")
    workload = _readable(workload, settings, notes)
    return workload, tuple(notes)


def _readable(workload: Workload, settings: Settings, notes: list[str]) -> Workload:
    if settings.config.data.disposable or not workload.writes:
        return workload
    notes.append(
        f"left out because they write: {', '.join(workload.writes)} "
        "(set [data] disposable = true to send them)"
    )
    return workload.without(workload.writes)
