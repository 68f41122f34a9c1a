"""From a workload file to a Workload; whatever is wrong with it is one line."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from surefoot.errors import WorkloadError
from surefoot.toolbox.load.data import numbers_in, read_data
from surefoot.toolbox.load.request_table import RequestReader
from surefoot.toolbox.load.table import Table
from surefoot.toolbox.load.workload import Flow, Workload

__all__ = ["parse_workload", "read_tables", "read_workload"]

_TOP: Final = ("users", "headers", "data", "request", "session")
_SESSION: Final = ("name", "weight", "login", "user", "think", "request")


def read_workload(path: Path, environ: Mapping[str, str] = os.environ) -> Workload:
    """The workload in a TOML file.

    Raises:
        WorkloadError: The file is missing, is no TOML, or says something that cannot be done.
    """
    return parse_workload(read_tables(path), path.name, directory=path.parent, environ=environ)


def read_tables(path: Path) -> dict[str, Any]:
    """The plain tables of a workload file.

    Raises:
        WorkloadError: The file is missing or is no TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkloadError(
            f"{path.name} is not valid TOML: {error}",
            do="of a log, a recording or a plan make one: surefoot workload --from FILE",
        ) from error
    except OSError as error:
        raise WorkloadError(f"the workload file {path} cannot be read: {error.strerror}") from error


def parse_workload(
    document: Mapping[str, Any],
    source: str,
    *,
    directory: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Workload:
    """The workload in plain tables, as TOML gives them.

    Args:
        document: The tables.
        source: What to call it in messages.
        directory: Where CSV files are looked for; the working directory if not given.
        environ: What ``{env.NAME}`` stands for.

    Raises:
        WorkloadError: Something in it is unknown, of the wrong type or impossible.
    """
    top = Table(source, "", document, _TOP)
    given = top.child("data", known=None)
    data = read_data(given, directory or Path())
    reader = RequestReader(top.texts("headers"), data, environ, numbers_in(given))
    users = top.number("users", 0.0, low=0, high=100_000, whole=True)
    singles = [_single(table, reader) for table in top.children("request", reader.keys)]
    sessions = [_session(table, reader) for table in top.children("session", _SESSION)]
    found = [*singles, *sessions]
    reader.check_names(source)
    login = tuple(flow for flow, is_login in found if is_login)
    if login and not users:
        raise WorkloadError(
            f"{source}: something is marked login = true, but there are no users",
            do="say how many at the top of the file: users = 50",
        )
    flows = tuple(flow for flow, is_login in found if not is_login)
    return Workload(source, flows, login, int(users), data)


def _single(table: Table, reader: RequestReader) -> tuple[Flow, bool]:
    request = reader.read(table)
    login = table.flag("login", default=False)
    flow = Flow(
        name=request.name,
        steps=(request,),
        weight=table.number("weight", 1.0, low=0, high=1e9),
        as_user=table.flag("user", default=True),
    )
    return flow, login


def _session(table: Table, reader: RequestReader) -> tuple[Flow, bool]:
    think = table.think("think", (0.0, 0.0))
    steps = [reader.read(step, think) for step in table.children("request", reader.step_keys)]
    if not steps:
        raise table.error("", "has no [[session.request]]")
    flow = Flow(
        name=table.text("name", " > ".join(step.name for step in steps)),
        steps=tuple(steps),
        weight=table.number("weight", 1.0, low=0, high=1e9),
        session=True,
        as_user=table.flag("user", default=True),
    )
    return flow, table.flag("login", default=False)
