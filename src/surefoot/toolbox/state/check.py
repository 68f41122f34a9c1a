"""Asks one process and several the same, and names what only one of them knows."""

from __future__ import annotations

import asyncio
import dataclasses
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from surefoot.config import Settings
from surefoot.core.proof import Answers, Difference
from surefoot.core.records import Finding
from surefoot.core.witness import Place, Sighting, Watch
from surefoot.errors import RefusedError, ServerError
from surefoot.toolbox.answers.headers import kept_headers
from surefoot.toolbox.load import Workload
from surefoot.toolbox.load.observation import Answered
from surefoot.toolbox.stack import Stack
from surefoot.toolbox.state.candidate import Candidate, Strength
from surefoot.toolbox.state.candidates import candidates
from surefoot.toolbox.state.compare import differences
from surefoot.toolbox.state.explain import Changed, culprits, executed, merged
from surefoot.toolbox.state.files import LocalFile, local_files
from surefoot.toolbox.state.names import Modules
from surefoot.toolbox.state.readers import readers
from surefoot.toolbox.state.script import script
from surefoot.toolbox.state.settings import Setting, in_files, in_memory
from surefoot.toolbox.state.sources import read_sources
from surefoot.toolbox.state.walk import walk
from surefoot.toolbox.state.wording import (
    does_not_start,
    file_finding,
    finding,
    note,
    setting_finding,
    unexplained,
)
from surefoot.toolbox.target import Application

__all__ = ["Copies", "StateReport", "shared_state"]

WATCH: Final = "watch.json"
_SEEDS: Final = (11, 12)
_SECONDS: Final = 30.0
_LIVES: Final = 3
_EXAMPLES: Final = 10
_REFUSING: Final = frozenset({301, 302, 303, 307, 308, 400, 401, 403})
_NOTES: Final = 8


class Copies(Protocol):
    """Equal data for each of several stacks."""

    @property
    def writable(self) -> bool:
        """Whether requests that write may be sent to them."""
        ...

    def environment(self, label: str) -> Mapping[str, str]:
        """What lets an application find the copy of this label: base, again or variant."""
        ...

    async def reset(self, label: str) -> None:
        """Make that copy as it was at first; nothing runs on it."""
        ...


@dataclass(frozen=True, slots=True)
class StateReport:
    """What an application keeps in one process."""

    findings: tuple[Finding, ...] = ()
    """Lines because of which it must not run in several processes."""
    answers: Answers = dataclasses.field(default_factory=Answers)
    """Several processes against one."""
    notes: tuple[str, ...] = ()
    complete: bool = True
    """Whether everything was asked; not so where it was stopped."""

    @property
    def safe(self) -> bool:
        """Whether all was asked, and nothing was found that several processes would break."""
        return self.complete and not self.findings and not self.answers.differing


@dataclass(frozen=True, slots=True)
class _Code:
    """What reading the application's source found."""

    candidates: tuple[Candidate, ...]
    memory: tuple[Setting, ...]
    """Lines of settings by which a framework keeps sessions in the process."""
    files: tuple[Setting, ...]
    """By which it keeps them in files."""
    readers: Mapping[Place, frozenset[str]]
    watch: Watch


@dataclass(frozen=True, slots=True)
class _Life:
    """One walk through the script, on a stack of its own."""

    answers: tuple[Answered, ...]
    seen: dict[int, Sighting]


