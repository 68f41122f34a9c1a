"""The loop's hands on a real project: measures it, proves a change, writes journal and file."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from surefoot import config
from surefoot.config import Settings
from surefoot.core.ab import LEAST_PAIRS, Question
from surefoot.core.journal import Entry, Facts, Kind
from surefoot.core.proof import Outcome, Verdict
from surefoot.core.records import Change
from surefoot.errors import SurefootError
from surefoot.toolbox.journal import Journal
from surefoot.toolbox.load import Workload
from surefoot.toolbox.measure import run as measuring
from surefoot.toolbox.measure.run import Measurement
from surefoot.toolbox.measure.safety import remedy
from surefoot.toolbox.prove import run as proving
from surefoot.toolbox.prove.arm import Arm
from surefoot.toolbox.prove.arms import variant_arm
from surefoot.toolbox.target import Application, find_application
from surefoot.toolbox.tune.rank import Identity, keys
from surefoot.toolbox.tune.run import Ended, Hands
from surefoot.toolbox.tune.state import Found
from surefoot.toolbox.workload import whole_workload_for, workload_for

__all__ = ["Workshop", "dropped_before", "held_elsewhere"]

Say = Callable[[str], None]
_Workload = tuple[Workload, tuple[str, ...]]
_Find = Callable[[Application, Settings, Say], Awaitable[_Workload]]


class Workshop:
    """One project under tuning.

    Args:
        directory: Where its configuration is.
        flags: Dotted keys that the command line sets.
        journal: Opened to write.
        facts: What proofs of today depend on.
        say: Is told what is being done.
        stop: Set to end early.
        writes: Whether measurements are noted; a dry run leaves no trace.
    """

    def __init__(
        self,
        directory: Path,
        flags: Mapping[str, Any],
        journal: Journal,
        facts: Facts,
        say: Say,
        stop: asyncio.Event,
        *,
        writes: bool = True,
    ) -> None:
        self.directory, self.flags = directory, flags
        self.journal, self.facts = journal, facts
        self.say, self.stop = say, stop
        self.settings: Settings = config.load(directory, flags=flags)
        self.last: Measurement | None = None
        self.writes = writes
        self._at = "start"
        self._doing = ""
        self._application: Application | None = None
        self._workloads: dict[_Find, _Workload] = {}

    @property
    def name(self) -> str:
        """What is tuned, in a word."""
        if self._application is not None:
            return self._application.target
        return self.last.evidence.target if self.last else self.settings.config.app.target

    @property
    def hands(self) -> Hands:
        """What the loop is given."""
        return Hands(self.measure, self.prove, self.record)

    async def measure(self, seconds: float) -> Found:
        """Take the diagnosis of what is in force.

        Raises:
            Ended: Stopped before there was anything to conclude from.
            SurefootError: It does not start, or its answers are not what the workload wants.
        """
        self._doing = "measuring: "
        application = await self._found()
        workload, notes = await self._workload(workload_for, application)
        plan = measuring.Plan(application, self.settings, workload, seconds, notes)
        try:
            self.last = await measuring.measure(plan, self._say, self.stop)
        except measuring.Interrupted:
            raise Ended from None
        if self.last.interrupted:
            # What a search found by then is no capacity to compare with.
            raise Ended
        found = _found(self.last, self.settings)
        if self.writes:
            self.journal.measured(_figures(found, self._at), self.facts)
        return found

    async def prove(self, change: Change, seconds: float) -> Verdict:
        """Prove one change against what is in force.

        Raises:
            Ended: Stopped before the first pair of blocks.
            SurefootError: What is in force does not start any more.
        """
        self._doing = f"proving {change.lever}: "
        base = Arm("base", await self._found(), self.settings)
        try:
            variant = await asyncio.to_thread(
                variant_arm, base, self.directory, flags={**self.flags, **keys(change)}
            )
        except SurefootError as error:
            return _lost(change, f"the variant cannot be made: {error.message}")
        workload, notes = await self._workload(whole_workload_for, base.application)
        question = Question(on=change.on, guards=change.guards)
        plan = proving.Plan(base, variant, workload, seconds, question, notes=notes)
        try:
            verdict = await proving.prove(plan, self._say, self.stop)
        except proving.Interrupted:
            raise Ended from None
        if self.stop.is_set() and verdict.outcome is Outcome.INCONCLUSIVE:
            # Cut short it says nothing about the change, which is not to be dropped for that.
            raise Ended
        return verdict

    def record(self, change: Change, verdict: Verdict) -> int:
        """Note a decided change and put it into force if it is better.

        Raises:
            OutputError: A file cannot be written; nothing has changed.
        """
        kept = verdict.outcome is Outcome.BETTER
        evidence = [change.arithmetic, *self._evidence()]
        entry = self.journal.append(change, verdict, kept=kept, facts=self.facts, evidence=evidence)
        if kept:
            self._at = f"after change {entry.id}"
            self.settings = config.load(self.directory, flags=self.flags)
            self._application = None
        return entry.id

    def _evidence(self) -> list[str]:
        if self.last is None:
            return []
        return [finding.text for finding in self.last.diagnosis.findings]

    async def _found(self) -> Application:
        # Another server, or another interpreter, is another application to start.
        if self._application is None:
            self._application = await asyncio.to_thread(find_application, self.settings)
        return self._application

    async def _workload(self, find: _Find, application: Application) -> _Workload:
        # The same requests all the way: pages are not looked for anew after each change.
        if find not in self._workloads:
            self._workloads[find] = await find(application, self.settings, self._say)
        return self._workloads[find]

    def _say(self, line: str) -> None:
        self.say(self._doing + line)


def held_elsewhere(settings: Settings) -> Mapping[str, str]:
    """Keys that the environment or the command line sets, with which of the two."""
    held = {
        key: source for key, source in settings.sources.items() if source in {"environment", "flag"}
    }
    return MappingProxyType(held)


def dropped_before(journal: Journal, facts: Facts) -> Mapping[Identity, str]:
    """Changes that were dropped on this very code, data and machine, with when and why."""
    found = {}
    for entry in journal.entries:
        same = replace(entry.facts, data=0) == replace(facts, data=0)
        decided = entry.kind is Kind.CHANGE and not entry.kept and not _too_short(entry)
        if decided and entry.edits and same:
            found[_identity(entry)] = (
                f"dropped as change {entry.id} on {entry.at[:10]}: "
                f"{entry.verdict.get('verdict', 'no verdict')}"
            )
    return MappingProxyType(found)


def _too_short(entry: Entry) -> bool:
    """Whether the proof ended before its pairs could say anything; that is no decision."""
    told = entry.verdict
    return told.get("verdict") == Outcome.INCONCLUSIVE and told.get("pairs", 0) < LEAST_PAIRS


def _identity(entry: Entry) -> Identity:
    told = [(edit.key, str(edit.before), str(edit.after)) for edit in entry.edits]
    return entry.lever, tuple(sorted(told))


def _found(measurement: Measurement, settings: Settings) -> Found:
    evidence, diagnosis = measurement.evidence, measurement.diagnosis
    together = evidence.together
    unsafe = str(together) if together is not None and not together.safe else ""
    # Nobody asked for so many threads. Who names their number wants it tuned as it is.
    unasked = evidence.interface == "wsgi" and settings.sources["server.threads"] == "default"
    return Found(
        capacity=diagnosis.capacity,
        bottleneck=diagnosis.bottleneck,
        changes=diagnosis.changes,
        valid=diagnosis.valid,
        why_invalid=diagnosis.why_invalid,
        slo=str(diagnosis.slo),
        unsafe=unsafe,
        remedy=f"{remedy(evidence.interface)}, or name the threads it is to run with"
        if unsafe and unasked
        else "",
    )


def _figures(found: Found, at: str) -> dict[str, Any]:
    return {
        "at": at,
        "capacity": round(found.capacity.rps, 2),
        "low": round(found.capacity.low, 2),
        "high": round(found.capacity.high, 2),
        "bottleneck": str(found.bottleneck or ""),
    }


def _lost(change: Change, why: str) -> Verdict:
    return Verdict(Outcome.WORSE, change.on[0], why)
