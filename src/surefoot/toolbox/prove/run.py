"""One ``prove``: both up on equal data, the same answers, then pairs of blocks until clear."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Final

from surefoot.core.ab import Judgement, Question
from surefoot.core.proof import Measure, Outcome, Verdict
from surefoot.errors import SurefootError
from surefoot.toolbox.load import Closed, Generator, Workload
from surefoot.toolbox.measure.bench import Bench
from surefoot.toolbox.measure.conditions import refuse_useless
from surefoot.toolbox.measure.subject import bare
from surefoot.toolbox.prove.arm import Arm, population
from surefoot.toolbox.prove.block import Blocks
from surefoot.toolbox.prove.series import Series

__all__ = ["Interrupted", "Plan", "prove"]

Say = Callable[[str], None]

_WARM_SECONDS: Final = 1.5
_BLOCK_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to prove, and how long it may take."""

    base: Arm
    variant: Arm
    workload: Workload
    """With the requests that write; they are left out where there is no data of their own."""
    seconds: float = 90.0
    """For everything: starting, comparing answers, measuring."""
    question: Question = field(default_factory=Question)
    seed: int = 1
    notes: tuple[str, ...] = ()


class Interrupted(Exception):  # noqa: N818 - not an error: somebody pressed Ctrl-C
    """Stopped before there was anything to conclude from."""


async def prove(plan: Plan, say: Say, stop: asyncio.Event) -> Verdict:
    """Decide whether the variant is better than the base and gives the same answers.

    Args:
        plan: The two, and what is asked.
        say: Is told in one line what is being done, a few times a second.
        stop: Set to end early; pairs measured by then are concluded from.

    Raises:
        SurefootError: The base does not start, or its answers are not what the workload wants.
        Interrupted: Stopped before the first pair.
    """
    began = time.monotonic()
    async with contextlib.AsyncExitStack() as open_things:
        verdict = await _verdict(plan, began + plan.seconds, say, stop, open_things)
    return replace(verdict, seconds=time.monotonic() - began, notes=(*plan.notes, *verdict.notes))


async def _verdict(
    plan: Plan,
    deadline: float,
    say: Say,
    stop: asyncio.Event,
    open_things: contextlib.AsyncExitStack,
) -> Verdict:
    say("starting base and variant")
    base, variant = await _both_up(plan, open_things)
    if isinstance(variant, SurefootError):
        return Verdict(
            Outcome.WORSE, plan.question.on[0], f"the variant does not start: {variant.message}"
        )
    _stop_here(stop)
    blocks = Blocks(
        population(plan.base, plan.variant),
        _BLOCK_SECONDS,
        lambda: (*base.generator.pids, *variant.generator.pids),
        weigh=Measure.MEMORY in plan.question.on,
    )
    for bench in (base, variant):
        await _warm(bench, blocks, say, stop)
    series = Series(plan.question, base, variant, blocks, plan.seed)
    judgement = await series.run(deadline, say, stop)
    return _concluded(judgement, series)


async def _both_up(
    plan: Plan, open_things: contextlib.AsyncExitStack
) -> tuple[Bench, Bench | SurefootError]:
    base = await open_things.enter_async_context(_up(plan.base, plan))
    try:
        variant = await open_things.enter_async_context(_up(plan.variant, plan))
    except SurefootError as error:
        return base, error
    return base, variant


@contextlib.asynccontextmanager
async def _up(arm: Arm, plan: Plan) -> AsyncIterator[Bench]:
    latency = arm.settings.config.slo.latency
    async with (
        bare(arm.application, arm.settings) as subject,
        Generator(plan.workload, subject.addresses, seed=plan.seed, latency=latency) as generator,
    ):
        yield Bench(subject, generator)


async def _warm(bench: Bench, blocks: Blocks, say: Say, stop: asyncio.Event) -> None:
    """Let it import, connect and fill its caches; and see how fast it is."""
    say("warming up")
    closed = Closed(population=blocks.population, seconds=_WARM_SECONDS)
    result = await bench.race(bench.generator.run(closed, stop=stop))
    _stop_here(stop)
    wanted = result.completed - sum(result.errors.values())
    refuse_useless(result.statuses, max(0, wanted), bench.subject.log_tail(20))
    blocks.fit(result.completed / result.elapsed if result.elapsed else 0.0)


def _stop_here(stop: asyncio.Event) -> None:
    if stop.is_set():
        raise Interrupted


def _concluded(judgement: Judgement, series: Series) -> Verdict:
    assert judgement.outcome is not None
    if not series.pairs and not series.disturbed:
        raise Interrupted
    notes = []
    if series.disturbed:
        notes.append(
            f"{series.disturbed} of {len(series.pairs) + series.disturbed} pairs were left out: "
            "other programs were busy beside one of their blocks only"
        )
    return Verdict(
        outcome=judgement.outcome,
        decided_on=judgement.decided_on,
        why=judgement.why,
        ratios=judgement.ratios,
        pairs=tuple(series.pairs),
        noise=judgement.noise,
        notes=tuple(notes),
    )
