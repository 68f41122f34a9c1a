"""What every hook of a driver has to keep, as tests to subclass."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from surefoot.core.records import Record, Spend
from surefoot.testing.receiver import Receiver

__all__ = ["HookContract"]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What a run of the exercise returned, and what telemetry sent of it."""

    answer: Any
    records: tuple[Record, ...]
    faults: int


class HookContract:
    """Runs a function that uses the driver, with and without telemetry, and compares.

    Attributes:
        exercise: ``"file.py:function"``, the file relative to the test module. The function, plain
            or ``async``, takes ``arguments()`` as text, and returns something JSON can hold.
        resource: What the driver's work has to be booked on; a prefix for named resources.
        what: Part of the name of one of the spends.
        count: How often that one has to be counted.
        python: The interpreter that has the driver.
    """

    exercise: ClassVar[str] = ""
    resource: ClassVar[str] = ""
    what: ClassVar[str] = ""
    count: ClassVar[int] = 1
    python: str = sys.executable
    _outcomes: ClassVar[dict[str, _Outcome]] = {}

    def arguments(self) -> tuple[str, ...]:
        """What the exercise is called with; override it to pass addresses of servers."""
        return ()

    def __init_subclass__(cls, **words: Any) -> None:
        super().__init_subclass__(**words)
        cls._outcomes = {}

    def test_work_is_booked_with_its_place(self) -> None:
        """One spend names the driver's work, the resource and the line that asked for it."""
        (record,) = self._outcome("request").records
        spend = self._spend(record)
        assert spend.count == self.count
        assert spend.site.startswith(self._file().name + ":"), spend.site
        assert spend.use_ns > 0
        assert 0 <= spend.cpu_ns <= record.cpu_ns
        assert sum(s.use_ns for s in record.spends if s.resource == spend.resource) <= (
            record.wall_ns * 1.05
        )

    def test_results_are_the_same_with_and_without_telemetry(self) -> None:
        """What the driver returns or raises does not change."""
        answers = [self._outcome(mode).answer for mode in ("off", "plain", "request")]
        assert answers[0] == answers[1] == answers[2]
        assert not answers[0]["error"], answers[0]["error"]

    def test_nothing_is_booked_outside_a_request(self) -> None:
        """Work at start-up belongs to no request."""
        assert self._outcome("plain").records == ()

    def test_a_fault_of_telemetry_reaches_nobody(self) -> None:
        """With every look-up failing the driver still works, and the faults are counted."""
        broken = self._outcome("faulty")
        assert broken.answer == self._outcome("off").answer
        assert broken.faults > 0

    def _spends(self, resource: str) -> list[Spend]:
        """What a request books on a resource, or on those whose names begin so."""
        (record,) = self._outcome("request").records
        return [each for each in record.spends if str(each.resource).startswith(resource)]

    def _spend(self, record: Record) -> Spend:
        found = [
            spend
            for spend in record.spends
            if str(spend.resource).startswith(self.resource) and self.what in spend.what
        ]
        assert found, f"no spend on {self.resource} of {self.what!r}: {record.spends}"
        return max(found, key=lambda spend: spend.count)

    def _file(self) -> Path:
        return Path(inspect.getfile(type(self))).with_name(self.exercise.partition(":")[0])

    def _outcome(self, mode: str) -> _Outcome:
        """What came of a mode. The tests of a class look at one run of it: a start costs most."""
        if mode not in self._outcomes:
            self._outcomes[mode] = self._run(mode)
        return self._outcomes[mode]

    def _run(self, mode: str) -> _Outcome:
        function = self.exercise.partition(":")[2]
        command = [self.python, "-m", "surefoot.testing.exercise"]
        with Receiver() as receiver:
            command += [str(self._file()), function, receiver.path, mode, *self.arguments()]
            ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert ended.returncode == 0, ended.stderr
            receiver.drain()  # it has ended, and sends no more
            faults = receiver.stats[-1].faults if receiver.stats else 0
            answer = json.loads(ended.stdout.splitlines()[-1])
            return _Outcome(answer, tuple(receiver.records), faults)
