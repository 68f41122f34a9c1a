"""Asks one stack the same one by one and at the same time: what requests share shows."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from surefoot.core.proof import Answers
from surefoot.core.together import Together
from surefoot.toolbox.answers.agreement import Agreement
from surefoot.toolbox.answers.variation import Variation, learn
from surefoot.toolbox.load import Closed, Generator, LoadResult, Observed, Workload

__all__ = ["together"]

_EACH: Final = 2
"""How often each flow is done to learn what varies by itself."""
_PER_SLOT: Final = 10
"""Flows of a round, for each request in flight."""
_TIMES: Final = 2
"""How often a round is asked at the same time; what goes wrong does so by chance."""
_LEARNING: Final = 0.3
"""Of the time: for asking the same twice, to learn what varies by itself."""
_LEAST: Final = 0.2
"""Seconds of a run."""
_FAILED: Final = 500
"""What an application answers that has raised; 502 to 504 may mean that it sheds load."""


async def together(
    generator: Generator,
    workload: Workload,
    population: int,
    *,
    seconds: float,
    seed: int = 1,
    stop: asyncio.Event | None = None,
    variation: Variation | None = None,
) -> Together:
    """Send the same requests one by one and ``population`` at a time, and compare what comes.

    Requests are asked one by one before and after, so that what changes with time is not taken for
    the work of others in flight. Nothing that writes may be among them.

    Args:
        generator: Made with ``observe=Observation()``.
        workload: What it sends.
        population: Requests in flight.
        seconds: No round begins after that.
        seed: Of the mix and the drawn values.
        stop: Ends it early.
        variation: What varies by itself, if that is known; the generator judges with it then.

    Raises:
        ServerError: The stack is not there any more.
    """
    ending = time.monotonic() + seconds
    asked = _Asked(generator, stop or asyncio.Event())
    if variation is None:
        variation = await _learnt(asked, len(workload.flows), seconds * _LEARNING / 2, seed)
        generator.judge_with(variation)
    agreement = Agreement(variation)
    requests = max(len(workload.flows), _PER_SLOT * population)
    alone = beside = 0
    while (left := ending - time.monotonic()) > 0 and not asked.stop.is_set():
        seed += 1
        # Where answers are slow a round is cut short; the same are asked as far as all runs came.
        share = max(_LEAST, left / (_TIMES + 2))
        one, many = (Closed(at_once, share, requests=requests) for at_once in (1, population))
        before, *crowded, after = [
            await asked.run(plan, seed) for plan in (one, *[many] * _TIMES, one)
        ]
        agreement.add(_answers(before, after), _answers(*crowded))
        alone += _failed(before, after)
        beside += _failed(*crowded)
    return _told(population, agreement.answers(), 0 if alone else beside)


@dataclass(frozen=True, slots=True)
class _Asked:
    generator: Generator
    stop: asyncio.Event

    async def run(self, plan: Closed, seed: int) -> LoadResult:
        return await self.generator.run(plan, stop=self.stop, seed=seed)


async def _learnt(asked: _Asked, flows: int, seconds: float, seed: int) -> Variation:
    """What varies when the same is asked twice, each flow a few times."""
    plan = Closed(1, seconds, requests=_EACH * flows, each=_EACH)
    first, second = [await asked.run(plan, seed) for _ in range(2)]
    return learn(first.answers.answers, second.answers.answers)


def _answers(*results: LoadResult) -> Observed:
    return sum((result.answers for result in results), Observed())


def _failed(*results: LoadResult) -> int:
    return sum(result.statuses.get(_FAILED, 0) for result in results)


def _told(population: int, answers: Answers, failed: int) -> Together:
    example = ""
    if answers.examples:
        first = answers.examples[0]
        where = f"{first.what} {first.where}".strip()
        example = f"{first.request}, {where}: {first.base!r} became {first.variant!r}"
    return Together(population, answers.compared, answers.differing, failed, example)
