"""One ``prove``: both up on equal data, the same answers, then pairs of blocks until clear."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from surefoot.core.ab import Judgement, Question
from surefoot.core.proof import Alike, Answers, Difference, Measure, Outcome, Verdict
from surefoot.core.together import Together
from surefoot.errors import RefusedError, ServerError, SurefootError, WorkloadError
from surefoot.toolbox.answers.serial import same_answers_of
from surefoot.toolbox.answers.together import together
from surefoot.toolbox.answers.variation import Variation
from surefoot.toolbox.data import Copies, copies
from surefoot.toolbox.data.reached import confirm
from surefoot.toolbox.load import Closed, Generator, LoadResult, Observation, Workload
from surefoot.toolbox.measure.bench import Bench
from surefoot.toolbox.measure.conditions import refuse_useless
from surefoot.toolbox.measure.subject import Started, bare
from surefoot.toolbox.prove.arm import Arm, population
from surefoot.toolbox.prove.block import Blocks
from surefoot.toolbox.prove.everybody import asked_for_everybody, not_the_same
from surefoot.toolbox.prove.gauge import Gauge
from surefoot.toolbox.prove.loaded import LoadedAnswers
from surefoot.toolbox.prove.series import Series
from surefoot.toolbox.state.check import shared_state

__all__ = ["Interrupted", "Plan", "prove"]

Say = Callable[[str], None]

_BASE: Final = "base"
_AGAIN: Final = "again"
_VARIANT: Final = "variant"
_WARM_SECONDS: Final = 2.0
_BLOCK_SECONDS: Final = 1.0
# Of the whole budget: what may pass with looking for state that processes keep to themselves, with
# comparing answers one by one, with asking as several users, and with asking the base at once.
_STATE_SHARE: Final = 0.25
_ASKING_SHARE: Final = 0.15
_EVERYBODY_SHARE: Final = 0.25
_TOGETHER_SHARE: Final = 0.04
_ASKED: Final = 5000
_ANYBODY: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Plan:
    """What to prove, and how long it may take."""

    base: Arm
    variant: Arm
    workload: Workload
    """With the requests that write; they are left out where they would harm anybody's data."""
    seconds: float = 90.0
    """For everything: copying, starting, comparing answers, measuring."""
    question: Question = field(default_factory=Question)
    seed: int = 1
    notes: tuple[str, ...] = ()


class Interrupted(Exception):  # noqa: N818 - not an error: somebody pressed Ctrl-C
    """Stopped before there was anything to conclude from."""


class _DoesNotStart(Exception):  # noqa: N818 - a result, not an error: it is the variant's fault
    """The variant, unlike the base, does not come up."""


class _LogInFails(Exception):  # noqa: N818 - likewise
    """Users can log in at the base, and not at the variant."""


async def prove(plan: Plan, say: Say, stop: asyncio.Event) -> Verdict:
    """Decide whether the variant is better than the base and gives the same answers.

    Args:
        plan: The two, and what is asked.
        say: Is told in one line what is being done, a few times a second.
        stop: Set to end early; pairs measured by then are concluded from.

    Raises:
        SurefootError: The base does not start, its data cannot be copied, or its answers are not
            what the workload wants.
        Interrupted: Stopped before the first pair.
    """
    began = time.monotonic()
    async with (
        copies(plan.base.application, plan.base.settings, (_BASE, _AGAIN, _VARIANT), say) as data,
        contextlib.AsyncExitStack() as running,
    ):
        await confirm(data, _BASE, plan.base.settings, plan.workload)
        proof = _Proof(_on_copies(plan, data), data, began + plan.seconds, say, stop, running)
        verdict = await proof.verdict()
    about_data = data.notes if data.copied or plan.workload.writes else ()
    notes = (*plan.notes, *about_data, *proof.notes, *verdict.notes)
    return replace(verdict, seconds=time.monotonic() - began, notes=notes)


def _on_copies(plan: Plan, data: Copies) -> Plan:
    """The same with each arm on its own copy, and nothing written where there is none."""
    workload = plan.workload
    if not data.writable and workload.writes:
        try:
            workload = workload.without(workload.writes)
        except WorkloadError as error:
            raise WorkloadError(
                f"every request of {workload.source} writes, and there is no copy of the data",
                do="name the variable with the database's URL in [data] url_env",
            ) from error
    base, variant = (arm.told(data.environment(arm.label)) for arm in (plan.base, plan.variant))
    return replace(plan, base=base, variant=variant, workload=workload)


