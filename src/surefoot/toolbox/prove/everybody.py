"""What a proof asks first where answers are to be for everybody: are they the same for all?"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from surefoot.core.proof import Alike, Measure, Outcome, Verdict
from surefoot.errors import RefusedError
from surefoot.toolbox.everybody import same_for_everybody
from surefoot.toolbox.load import Workload
from surefoot.toolbox.prove.arm import Arm

__all__ = ["Asked", "asked_for_everybody", "not_the_same"]

_BEFORE: Final = "it was proven with other code or settings"


@dataclass(frozen=True, slots=True)
class Asked:
    """What users were answered, route by route."""

    routes: tuple[Alike, ...] = ()
    notes: tuple[str, ...] = ()
    """What could not be asked of routes that were proven before."""


async def asked_for_everybody(
    base: Arm,
    variant: Arm,
    workload: Workload,
    *,
    seconds: float,
    seed: int,
    say: Callable[[str], None],
    stop: asyncio.Event,
) -> Asked:
    """Ask the variant's application, with nothing kept, as nobody and as several users.

    For what only the variant gives to everybody, and for what both do where another application
    answers it now.

    Raises:
        RefusedError: It cannot be seen whether what is new is the same for everybody.
        ServerError: The variant does not start.
    """
    new, still = _new(base, variant), _still(base, variant)
    routes = (*new, *still)
    if not routes:
        return Asked()
    say(f"asking for {routes[0]} as nobody and as several users")
    try:
        found = await same_for_everybody(
            variant.application, variant.settings, workload, routes,
            seconds=seconds, stop=stop, seed=seed,
        )  # fmt: skip
    except RefusedError as error:
        if new:
            raise
        return Asked(notes=(f"{error.message}; {_BEFORE}",))
    unclear = [each for each in found if each.unclear and not each.answers.differing]
    for each in unclear:
        if each.route in new and not stop.is_set():
            do = f"leave everybody out of the table of {each.route}"
            raise RefusedError(_words(each), do=do)
    return Asked(found, tuple(f"{_words(each)}; {_BEFORE}" for each in unclear))


def not_the_same(measure: Measure, everybody: tuple[Alike, ...]) -> Verdict | None:
    """A refusal, if a route is not the same for everybody; its differences are shown."""
    personal = next((each for each in everybody if each.answers.differing), None)
    if personal is None:
        return None
    answers = personal.answers
    why = (
        f"{personal.route} is not the same for everybody: {answers.differing} of "
        f"{answers.compared} answers to users are not what nobody is answered"
    )
    return Verdict(Outcome.WRONG_ANSWERS, measure, why, answers=answers, everybody=everybody)


def _words(alike: Alike) -> str:
    return f"whether {alike.route} is the same for everybody cannot be seen: {alike.unclear}"


def _new(base: Arm, variant: Arm) -> tuple[str, ...]:
    before = _for_everybody(base)
    return tuple(route for route in _for_everybody(variant) if route not in before)


def _still(base: Arm, variant: Arm) -> tuple[str, ...]:
    one, other = ((arm.application.directory, arm.settings.config.app) for arm in (base, variant))
    before = () if one == other else _for_everybody(base)
    return tuple(route for route in _for_everybody(variant) if route in before)


def _for_everybody(arm: Arm) -> tuple[str, ...]:
    return tuple(each.route for each in arm.settings.config.cache.response if each.everybody)