async def shared_state(
    application: Application,
    settings: Settings,
    workload: Workload,
    *,
    replicas: int,
    say: Callable[[str], None],
    stop: asyncio.Event,
    data: Copies | None = None,
    seconds: float = _SECONDS,
) -> StateReport:
    """Whether the application gives the same answers from several processes as from one.

    Args:
        application: What to ask; without ``data`` its own data is asked, and nothing is written.
        settings: How it is served; how many processes there are is not taken from here.
        workload: What to ask for.
        replicas: How many processes it is to run in; three show what more would.
        say: Is told what is going on.
        stop: Set, it ends early, with what is known by then.
        data: Copies of the data; they are fresh again in the end.
        seconds: About how long asking may take while nothing differs; what is left out is noted.

    Raises:
        ServerError: The application does not come up as one process.
        RefusedError: Nothing could be seen of what it does.
        WorkloadError: Nothing is left to ask for without writing.
    """
    count = max(2, min(3, replicas))
    subject = _Subject(application, settings, workload, count, stop, data, seconds)
    say("reading the application's code for what it keeps in the process")
    code = await asyncio.to_thread(_read, application)
    say(f"asking one process and {subject.replicas} the same")
    try:
        first = await _round(subject, code, _SEEDS[0])
    except _OneOnlyError as error:
        return StateReport((does_not_start(str(error), count),), notes=tuple(subject.notes))
    # What differs is only believed when it differs again.
    if first.differing and not stop.is_set():
        say(f"asking one process and {subject.replicas} once more: they differ")
        second = await _round(subject, code, _SEEDS[1])
        for step in first.differing.keys() - second.differing.keys():
            del first.differing[step]
    asked = bool(first.base.answers) and not stop.is_set()
    return dataclasses.replace(_report(subject, code, first), complete=asked)


class _OneOnlyError(Exception):
    """One process comes up, and several beside each other do not."""


@dataclass(frozen=True, slots=True)
class _Round:
    """One process and several, asked the same."""

    base: _Life
    several: _Life
    differing: dict[int, Difference]


async def _round(subject: _Subject, code: _Code, seed: int) -> _Round:
    """Ask one process, several, and if they differ in anything one again.

    In this order, so that what drifts with time differs between the first and the last too.
    """
    base = await subject.life("base", 1, seed, code.watch)
    try:
        several = await subject.life("variant", subject.replicas, seed, code.watch)
    except ServerError as error:
        raise _OneOnlyError(error.message) from error
    if all(map(_same, base.answers, several.answers)):
        return _Round(base, several, {})
    again = await subject.life("again", 1, seed, code.watch)
    found = differences(base.answers, again.answers, several.answers)
    return _Round(base, several, found)


def _same(one: Answered, other: Answered) -> bool:
    return (one.status, one.body) == (other.status, other.body) and (
        kept_headers(one.headers) == kept_headers(other.headers)
    )


class _Subject:
    """What is asked, and how."""

    def __init__(
        self,
        application: Application,
        settings: Settings,
        workload: Workload,
        replicas: int,
        stop: asyncio.Event,
        data: Copies | None,
        seconds: float,
    ) -> None:
        writable = data.writable if data is not None else settings.config.data.disposable
        self.notes: list[str] = []
        if not writable and workload.writes:
            self.notes.append(
                f"what writes was not asked for ({', '.join(workload.writes)}): state that only "
                "a write would show was not looked for"
            )
            workload = workload.without(workload.writes)
        self.application = application
        self.workload = workload
        self.replicas = replicas
        self.steps = script(workload, replicas)
        self._settings = settings
        self._stop = stop
        self._data = data
        self._seconds = seconds

    async def life(self, label: str, replicas: int, seed: int, watch: Watch) -> _Life:
        """Walk through the script once, on a stack and data that are fresh."""
        if self._stop.is_set():
            return _Life((), {})
        application = self.application
        if self._data is not None:
            environment = {**application.environment, **self._data.environment(label)}
            application = dataclasses.replace(application, environment=environment)
        config = self._settings.config
        server = dataclasses.replace(config.server, replicas=replicas, workers=1)
        settings = dataclasses.replace(
            self._settings, config=dataclasses.replace(config, server=server)
        )
        with tempfile.TemporaryDirectory(prefix="surefoot-") as folder:
            directory = Path(folder)
            (directory / WATCH).write_text(watch.to_json(), encoding="utf-8")
            async with Stack(application, settings, witness=directory) as stack:
                addresses = [replica.address for replica in stack.replicas]
                answers = await walk(
                    addresses,
                    self.steps,
                    self.workload,
                    seed=seed,
                    stop=self._stop,
                    seconds=self._seconds / _LIVES,
                )
                if stack.failure.done():
                    raise stack.failure.result()
            if self._data is not None:
                await self._data.reset(label)
            self._cut_to(len(answers))
            return _Life(answers, merged(_sightings(directory)))

    def _cut_to(self, count: int) -> None:
        """Ask for no more in the lives that follow than there was time for in this one."""
        if count < len(self.steps) and not self._stop.is_set():
            self.notes.append(
                f"there was time for {count} of {len(self.steps)} requests; the others were not "
                "asked of several processes"
            )
            self.steps = self.steps[:count]