@dataclass
class _Proof:
    plan: Plan
    data: Copies
    deadline: float
    say: Say
    stop: asyncio.Event
    running: contextlib.AsyncExitStack
    notes: tuple[str, ...] = ()

    async def verdict(self) -> Verdict:
        """Cheap reasons to refuse first, then what takes time."""
        question = self.plan.question
        try:
            everybody = await self._for_everybody()
        except ServerError as error:
            return _does_not_start(question.on[0], error.message)
        personal = not_the_same(question.on[0], everybody)
        return personal or replace(await self._decided(), everybody=everybody)

    async def _for_everybody(self) -> tuple[Alike, ...]:
        plan = self.plan
        asked = await asked_for_everybody(
            plan.base, plan.variant, plan.workload,
            seconds=plan.seconds * _EVERYBODY_SHARE, seed=plan.seed, say=self.say, stop=self.stop,
        )  # fmt: skip
        self._stop_here()
        if asked.routes:
            await self.data.reset(_VARIANT)
        self.notes += asked.notes
        return asked.routes

    async def _decided(self) -> Verdict:
        question = self.plan.question
        kept = await self._kept_in_the_process()
        if kept is not None:
            return kept
        self.say("starting base and variant")
        try:
            base, variant, variation, answers = await self._compared()
        except _DoesNotStart as error:
            return _does_not_start(question.on[0], str(error))
        except _LogInFails as error:
            return _nobody_logged_in(question.on[0], str(error))
        self._stop_here()
        if answers.differing:
            return _wrong(question.on[0], answers)
        return await self._measured(base, variant, variation, answers)

    async def _kept_in_the_process(self) -> Verdict | None:
        """A refusal, if the variant has more processes than the base and answers would suffer."""
        plan = self.plan
        if plan.variant.processes <= max(1, plan.base.processes):
            return None
        variant = plan.variant
        report = await shared_state(
            variant.application, variant.settings, plan.workload,
            replicas=variant.processes, say=self.say, stop=self.stop, data=self.data,
            seconds=plan.seconds * _STATE_SHARE,
        )  # fmt: skip
        self._stop_here()
        self.notes += report.notes
        if report.safe:
            return None
        first = report.findings[0].text if report.findings else "answers differ"
        return Verdict(
            Outcome.WRONG_ANSWERS,
            plan.question.on[0],
            f"{plan.variant.processes} processes do not answer like one: {first}",
            answers=report.answers,
            findings=report.findings,
        )

    async def _compared(self) -> tuple[Bench, Bench, Variation, Answers]:
        """Both up and asked the same; a second base beside them shows what varies by itself."""
        plan = self.plan
        again = plan.base.told(self.data.environment(_AGAIN))
        async with contextlib.AsyncExitStack() as meanwhile:
            base, second, variant = await asyncio.gather(
                self.running.enter_async_context(_up(plan.base)),
                meanwhile.enter_async_context(_up(again)),
                self.running.enter_async_context(_up(plan.variant)),
                return_exceptions=True,
            )
            if isinstance(base, BaseException):
                raise base
            if isinstance(second, BaseException):
                raise second
            if isinstance(variant, SurefootError):
                raise _DoesNotStart(variant.message) from variant
            if isinstance(variant, BaseException):
                raise variant
            self.say("comparing answers")
            one = await self._bench(base, self.running)
            beside = await self._bench(second, meanwhile)
            try:
                other = await self._bench(variant, self.running)
            except RefusedError as error:
                raise _LogInFails(error.message) from error
            variation, answers = await same_answers_of(
                [bench.generator for bench in (one, beside, other)], plan.workload,
                requests=_ASKED, seconds=plan.seconds * _ASKING_SHARE, seed=plan.seed,
                stop=self.stop,
            )  # fmt: skip
            second.stack.hurry()
        return one, other, variation, answers

    async def _measured(
        self, one: Bench, other: Bench, variation: Variation, answers: Answers
    ) -> Verdict:
        plan = self.plan
        for bench in (one, other):
            bench.generator.judge_with(variation)
        gauge = self.running.enter_context(Gauge())
        blocks = Blocks(
            # Each user sends one request at a time: more would only wait for them.
            min(population(plan.base, plan.variant), plan.workload.users or _ANYBODY),
            _BLOCK_SECONDS,
            lambda: (*one.generator.pids, *other.generator.pids, *gauge.pids),
            weigh=Measure.MEMORY in plan.question.on,
            gauge=gauge,
        )
        try:
            return await self._in_pairs(one, other, blocks, variation, answers)
        except ServerError as error:
            # One that serves the base's load and not the variant's is the variant's doing.
            if not other.subject.failure.done():
                raise
            why = f"the variant died under load: {error.message}"
            return Verdict(Outcome.WORSE, plan.question.on[0], why, answers=answers)

    async def _in_pairs(
        self, one: Bench, other: Bench, blocks: Blocks, variation: Variation, answers: Answers
    ) -> Verdict:
        plan = self.plan
        result = await self._warm(one, blocks)
        wanted = result.completed - sum(result.errors.values())
        refuse_useless(result.statuses, max(0, wanted), one.subject.log_tail(20))
        beside = await self._warm(other, blocks)
        await blocks.ease((one, result.throughput), (other, beside.throughput))
        self._stop_here()
        alone = await self._together(one, blocks.population, variation)
        under_load = LoadedAnswers(variation, plan.workload)
        question = replace(plan.question, steadied=_served_alike(plan))
        series = Series(question, one, other, blocks, plan.seed, under_load.keep)
        judgement = await series.run(self.deadline, self.say, self.stop)
        found = under_load.answers(answers)
        if found.differing:
            wrong = _wrong(plan.question.on[0], found)
            if alone is not None and not alone.safe:
                wrong = replace(wrong, why=f"{wrong.why}; the base's neither: {alone}")
            return replace(wrong, pairs=tuple(series.pairs))
        return _concluded(judgement, series, found)

    async def _together(
        self, bench: Bench, population: int, variation: Variation
    ) -> Together | None:
        """Whether the base itself answers under load as it does one by one."""
        plan = self.plan
        if population < 2 or plan.workload.writes:
            return None
        self.say(f"asking the base the same one by one and {population} at a time")
        found = await bench.race(
            together(
                bench.generator, plan.workload, population, seconds=plan.seconds * _TOGETHER_SHARE,
                seed=plan.seed, stop=self.stop, variation=variation,
            )
        )  # fmt: skip
        self._stop_here()
        if not found.safe:
            self.notes += (f"the base is not safe: {found}",)
        return found

    async def _bench(self, started: Started, running: contextlib.AsyncExitStack) -> Bench:
        # One generator for comparing and for the load: some applications let nobody log in twice
        # within a minute.
        generator = Generator(
            self.plan.workload,
            started.addresses,
            seed=self.plan.seed,
            latency=self.plan.base.settings.config.slo.latency,
            observe=Observation(),
        )
        await running.enter_async_context(generator)
        return Bench(started, generator, database=not self.data.embedded)

    async def _warm(self, bench: Bench, blocks: Blocks) -> LoadResult:
        """Let it connect and fill its caches, and see how fast it is."""
        self.say("warming up")
        closed = Closed(population=blocks.population, seconds=_WARM_SECONDS)
        result = await bench.race(bench.generator.run(closed, stop=self.stop))
        self._stop_here()
        blocks.fit(result.completed / result.elapsed if result.elapsed else 0.0)
        return result

    def _stop_here(self) -> None:
        if self.stop.is_set():
            raise Interrupted


