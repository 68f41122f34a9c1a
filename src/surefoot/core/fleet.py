"""What to do next so that the replicas that serve become those that are wanted.

One rule for every change: a new release, more or fewer replicas, one that has died, one that is to
be recycled, the end. It looks at what there is and at what should be, never at how it came to
that, so that whoever takes over half-way goes on as if nothing had happened.

The laws, which hold whatever happens in between:

1. What serves is drained only when enough others serve, and the last one never while any is wanted.
2. One replica is there beyond those wanted while old ones are replaced, and never two that serve.
3. What is drained is stopped when it is idle or its time is over; what is stopped and stays is
   killed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["Action", "Drain", "Kill", "Member", "Start", "State", "Stop", "Wanted", "decide"]

SURGE: Final = 1
"""Replicas beyond those wanted while old ones are replaced: each takes its memory twice."""


class State(StrEnum):
    """Where a replica is in its life; it only ever moves forward."""

    STARTING = "starting"
    """It has not said yet that it is ready."""
    UP = "up"
    """It gets requests."""
    DRAINING = "draining"
    """It gets no new ones and finishes those that it has."""
    STOPPING = "stopping"
    """It was told to end."""


@dataclass(frozen=True, slots=True)
class Member:
    """One replica that lives."""

    name: str
    release: int
    state: State
    since: float
    """When it came into this state, seconds on the clock that ``decide`` is given."""
    idle: bool = True
    """Whether no request is known to be on its way through it."""
    outdated: bool = False
    """Whether it is to be replaced although its release is wanted: too old, too large, frozen."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What should be."""

    replicas: int
    """0 to end."""
    release: int
    drain: float
    """Seconds that a replica may finish its requests in, before it is told to end."""
    grace: float
    """Seconds that it may take to end."""
    not_before: float = 0.0
    """Nothing is started earlier: what dies as soon as it starts is not started without a pause."""


@dataclass(frozen=True, slots=True)
class Start:
    """Start one more."""

    release: int


@dataclass(frozen=True, slots=True)
class Drain:
    """Send it no more requests."""

    name: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Tell it to end."""

    name: str


@dataclass(frozen=True, slots=True)
class Kill:
    """End it now."""

    name: str


Action = Start | Drain | Stop | Kill


def decide(wanted: Wanted, members: Sequence[Member], now: float) -> tuple[Action, ...]:
    """Everything that may be done at this moment; nothing when it is only to be waited.

    Args:
        wanted: What should be.
        members: The replicas that live.
        now: Seconds, on the clock of their ``since``.
    """
    return (*_starts(wanted, members, now), *_drains(wanted, members), *_ends(wanted, members, now))


def _starts(wanted: Wanted, members: Sequence[Member], now: float) -> list[Action]:
    if now < wanted.not_before:
        return []
    there = [m for m in members if m.state in {State.STARTING, State.UP}]
    current = sum(_current(m, wanted) for m in there)
    surge = SURGE if current < len(there) else 0
    # What is on its way out counts too, but never keeps too few from becoming enough.
    room = max(wanted.replicas - len(there), wanted.replicas + surge - len(members))
    return [Start(wanted.release)] * max(0, min(wanted.replicas - current, room))


def _drains(wanted: Wanted, members: Sequence[Member]) -> list[Action]:
    serving = [m for m in members if m.state is State.UP]
    starting = [m for m in members if m.state is State.STARTING]
    # One that nobody waits for any more has no requests: it only has to end.
    unwanted = [m for m in starting if not _current(m, wanted)]
    over = sum(_current(m, wanted) for m in (*starting, *serving)) - wanted.replicas
    unwanted += [m for m in starting if _current(m, wanted)][: max(0, over)]
    # Those to be replaced go first, and of the others those that came last.
    going = [m for m in serving if not _current(m, wanted)]
    going += sorted((m for m in serving if _current(m, wanted)), key=lambda m: -m.since)
    spare = max(0, len(serving) - wanted.replicas)
    return [*(Stop(m.name) for m in unwanted), *(Drain(m.name) for m in going[:spare])]


def _ends(wanted: Wanted, members: Sequence[Member], now: float) -> list[Action]:
    actions: list[Action] = []
    for member in members:
        lasted = now - member.since
        if member.state is State.DRAINING and (member.idle or lasted >= wanted.drain):
            actions.append(Stop(member.name))
        elif member.state is State.STOPPING and lasted >= wanted.grace:
            actions.append(Kill(member.name))
    return actions


def _current(member: Member, wanted: Wanted) -> bool:
    return member.release == wanted.release and not member.outdated
