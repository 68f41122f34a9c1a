"""A workload from what the users of a locustfile sent while it ran for a moment.

Not locust but its requests are replayed. Locust's users wait for their answers, so they cannot hold
a rate, and a request costs it many times what it costs Surefoot's generator on the same machine:
what would be measured is locust.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from surefoot import units
from surefoot.errors import WorkloadError
from surefoot.toolbox.target import Route
from surefoot.toolbox.workloads.correlate import set_cookies
from surefoot.toolbox.workloads.draft import Draft
from surefoot.toolbox.workloads.log_line import clean_target
from surefoot.toolbox.workloads.mix import Kind, Writer, kinds
from surefoot.toolbox.workloads.paths import Grouping, by_routes, by_shape
from surefoot.toolbox.workloads.seen import Answer, Fields, Seen, Visit, is_write
from surefoot.toolbox.workloads.visit import (
    Left,
    kept_headers,
    sendable,
    without_known_cookies,
)

__all__ = ["Told", "from_recording", "parse_told"]

_USERS: Final = 50
_MOST_KINDS: Final = 200
_LONGEST_PAUSE: Final = 3600.0
# What a program draws from a range it draws evenly, and seldom leaves numbers out.
_SPARSEST: Final = 100


@dataclass(frozen=True, slots=True)
class Told:
    """One request of a user of locust."""

    seen: Seen
    user: int
    unit: int
    """Which of the user's tasks it belongs to; 0 for what comes before the first."""


def parse_told(line: str) -> Told | None:
    """What a line of the recorder says; ``None`` where it says nothing that can be used."""
    try:
        told = json.loads(line)
        host, target = clean_target(str(told["url"]))
        method = str(told["method"]).upper()
        if not target or not re.fullmatch("[A-Z]+", method):
            return None
        headers = _pairs(told["headers"])
        answer = Answer(_pairs(told["answer"]["headers"]), str(told["answer"]["body"]))
        seen = Seen(
            method=method,
            target=target,
            status=int(told["status"]),
            at=float(told["at"]),
            seconds=float(told["seconds"]),
            host=host,
            headers=kept_headers(headers),
            body=str(told["body"]),
            content_type=Answer(headers).header("content-type"),
            answer=answer,
            think=min(max(float(told["think"]), 0.0), _LONGEST_PAUSE),
        )
        return Told(seen, int(told["user"]), int(told["unit"]))
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None


def _pairs(rows: Any) -> Fields:
    return tuple((str(name), str(value)) for name, value in rows)


def from_recording(
    told: Sequence[Told], name: str, host: str, routes: tuple[Route, ...] = ()
) -> Draft:
    """A draft of each task as often as it was done, and of the users' log-in.

    Args:
        told: What the users sent.
        name: Of the locustfile.
        host: Where the application was, as ``name:port``.
        routes: The application's, to group addresses by; without them they are grouped by shape.

    Raises:
        WorkloadError: Nothing was sent that can be sent again.
    """
    left = Left()
    ours = [each for each in told if each.seen.host == host]
    for each in told:
        if each.seen.host != host:
            left.add(each.seen.host, f"another host than {host}")
    grouping = by_routes(routes) if routes else by_shape(each.seen.path for each in ours)
    users = [_User(each, grouping, left) for each in _by_user(ours)]
    return _drafted(users, grouping, left, name)


def _by_user(told: Iterable[Told]) -> list[list[Told]]:
    """Each user's requests in order, its cookies without those that its own answers set."""
    found: dict[int, list[Told]] = {}
    for each in sorted(told, key=lambda each: each.seen.at):
        found.setdefault(each.user, []).append(each)
    return [
        [replace(each, seen=seen) for each, seen in zip(mine, _bare(mine), strict=True)]
        for mine in found.values()
    ]


def _bare(told: Sequence[Told]) -> list[Seen]:
    return without_known_cookies([each.seen for each in told])


