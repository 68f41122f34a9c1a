"""A workload from a HAR file: what a browser asked one application for, as one session.

The format is that of http://www.softwareishard.com/blog/har-12-spec/, as browsers write it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from surefoot.errors import WorkloadError
from surefoot.toolbox.target import Route
from surefoot.toolbox.workloads.draft import Draft
from surefoot.toolbox.workloads.log_line import clean_target
from surefoot.toolbox.workloads.mix import Writer, kinds
from surefoot.toolbox.workloads.paths import as_it_is, by_routes
from surefoot.toolbox.workloads.seen import Answer, Fields, Seen, Visit
from surefoot.toolbox.workloads.visit import (
    Left,
    kept_headers,
    log_in_steps,
    sendable,
    with_thinks,
    without_known_cookies,
)

__all__ = ["from_har", "read_har"]

_USERS: Final = 50
_CACHED: Final = frozenset({"memory", "disk"})


def read_har(text: str, name: str) -> list[Seen]:
    """The requests of a HAR file that were answered by a server, in the order they were sent.

    Raises:
        WorkloadError: It is no HAR file.
    """
    try:
        entries = json.loads(text)["log"]["entries"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WorkloadError(
            f"{name} is no HAR file: {type(error).__name__}",
            do="save the browser's network panel as HAR with content",
        ) from None
    if not isinstance(entries, list):
        raise WorkloadError(f"{name} is no HAR file: log.entries is no list")
    found = [seen for entry in entries if (seen := _seen(entry)) is not None]
    return sorted(found, key=lambda seen: seen.at)


def from_har(
    text: str,
    name: str,
    routes: tuple[Route, ...] = (),
    host: str = "",
    *,
    writes: bool = False,
) -> Draft:
    """A draft of one session from a HAR file.

    Args:
        text: Of the file.
        name: What to call it.
        routes: The application's; what none of them serves is left out.
        host: The application's as the browser knew it; by default the first page's.
        writes: Whether requests that write are kept besides the log-in.

    Raises:
        WorkloadError: It is no HAR file, or nothing is left to send.
    """
    every = read_har(text, name)
    left = Left()
    visit = with_thinks(without_known_cookies(_of_host(every, host.lower(), left, name)))
    grouping = by_routes(routes) if routes else as_it_is
    log_in = log_in_steps(visit)
    kept = sendable(visit, grouping, left, writes=writes, log_in=log_in)
    return _drafted(visit, kept, [at for at in log_in if at in kept], left, name)


def _drafted(
    visit: Sequence[Seen], kept: Sequence[int], log_in: Sequence[int], left: Left, name: str
) -> Draft:
    first = tuple(visit[at] for at in log_in)
    rest = tuple(visit[at] for at in kept if at not in log_in)
    if not rest:
        raise WorkloadError(f"{name}: nothing is left to send", do=left.said() or "record a page")
    writer = Writer()
    before = tuple(seen.answer for seen in first)
    (kind,) = kinds([Visit(rest, before)], as_it_is)
    sessions: list[dict[str, Any]] = [{"request": writer.steps(kind)}]
    notes = ["One visit as it was recorded: every visitor asks for the same addresses."]
    if first:
        (kind,) = kinds([Visit(first)], as_it_is)
        sessions.insert(0, {"login": True, "request": writer.first_steps(kind)})
        notes.append(f"{_USERS} users log in with the one account that was recorded.")
    return writer.draft(
        name,
        sessions=tuple(sessions),
        users=_USERS if first else 0,
        notes=tuple(notes),
        left_out=left.found(),
    )


def _of_host(every: Sequence[Seen], host: str, left: Left, name: str) -> list[Seen]:
    wanted = host or _first_host(every)
    kept = []
    for seen in every:
        if seen.host == wanted:
            kept.append(seen)
        else:
            left.add(seen.host, f"another host than {wanted}")
    if not kept:
        hosts = ", ".join(sorted({seen.host for seen in every}))
        raise WorkloadError(
            f"{name} holds no request to {wanted or 'any host'}",
            do=f"hosts in it: {hosts or 'none'}; choose one with --host",
        )
    return kept


def _first_host(every: Sequence[Seen]) -> str:
    """That of the first page, or of whatever was asked for first."""
    pages = [seen for seen in every if "html" in seen.answer.header("content-type")]
    return (pages or every)[0].host if every else ""


# --- One entry; whatever is not as the format says counts as not there ----------------------------


def _seen(entry: Any) -> Seen | None:
    request, response = _table(entry, "request"), _table(entry, "response")
    url = request.get("url")
    if not isinstance(url, str) or _table(entry).get("_fromCache") in _CACHED:
        return None
    host, target = clean_target(url)
    status = response.get("status")
    status = status if isinstance(status, int) and 100 < status < 600 else 0
    method = str(request.get("method", "GET")).upper()
    if not (host and target and re.fullmatch("[A-Z]+", method)) or status == 101:
        return None
    kind, body = _posted(_table(request, "postData"))
    return Seen(
        method=method,
        target=target,
        status=status,
        at=_moment(_table(entry).get("startedDateTime")),
        seconds=_seconds(_table(entry).get("time")),
        host=_without_port(url, host),
        headers=kept_headers(_pairs(request, "headers")),
        body=body,
        content_type=kind,
        answer=Answer(_pairs(response, "headers"), _content(_table(response, "content"))),
    )


def _table(value: Any, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _pairs(table: Mapping[str, Any], key: str) -> Fields:
    rows = table.get(key)
    pairs = [
        (row.get("name"), row.get("value"))
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, Mapping)
    ]
    return tuple((n, v) for n, v in pairs if isinstance(n, str) and isinstance(v, str))


def _without_port(url: str, host: str) -> str:
    default = {"http": ":80", "https": ":443"}[urlsplit(url).scheme]
    return host.lower().removesuffix(default)


def _posted(data: Mapping[str, Any]) -> tuple[str, str]:
    kind, text = data.get("mimeType"), data.get("text")
    kind = kind if isinstance(kind, str) else ""
    if isinstance(text, str) and text:
        return kind, text
    return kind, urlencode(_pairs(data, "params"))


def _content(content: Mapping[str, Any]) -> str:
    text = content.get("text")
    if not isinstance(text, str):
        return ""
    if content.get("encoding") != "base64":
        return text
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _moment(value: Any) -> float:
    try:
        return datetime.fromisoformat(value).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0


def _seconds(value: Any) -> float:
    is_time = isinstance(value, int | float) and 0 <= value < 3.6e6
    return value / 1000 if is_time else 0.0