def _up(arm: Arm) -> contextlib.AbstractAsyncContextManager[Started]:
    return bare(arm.application, arm.settings)


def _served_alike(plan: Plan) -> bool:
    """Whether both keep the cores busy in the same way, so that the gauge tells of the machine.

    Another server, or more processes, changes who shares a core with whom, the gauge included.
    """
    return plan.base.settings.config.server == plan.variant.settings.config.server


def _does_not_start(measure: Measure, why: str) -> Verdict:
    return Verdict(Outcome.WORSE, measure, f"the variant does not start: {why}")


def _wrong(measure: Measure, answers: Answers) -> Verdict:
    why = f"{answers.differing} of {answers.compared} answers are not the same"
    return Verdict(Outcome.WRONG_ANSWERS, measure, why, answers=answers)


def _nobody_logged_in(measure: Measure, why: str) -> Verdict:
    example = Difference("log-in", "status", "", "as expected", why)
    answers = Answers(compared=1, differing=1, examples=(example,))
    text = f"users who can log in at the base cannot at the variant: {why}"
    return Verdict(Outcome.WRONG_ANSWERS, measure, text, answers=answers)


def _concluded(judgement: Judgement, series: Series, answers: Answers) -> Verdict:
    assert judgement.outcome is not None
    if not series.measured:
        raise Interrupted
    return Verdict(
        outcome=judgement.outcome,
        decided_on=judgement.decided_on,
        why=judgement.why,
        ratios=judgement.ratios,
        pairs=tuple(series.pairs),
        answers=answers,
        noise=judgement.noise,
        steadied=judgement.steadied,
        notes=tuple(_disturbance(series.disturbed, len(series.pairs))),
    )


def _disturbance(left_out: int, kept: int) -> Sequence[str]:
    if not left_out:
        return ()
    text = f"{left_out} of {left_out + kept} pairs were left out: other programs were busy "
    return (text + "beside one of their blocks only",)