class _User:
    """What one user did: its start, if that may matter later, and its tasks."""

    def __init__(self, told: Sequence[Told], grouping: Grouping, left: Left) -> None:
        seen = [each.seen for each in told]
        units: dict[int, list[Seen]] = {}
        for at in sendable(seen, grouping, left, writes=True, log_in=()):
            units.setdefault(told[at].unit, []).append(seen[at])
        start = units.pop(0, [])
        if len(units) > 1:
            # It was interrupted in the midst of its last task.
            units.popitem()
        if not _matters(start):
            for each in start:
                left.add(f"{each.method} {each.path}", "a user begins with it, once")
            start = []
        before = tuple(each.answer for each in start)
        weight = 1 / _seconds(seen)
        self.start = Visit(tuple(start))
        self.tasks = [Visit(tuple(unit), before, weight) for unit in units.values()]


def _matters(start: Sequence[Seen]) -> bool:
    """Whether what a user begins with may matter later: it writes, or is given a cookie."""
    return any(is_write(each.method) or any(set_cookies(each.answer)) for each in start)


def _seconds(seen: Sequence[Seen]) -> float:
    """The time that a user would have taken at its own pace: its waits were cut short."""
    took = seen[-1].at + seen[-1].seconds - seen[0].at
    return max(took + sum(each.think for each in seen), 0.001)


def _drafted(users: Sequence[_User], grouping: Grouping, left: Left, name: str) -> Draft:
    starts = kinds([user.start for user in users if user.start.steps], grouping)[:1]
    users = _begun_alike(users, starts[0], left) if starts else users
    found = kinds([visit for user in users for visit in user.tasks], grouping)
    if not found:
        raise WorkloadError(
            f"{name}: none of its tasks sent a request that can be sent again",
            do=left.said() or "run it by locust itself and see what its tasks do",
        )
    for kind in found[_MOST_KINDS:]:
        left.add(kind.page, "a task that seldom went this way", len(kind.rows))
    writer = Writer(_SPARSEST)
    requests, sessions = _written(writer, found)
    # Last, when it is known what is needed of its answers.
    log_in = [{"login": True, "request": writer.first_steps(start)} for start in starts]
    return writer.draft(
        name,
        requests=tuple(requests),
        sessions=(*log_in, *sessions),
        users=_USERS if log_in else 0,
        notes=_notes(found, len(users), logged_in=bool(log_in)),
        left_out=left.found(),
    )


def _notes(found: Sequence[Kind], users: int, *, logged_in: bool) -> tuple[str, ...]:
    pace = units.format_rate(sum(kind.weight for kind in found) / users)
    tasks = sum(len(kind.rows) for kind in found)
    begin = f"{_USERS} users begin as the recorded ones did."
    return (
        f"{tasks:,} tasks of {users} users were recorded.",
        f"At its own pace one user sends {pace}; as many users, as many times that rate.",
        *([begin] if logged_in else ()),
    )


def _written(
    writer: Writer, found: Sequence[Kind]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Requests, and sessions of several, each with its share of 1,000."""
    total = sum(kind.weight for kind in found)
    requests, sessions = [], []
    for kind in found[:_MOST_KINDS]:
        weight = {"weight": _three_digits(1000 * kind.weight / total)}
        first, *more = writer.steps(kind)
        if more:
            sessions.append({**weight, "request": [first, *more]})
        else:
            requests.append(first | weight)
    return requests, sessions


def _begun_alike(users: Sequence[_User], start: Kind, left: Left) -> list[_User]:
    """Users who logged in the same way: later requests use what it was answered."""
    same = {visit.steps for visit in start.visits}
    for user in users:
        if user.start.steps not in same:
            left.add("tasks of a user", "it began otherwise than most", len(user.tasks))
    return [user for user in users if user.start.steps in same]


def _three_digits(value: float) -> float:
    rounded = float(f"{value:.3g}")
    return int(rounded) if rounded.is_integer() else rounded