def _read(application: Application) -> _Code:
    sources = read_sources(application)
    modules = Modules(sources)
    found = candidates(sources, modules)
    keys = frozenset(key for each in found for key in each.keys)
    reading = readers(sources, modules, keys)
    lines: dict[str, set[int]] = {}
    functions: dict[str, set[int]] = {}
    for each in found:
        lines.setdefault(each.path, set()).update(each.lines)
        if each.owner is not None:
            functions.setdefault(each.owner[0], set()).add(each.owner[1])
    for path, first in reading:
        functions.setdefault(path, set()).add(first)
    frozen = ({path: frozenset(each) for path, each in of.items()} for of in (lines, functions))
    memory, files = tuple(in_memory(sources)), tuple(in_files(sources))
    return _Code(found, memory, files, reading, Watch(*frozen))


def _sightings(directory: Path) -> list[Sighting]:
    found: list[Sighting] = []
    for path in sorted(directory.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                found.append(Sighting.from_json(line))
            except ValueError:
                # The last line of a process that was killed while it wrote.
                continue
    if not found:
        raise RefusedError(
            "the application's processes did not say what they saw",
            do="see the application's own output: what imports it may be in the way",
        )
    return found


def _report(subject: _Subject, code: _Code, asked: _Round) -> StateReport:
    base, several, differing = asked.base, asked.several, asked.differing
    seen = merged([*base.seen.values(), *several.seen.values()])
    changed = [_changed(step, differing[step], asked, seen) for step in sorted(differing)]
    guilty = culprits(changed, code.candidates, seen, code.readers)
    findings = [finding(each, subject.replicas) for each in guilty]
    home = subject.application.directory
    files = _attributed(local_files(base.seen), code.files)
    findings += [file_finding(each, home) for each in files if each.site]
    if changed and not guilty:
        findings += [setting_finding(each, changed[0], subject.replicas) for each in code.memory]
    notes = [*subject.notes, *(note_of for note_of in _file_notes(files))]
    if changed and not findings:
        notes.append(unexplained(changed[0]))
    blamed = {line for each in guilty for line in (each.candidate, *each.also)}
    # An alias or a foreign object is only likely to be kept: too little to trouble anybody with.
    certain = [each for each in code.candidates if each.strength >= Strength.CACHE]
    ran = [each for each in executed(certain, base.seen) if each not in blamed]
    notes += [note(each) for each in {each.keys: each for each in reversed(ran)}.values()][:_NOTES]
    answers = Answers(
        compared=min(len(base.answers), len(several.answers)),
        differing=len(differing),
        examples=tuple(differing[step] for step in sorted(differing)[:_EXAMPLES]),
    )
    return StateReport(tuple(findings), answers, tuple(dict.fromkeys(notes)))


def _attributed(files: Sequence[LocalFile], settings: Sequence[Setting]) -> list[LocalFile]:
    """Files that no line of the application's own writes come of the settings, where those say."""
    if not settings:
        return list(files)
    return [
        each if each.site else dataclasses.replace(each, site=settings[0].where) for each in files
    ]


def _file_notes(files: Sequence[LocalFile]) -> list[str]:
    return [
        f"{each.path} is written while {each.written_by} is served and read by {each.read_by}, "
        "by code that is not the application's own"
        for each in files
        if not each.site
    ]


def _changed(
    step: int, difference: Difference, asked: _Round, seen: Mapping[int, Sighting]
) -> Changed:
    sighting = seen.get(step)
    before, after = asked.base.answers[step], asked.several.answers[step].status
    name = sighting.name if sighting is not None else before.name
    away = difference.what == "header location" or (
        difference.what == "status" and before.status < 400 and after in _REFUSING
    )
    return Changed(step, name, before.status, after, away)
