"""From what the user names to a draft: reads, asks the application where that helps, hands over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from surefoot.errors import UsageError, WorkloadError
from surefoot.toolbox.load.address import Address
from surefoot.toolbox.load.reading import parse_workload, read_tables
from surefoot.toolbox.load.workload import Workload
from surefoot.toolbox.workloads.access_log import from_log
from surefoot.toolbox.workloads.asker import Asker
from surefoot.toolbox.workloads.draft import Draft, Needed
from surefoot.toolbox.workloads.har import from_har
from surefoot.toolbox.workloads.jmeter import from_jmeter
from surefoot.toolbox.workloads.locustfile import from_locustfile
from surefoot.toolbox.workloads.openapi import from_openapi
from surefoot.toolbox.workloads.pages import from_pages
from surefoot.toolbox.workloads.place import Place
from surefoot.toolbox.workloads.source import Sort, opened, whole

__all__ = ["Say", "Wish", "draft"]

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """What to make a workload of, and what is wanted in it."""

    file: str = ""
    """A log, recording or description; ``-`` for standard input."""
    openapi: str = ""
    """Path at which the application itself serves its OpenAPI document."""
    host: str = ""
    """The application's name in a log or a recording; by default the one most asked for."""
    writes: bool = False
    """Whether requests that write are kept."""
    log_in: str = ""
    """A workload file whose log-in the visitor does first."""


async def draft(wish: Wish, place: Place, say: Say) -> Draft:
    """A draft of what is wished for.

    Raises:
        WorkloadError: The source cannot be read, or nothing is left to send.
        UsageError: The application is needed and not named.
        RefusedError: The log-in is refused.
    """
    if wish.log_in:
        _log_in(Path(wish.log_in))  # a mistake in it is told before anything is started
    made = await (_of_file(wish, place, say) if wish.file else _of_application(wish, place, say))
    return _logged_in(made, wish.log_in) if wish.log_in else made


async def _of_file(wish: Wish, place: Place, say: Say) -> Draft:
    say(f"reading {wish.file}")
    if wish.file.endswith(".py"):
        file = await asyncio.to_thread(_existing, wish.file)
        return await from_locustfile(file, place, say, writes=wish.writes)
    with opened(wish.file) as source:
        if source.sort is Sort.LOG:
            return from_log(source.text, source.name, place.routes, wish.host)
        sort, name, text = source.sort, source.name, whole(source)
    if sort is Sort.HAR:
        return from_har(text, name, place.routes, wish.host, writes=wish.writes)
    if sort is Sort.JMETER:
        return from_jmeter(text, name, wish.host, writes=wish.writes)
    if not place:
        return from_openapi(text, name, writes=wish.writes)
    return await _asking(
        wish, place, say, lambda asker: from_openapi(text, name, asker, writes=wish.writes)
    )


async def _of_application(wish: Wish, place: Place, say: Say) -> Draft:
    def made(asker: Asker) -> Draft:
        if not wish.openapi:
            return from_pages(asker, place.routes, f"the routes and pages of {place.name}")
        got = asker.get(wish.openapi)
        if got.status != 200:
            raise WorkloadError(
                f"{wish.openapi} {got.reason}",
                do="name the path of the application's OpenAPI document: --openapi /api/schema",
            )
        name = f"{wish.openapi} of {place.name}"
        return from_openapi(got.text, name, asker, writes=wish.writes)

    return await _asking(wish, place, say, made)


async def _asking(wish: Wish, place: Place, say: Say, made: Callable[[Asker], Draft]) -> Draft:
    def asked(address: Address) -> Draft:
        asker = Asker(address, say)
        if wish.log_in:
            asker.log_in(_log_in(Path(wish.log_in)))
        return made(asker)

    async with place.running() as address:
        return await asyncio.to_thread(asked, address)


def _log_in(file: Path) -> Workload:
    """A workload for its log-in alone; that it measures nothing is no fault here."""
    tables = read_tables(file)
    requests = tables.get("request", [])
    whole = requests if not isinstance(requests, list) else [*requests, {"path": "/"}]
    workload = parse_workload({**tables, "request": whole}, file.name, directory=file.parent)
    if not workload.login:
        raise UsageError(
            f"{file.name} holds no log-in", do="mark a request or a session with login = true"
        )
    return workload


def _logged_in(made: Draft, file: str) -> Draft:
    """The draft with the users and the log-in of a workload file, as they stand there."""
    tables = read_tables(Path(file))
    headers = tables.get("headers", {})
    single = [_with(headers, each) for each in tables.get("request", ()) if each.get("login")]
    log_in = [
        {**each, "request": [_with(headers, step) for step in each["request"]]}
        for each in tables.get("session", ())
        if each.get("login")
    ]
    data: dict[str, Any] = dict(tables.get("data", {}))
    if clash := sorted(data.keys() & made.data.keys()):
        raise UsageError(
            f"{file} and the application both name values {clash[0]}",
            do=f"call them otherwise in {file}",
        )
    beside = [Needed(v, f"as {file} has it, beside this") for v in data.values() if type(v) is str]
    return replace(
        made,
        needed=(*made.needed, *beside),
        requests=(*single, *made.requests),
        sessions=(*log_in, *made.sessions),
        users=tables.get("users", made.users),
        data=data | dict(made.data),
    )


def _with(headers: Mapping[str, str], request: Mapping[str, Any]) -> dict[str, Any]:
    """A request with the headers that its file gives to all."""
    own = {**headers, **request.get("headers", {})}
    return {**request, **({"headers": own} if own else {})}


def _existing(name: str) -> Path:
    file = Path(name).absolute()
    if not file.is_file():
        raise WorkloadError(f"there is no file {file}")
    return file
