"""Asks three stacks the same, one request after the other: two to learn from, one to compare."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from surefoot.core.proof import Answers
from surefoot.toolbox.answers.compare import compare
from surefoot.toolbox.answers.variation import Variation, learn
from surefoot.toolbox.load import Closed, Generator, LoadResult, Observation, Observed, Workload

__all__ = ["same_answers"]

_USERS: Final = 8
"""Users that ask, at most: their log-ins come one after the other."""
_EACH: Final = 4
"""How often each flow is done, however rare it is in the mix."""


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
        seconds: Time at most; the fewest answers of the three are then compared.
        seed: Of the mix and the drawn values.
        say: Told what is being done.
        stop: Ends it early.
        patience: Seconds that one request may take.

    Raises:
        ServerError: A stack is not there.
        RefusedError: A user could not log in.
    """
    asked = replace(workload, users=min(workload.users, _USERS))
    each = max(1, min(_EACH, requests // max(1, len(asked.flows))))
    plan = Closed(1, seconds, requests=max(requests, each * len(asked.flows)))
    observation = Observation(each=each)

    async def ask(addresses: Sequence[str]) -> LoadResult:
        async with Generator(
            asked, addresses, seed=seed, timeout=patience, observe=observation
        ) as generator:
            return await generator.run(plan, stop=stop, seed=seed)

    if say is not None:
        say("comparing answers")
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask(side)) for side in (base, again, variant)]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    results = [task.result().answers for task in tasks]
    variation = learn(results[0].answers, results[1].answers)
    answers = compare(variation, results[0].answers, results[2].answers)
    return variation, replace(answers, notes=(*_notes(variation, asked, results), *answers.notes))


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
        if shape.whole:
            notes.append(f"{name}: bodies vary as a whole by themselves, and were not compared")
        if shape.statuses:
            by_turns = ", ".join(map(str, sorted(shape.statuses)))
            notes.append(f"{name}: the base itself answers {by_turns} by turns")
    return notes
