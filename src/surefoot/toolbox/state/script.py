"""The order in which an application is asked, so that whatever it keeps in one process shows.

Pure: who asks for what at which replica. What is written at one replica is read at all the others;
everything is read at each of them; a log-in and a session go on to another with every step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

from surefoot.toolbox.load import Workload
from surefoot.toolbox.load.workload import READING, Flow, Request

__all__ = ["ANONYMOUS", "MOST", "Step", "script"]

MOST: Final = 400
"""Requests of one script, about; what is read after each write is cut down to it."""
ANONYMOUS: Final = -1
"""The visitor who never logs in."""
_USERS: Final = 2


@dataclass(frozen=True, slots=True)
class Step:
    """One request: by whom, and where."""

    request: Request
    visitor: int
    """A user of the workload from 0, ``ANONYMOUS``, or below that one visitor per session."""
    replica: int
    flow: Flow
    """What it takes values of data tables for."""


def script(workload: Workload, replicas: int) -> tuple[Step, ...]:
    """Every sequence that may show what a process keeps to itself.

    Args:
        workload: What may be sent; its writes are sent.
        replicas: How many there are to go round; with 1 all is asked of the same.
    """
    plain = [flow for flow in workload.flows if not _long(flow)]
    reads = [flow for flow in plain if flow.steps[0].method in READING]
    writes = [flow for flow in plain if flow.steps[0].method not in READING]
    sessions = [flow for flow in workload.flows if _long(flow)]
    steps = [*_log_ins(workload, replicas), *_read(reads, workload, replicas)]
    for number, flow in enumerate(sessions):
        steps += _session(flow, _by(flow, workload, ANONYMOUS - 1 - number), replicas)
    if any(step.method not in READING for flow in sessions for step in flow.steps):
        steps += _read(reads, workload, replicas)
    left = max(0, MOST - len(steps)) // max(1, len(writes))
    for number, flow in enumerate(writes):
        here = number % replicas
        steps.append(Step(flow.steps[0], _by(flow, workload), here, flow))
        near = _nearest(flow, reads, number)[: max(2, left // max(2, replicas))]
        steps += _read(near, workload, replicas, here + 1)
    return tuple(steps)


def _long(flow: Flow) -> bool:
    return flow.session or len(flow.steps) > 1


def _by(flow: Flow, workload: Workload, otherwise: int = ANONYMOUS) -> int:
    return 0 if flow.as_user and workload.users else otherwise


def _log_ins(workload: Workload, replicas: int) -> Iterator[Step]:
    for user in range(min(_USERS, workload.users)):
        turn = count(user)
        for flow in workload.login:
            for request in flow.steps:
                yield Step(request, user, next(turn) % replicas, flow)


def _read(
    flows: Sequence[Flow], workload: Workload, replicas: int, first: int = 0
) -> Iterator[Step]:
    """Each at every replica before the next: what there is no time for is then left out whole."""
    for flow in flows:
        for turn in range(max(2, replicas)):
            where = (first + turn) % replicas
            yield Step(flow.steps[0], _by(flow, workload), where, flow)


def _session(flow: Flow, visitor: int, replicas: int) -> Iterator[Step]:
    for turn, request in enumerate(flow.steps):
        yield Step(request, visitor, turn % replicas, flow)
    # Its last reads once more, everywhere: they follow all that the session has written.
    again = dict.fromkeys(request for request in flow.steps if request.method in READING)
    for turn in range(max(2, replicas)):
        where = (len(flow.steps) + turn) % replicas
        yield from (Step(request, visitor, where, flow) for request in again)


def _nearest(write: Flow, reads: Sequence[Flow], number: int) -> list[Flow]:
    """Reads whose path begins as the write's come first; the others take turns."""
    wanted = _segments(write.steps[0])
    first = number % len(reads) if reads else 0
    turned = [*reads[first:], *reads[:first]]
    return sorted(turned, key=lambda flow: -_shared(wanted, _segments(flow.steps[0])))


def _segments(request: Request) -> list[str]:
    first = request.path.parts[0] if request.path.parts else ""
    return [part for part in str(first).partition("?")[0].split("/") if part]


def _shared(left: Sequence[str], right: Sequence[str]) -> int:
    shared = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        shared += 1
    return shared
