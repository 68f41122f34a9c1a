"""Asks three stacks the same, one request after the other: two to learn from, one to compare."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from surefoot.core.proof import Answers
from surefoot.toolbox.answers.compare import compare
from surefoot.toolbox.answers.variation import Variation, learn
from surefoot.toolbox.load import Closed, Generator, LoadResult, Observation, Observed, Workload

__all__ = ["same_answers", "same_answers_of"]

_USERS: Final = 8
"""Users that ask, at most: their log-ins come one after the other."""
_EACH: Final = 4
"""How often each flow is done, however rare it is in the mix."""
_ROUND: Final = 100
_BYTES: Final = 64_000_000
"""Of bodies, kept of each side at most."""
_PATIENCE: Final = 300.0
"""Seconds after which a round is over even if all of its requests time out."""


async def same_answers(
    base: Sequence[str],
    again: Sequence[str],
    variant: Sequence[str],
    workload: Workload,
    *,
    requests: int = 400,
    seconds: float = 20.0,
    seed: int = 1,
    say: Callable[[str], None] | None = None,
    stop: asyncio.Event | None = None,
    patience: float = 10.0,
) -> tuple[Variation, Answers]:
    """Send the same requests in the same order to three stacks, and compare what they answer.

    Every flow is done a few times, then the mix follows. What the two bases differ in is what
    varies by itself. Each request goes to the next address in turn, within sessions and log-ins
    too. Requests that write are sent: leave them out of the workload where they must not be.

    Args:
        base: Addresses of one stack.
        again: Addresses of another, equal to it and with equal data.
        variant: Addresses of the third, with equal data.
        workload: What to ask.
        requests: Flows to do, at least each of them a few times.
        seconds: No round of requests begins after that; the first one is always done.
        seed: Of the mix and the drawn values.
        say: Told what is being done.
        stop: Ends it early.
        patience: Seconds that one request may take.

    Raises:
        ServerError: A stack is not there.
        RefusedError: A user could not log in.
    """
    asked = replace(workload, users=min(workload.users, _USERS))
    if say is not None:
        say("comparing answers")
    async with contextlib.AsyncExitStack() as stack:
        sides = []
        for addresses in (base, again, variant):
            side = Generator(asked, addresses, seed=seed, timeout=patience, observe=Observation())
            sides.append(await stack.enter_async_context(side))
        return await same_answers_of(
            sides, asked, requests=requests, seconds=seconds, seed=seed, stop=stop
        )


async def same_answers_of(
    sides: Sequence[Generator],
    workload: Workload,
    *,
    requests: int = 400,
    seconds: float = 20.0,
    seed: int = 1,
    stop: asyncio.Event | None = None,
) -> tuple[Variation, Answers]:
    """The same with generators that are there already, and may go on with the load.

    Args:
        sides: Of the base, of its equal and of the variant, made with ``observe=Observation()``
            and one seed; none has run yet.
        workload: What they send.
        requests: Flows to do, at least each of them a few times.
        seconds: No round of requests begins after that; the first one is always done.
        seed: Of the mix and the drawn values.
        stop: Ends it early.
    """
    results = await _asked(sides, _rounds(workload, requests), seconds, seed, stop)
    variation = learn(results[0].answers, results[1].answers)
    answers = compare(variation, results[0].answers, results[2].answers)
    notes = (*_notes(variation, workload, results), *answers.notes)
    return variation, replace(answers, notes=notes)


def _rounds(workload: Workload, requests: int) -> Iterator[tuple[int, int]]:
    """How many flows to do in each round, and how often every one of them first."""
    flows = len(workload.flows)
    each = max(1, min(_EACH, requests // flows))
    yield each * flows, each
    left = requests - each * flows
    while left > 0:
        yield min(left, _ROUND), 0
        left -= _ROUND


async def _asked(
    sides: Sequence[Generator],
    rounds: Iterator[tuple[int, int]],
    seconds: float,
    seed: int,
    stop: asyncio.Event | None,
) -> list[Observed]:
    """What each side answered, in rounds that all finish, so that their data stays equal."""
    results = [Observed() for _ in sides]
    end, room = time.monotonic() + seconds, _BYTES
    for number, (requests, each) in enumerate(rounds):
        plan = Closed(1, _PATIENCE, requests=requests, each=each)
        runs = [side.run(plan, stop=stop, seed=seed + number) for side in sides]
        ended = await _together(runs)
        results = [result + run.answers for result, run in zip(results, ended, strict=True)]
        room -= max(sum(len(each.body) for each in run.answers.answers) for run in ended)
        if room < 0 or time.monotonic() > end or (stop is not None and stop.is_set()):
            break
    return results


async def _together(runs: Iterable[Coroutine[Any, Any, LoadResult]]) -> list[LoadResult]:
    """The results of all; the first error of any."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(run) for run in runs]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]


def _notes(variation: Variation, workload: Workload, results: Sequence[Observed]) -> list[str]:
    notes = []
    over = max(result.over for result in results)
    if over:
        notes.append(f"{over} answers were too many to keep, and were not compared")
    seen = {answered.name for answered in results[0].answers}
    unseen = [name for name in workload.requests if name not in seen]
    if unseen:
        notes.append(f"never reached, and not compared: {', '.join(unseen)}")
    for name, shape in variation.shapes.items():
        if shape.whole or () in shape.json.varying:
            notes.append(f"{name}: bodies vary as a whole by themselves, and were not compared")
        if shape.statuses:
            by_turns = ", ".join(map(str, sorted(shape.statuses)))
            notes.append(f"{name}: the base itself answers {by_turns} by turns")
    return notes
