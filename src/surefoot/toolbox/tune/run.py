"""The loop itself: asks what to do next, has it done, and notes what came of it."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from surefoot.core.proof import Verdict
from surefoot.core.records import Change
from surefoot.errors import SurefootError
from surefoot.toolbox.tune.state import Action, Diagnose, Done, Found, State, Step, Stopped, decide

__all__ = ["Ended", "Hands", "Tuned", "tune"]


class Ended(Exception):  # noqa: N818 - not an error: somebody pressed Ctrl-C
    """A measurement or a proof was stopped before there was anything to conclude from."""


@dataclass(frozen=True, slots=True)
class Hands:
    """What the loop has done for it."""

    measure: Callable[[float], Awaitable[Found]]
    """Takes the diagnosis of the configuration in force; is given the seconds of its search."""
    prove: Callable[[Change, float], Awaitable[Verdict]]
    """Proves one change against the configuration in force, in so many seconds."""
    record: Callable[[Change, Verdict], int]
    """Puts a change into force if its verdict is better, notes it either way; gives its number."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What a tune did."""

    state: State
    stopped: Stopped
    failure: str = ""
    """The error that ended it, where one did."""
    seconds: float = 0.0

    @property
    def start(self) -> Found | None:
        """The opening measurement."""
        return self.state.found[0] if self.state.found else None

    @property
    def end(self) -> Found | None:
        """The measurement of what is in force now; ``None`` where it was not measured any more."""
        return self.state.latest if self.state.fresh else None


async def tune(
    state: State,
    hands: Hands,
    say: Callable[[str], None],
    stop: asyncio.Event,
    clock: Callable[[], float] = time.monotonic,
) -> Tuned:
    """Go on until the goal is met, nothing helps, or the time is over.

    Args:
        state: The goal, and what is known beforehand.
        hands: Diagnose, prove and record.
        say: Is told in one line what is being done.
        stop: Set to end early; the configuration in force stays as it is then.
        clock: Seconds.

    Raises:
        SurefootError: The opening measurement failed. A later one that fails, or a second proof,
            ends the loop and is told.
    """
    began = clock()
    while True:
        state = dataclasses.replace(state, interrupted=stop.is_set(), spent=clock() - began)
        action = decide(state)
        if isinstance(action, Done):
            return Tuned(state, action.why, seconds=clock() - began)
        say(_announced(state, action))
        try:
            state = await _done(state, action, hands)
        except Ended:
            return Tuned(state, Stopped.INTERRUPTED, seconds=clock() - began)
        except SurefootError as error:
            if state.latest is None:
                raise
            if isinstance(action, Diagnose) or state.unproven:
                # One proof may fail for what it tries; two fail for what they have in common.
                told = f"{_announced(state, action)}: {error}"
                return Tuned(state, Stopped.FAILED, told, clock() - began)
            state = state.failed(action.change, error.message)


async def _done(state: State, action: Action, hands: Hands) -> State:
    if isinstance(action, Diagnose):
        return state.measured(await hands.measure(action.seconds))
    assert not isinstance(action, Done)
    verdict = await hands.prove(action.change, action.seconds)
    return state.proven(Step(action.change, verdict, hands.record(action.change, verdict)))


def _announced(state: State, action: Action) -> str:
    if isinstance(action, Diagnose):
        return "measuring where it stands" if not state.found else "measuring again"
    assert not isinstance(action, Done)
    return f"proving {action.change.lever}: {action.change.how}"
