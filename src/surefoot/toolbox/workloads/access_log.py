"""A workload from an access log: its rate and its mix, as far as a log can tell them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from surefoot import units
from surefoot.errors import WorkloadError
from surefoot.toolbox.target import Route
from surefoot.toolbox.workloads.draft import Draft, LeftOut, counted
from surefoot.toolbox.workloads.log_line import parse_line
from surefoot.toolbox.workloads.mix import Kind, Writer, kinds
from surefoot.toolbox.workloads.paths import by_routes, by_shape
from surefoot.toolbox.workloads.seen import Seen, Visit, is_write
from surefoot.toolbox.workloads.visit import Left

__all__ = ["Tally", "from_log"]

_KEPT: Final = 200_000
_MOST_KINDS: Final = 200
_MOST_VISITORS: Final = 1_000_000


@dataclass(slots=True)
class Tally:
    """What is kept of a log that may be longer than memory.

    Requests are a uniform sample once there are more than 200,000 (Vitter's algorithm R); lines,
    hosts and seconds are counted whole.
    """

    lines: int = 0
    unreadable: int = 0
    requests: int = 0
    first_unreadable: int = 0
    """Number of the first line that could not be read; what is in it may be a secret."""
    minutes: Counter[int] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    first: float = float("inf")
    last: float = float("-inf")
    visitors: set[int] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    sample: list[Seen] = field(default_factory=list)
    _draw: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311

    def add(self, line: str) -> None:
        """Take in one line."""
        self.lines += 1
        if not line.strip():
            return
        seen = parse_line(line)
        if seen is None:
            self.unreadable += 1
            self.first_unreadable = self.first_unreadable or self.lines
            return
        self.requests += 1
        self.minutes[int(seen.at // 60)] += 1
        self.hosts[seen.host] += 1
        self.first, self.last = min(self.first, seen.at), max(self.last, seen.at)
        if seen.visitor and len(self.visitors) < _MOST_VISITORS:
            self.visitors.add(hash(seen.visitor))
        if seen.user:
            self.users.add(seen.user)
        self._keep(seen)

    def _keep(self, seen: Seen) -> None:
        if len(self.sample) < _KEPT:
            self.sample.append(seen)
        elif (at := self._draw.randrange(self.requests)) < _KEPT:
            self.sample[at] = seen

    @property
    def scale(self) -> float:
        """Requests of the log for each one of the sample."""
        return self.requests / max(1, len(self.sample))

    @property
    def seconds(self) -> float:
        """Time that the log covers; clocks of logs tick once a second."""
        return max(1.0, self.last - self.first + 1)


def from_log(
    lines: Iterable[str], name: str, routes: tuple[Route, ...] = (), host: str = ""
) -> Draft:
    """A draft from the lines of a log.

    Args:
        lines: Of the log, in any order.
        name: What to call it.
        routes: The application's, to group addresses by; without them they are grouped by shape.
        host: Keep requests for this host; by default the one most asked for.

    Raises:
        WorkloadError: No line is one of an access log, or nothing is left to send.
    """
    tally = Tally()
    for line in lines:
        tally.add(line)
    if not tally.requests:
        raise WorkloadError(
            f"{name}: none of {tally.lines:,} lines is one of an access log",
            do="logs in common, combined or JSON format can be read, from a file or from -",
        )
    return _drafted(tally, name, routes, host)


def _drafted(tally: Tally, name: str, routes: tuple[Route, ...], host: str) -> Draft:
    left = Left()
    kept = [seen for seen in _of_host(tally, host, left) if _replayable(seen, left)]
    grouping = by_routes(routes) if routes else by_shape(seen.path for seen in kept)
    for seen in kept:
        if grouping(seen.method, seen.path) is None:
            left.add(seen.path, "no route of the application is there")
    found = kinds((Visit((seen,)) for seen in kept), grouping)
    writer = Writer()
    requests = _written(writer, found, tally.scale, left)
    if not requests:
        raise WorkloadError(
            f"{name}: no request is left to send: {'; '.join(map(_said, left.found(tally.scale)))}",
            do="check that it is a log of this application, of GET requests that were answered",
        )
    return writer.draft(
        name,
        requests=tuple(requests),
        notes=tuple(_notes(tally, kept, by_route=bool(routes))),
        left_out=left.found(tally.scale),
        rate=tally.requests / tally.seconds,
        peak=max(tally.minutes.values()) / min(60.0, tally.seconds),
    )


def _written(writer: Writer, found: list[Kind], scale: float, left: Left) -> list[dict[str, Any]]:
    requests: list[dict[str, Any]] = []
    for kind in found:
        if len(requests) >= _MOST_KINDS:
            left.add("rare addresses", "seldom asked for", len(kind.rows))
        elif _hides(kind):
            left.add(kind.page, "it holds a secret that is another each time", len(kind.rows))
        else:
            weight = {"weight": max(1, round(len(kind.rows) * scale))}
            requests += [step | weight for step in writer.steps(kind)]
    return requests


def _said(left: LeftOut) -> str:
    return f"{left.what} ({left.why})"


def _of_host(tally: Tally, host: str, left: Left) -> list[Seen]:
    wanted = host.lower() or max(tally.hosts, key=lambda name: tally.hosts[name])
    kept = []
    for seen in tally.sample:
        if seen.host == wanted:
            kept.append(seen)
        else:
            left.add(seen.host or "no host", f"another host than {wanted}")
    return kept


def _hides(kind: Kind) -> bool:
    """Whether values that differ from request to request are secrets."""
    return any(
        len({row[at] for row in kind.rows}) > 1 and any(column.secret(row[at]) for row in kind.rows)
        for at, column in enumerate(kind.columns)
    )


def _replayable(seen: Seen, left: Left) -> bool:
    """Whether a request can be sent again; if not, it is counted."""
    if is_write(seen.method):
        left.add(f"{seen.method} {seen.path}", "it writes, and a log holds no bodies")
    elif seen.status in {401, 403}:
        left.add(f"answered {seen.status}", "who asked was not let in; let users log in")
    elif 400 <= seen.status < 500:
        left.add(f"answered {seen.status}", "there was nothing to give")
    else:
        return True
    return False


def _notes(tally: Tally, kept: list[Seen], *, by_route: bool) -> list[str]:
    rate = units.format_rate(tally.requests / tally.seconds)
    peak = units.format_rate(max(tally.minutes.values()) / min(60.0, tally.seconds))
    covered = units.format_duration(tally.seconds)
    notes = [f"{counted(tally.requests)} in {covered}: {rate}, {peak} in the busiest minute."]
    if not by_route:
        notes.append("Addresses are grouped by shape; name the application to use its routes.")
    if tally.scale > 1:
        notes.append(f"Made from a sample of {len(tally.sample):,} of them, evenly drawn.")
    if tally.unreadable:
        lines = counted(tally.unreadable, "line")
        notes.append(
            f"{lines} could not be read, the first of them line {tally.first_unreadable:,}."
        )
    if tally.visitors:
        notes.append(f"{counted(len(tally.visitors), 'visitor')} by address and browser.")
    if tally.users:
        users = counted(len(tally.users), "logged-in user")
        notes.append(f"{users} among them; a log does not hold how they log in: add that.")
    unconditional = sum(seen.status == 304 for seen in kept)
    if unconditional:
        count = round(unconditional * tally.scale)
        notes.append(f"{counted(count, 'answer')} 304: these are asked for without a condition.")
    return notes
