"""A workload from a locustfile: it is run for a moment, and what its users send is recorded."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from surefoot.config import Settings
from surefoot.errors import RefusedError, UsageError
from surefoot.toolbox.data import Copies, copies
from surefoot.toolbox.data.reached import reached
from surefoot.toolbox.load.reading import parse_workload
from surefoot.toolbox.load.template import literal
from surefoot.toolbox.target import Application, Route
from surefoot.toolbox.workloads.draft import Draft
from surefoot.toolbox.workloads.locust import find_locust, record
from surefoot.toolbox.workloads.place import Place
from surefoot.toolbox.workloads.recording import from_recording

__all__ = ["from_locustfile"]

_COPY: Final = "recording"


async def from_locustfile(
    file: Path, place: Place, say: Callable[[str], None], *, writes: bool = False
) -> Draft:
    """A draft of what the file's users send, recorded on a copy of the data where there is one.

    Args:
        file: Absolute.
        place: The application.
        say: Is told how far it is.
        writes: Whether what runs already at a URL may be written to.

    Raises:
        UsageError: The application is not named, or may not be written to.
        RefusedError: There is no data that may be written to.
        InterpreterError: Locust is not installed.
        WorkloadError: Nothing was sent that can be sent again.
    """
    if not place:
        raise UsageError(
            f"{file.name} is recorded on the running application, and none is named",
            do="name the application, or the URL of one that runs: --url",
        )
    if place.application is None:
        if not writes:
            raise UsageError(
                f"{file.name} may write to {place.url}: a locustfile is run as it is",
                do="say --writes if it may",
            )
        return await _recorded(file, place, os.environ, say)
    async with copies(place.application, place.settings, (_COPY,), say) as data:
        await _check_writable(file, data, place.settings, place.application)
        on_copy = replace(place, application=data.application(_COPY))
        return await _recorded(file, on_copy, place.application.environment, say)


async def _recorded(
    file: Path, place: Place, environment: Mapping[str, str], say: Callable[[str], None]
) -> Draft:
    own = [place.application.interpreter.path] if place.application else []
    python = await asyncio.to_thread(find_locust, [*own, Path(sys.executable)])
    async with place.running(tcp=True) as address:
        told = await record(python, file, str(address), environment, say)
    return from_recording(told, file.name, address.header, place.routes)


async def _check_writable(
    file: Path, data: Copies, settings: Settings, application: Application
) -> None:
    """Nothing is run on data that may not be written to.

    Raises:
        RefusedError: It is neither disposable nor a copy, or the copy is not what is used.
    """
    plain = {route.template for route in application.routes if _is_plain(route)}
    pages = [{"path": literal(path), "user": False} for path in sorted({"/", *plain})]
    looked = data.writable and await reached(
        data, _COPY, settings, parse_workload({"request": pages}, "the application's pages")
    )
    if not data.writable or (looked is False and not settings.config.data.disposable):
        raise RefusedError(
            f"{file.name} may write, and is run on no data that is needed: "
            + (
                f"the application did not open the copy that {data.variable} names"
                if data.writable
                else "; ".join(data.notes)
            ),
            do="set [data] url_env, so that a copy can be made, or [data] disposable = true",
        )


def _is_plain(route: Route) -> bool:
    return route.method == "GET" and not route.rule_parameters
