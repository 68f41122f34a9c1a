"""What every hook of a driver has to keep, as tests to subclass."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, ClassVar

from surefoot.core.records import Record, Spend
from surefoot.testing.receiver import Receiver

__all__ = ["HookContract"]


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

    def arguments(self) -> tuple[str, ...]:
        """What the exercise is called with; override it to pass addresses of servers."""
        return ()

    def test_work_is_booked_with_its_place(self) -> None:
        """One spend names the driver's work, the resource and the line that asked for it."""
        with Receiver() as receiver:
            self._run(receiver, "request")
            (record,) = receiver.wait_for_records(1)
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
        with Receiver() as receiver:
            answers = [self._run(receiver, mode) for mode in ("off", "plain", "request")]
        assert answers[0] == answers[1] == answers[2]
        assert not answers[0]["error"], answers[0]["error"]

    def test_nothing_is_booked_outside_a_request(self) -> None:
        """Work at start-up belongs to no request."""
        with Receiver() as receiver:
            self._run(receiver, "plain")
            receiver.drain()
            assert receiver.records == []

    def test_a_fault_of_telemetry_reaches_nobody(self) -> None:
        """With every look-up failing the driver still works, and the faults are counted."""
        with Receiver() as receiver:
            healthy = self._run(receiver, "off")
            broken = self._run(receiver, "faulty")
            receiver.wait(lambda: bool(receiver.stats))
        assert broken == healthy
        assert receiver.stats[-1].faults > 0

    def _spends(self, resource: str) -> list[Spend]:
        """What a request books on a resource, or on those whose names begin so."""
        with Receiver() as receiver:
            self._run(receiver, "request")
            (record,) = receiver.wait_for_records(1)
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

    def _run(self, receiver: Receiver, mode: str) -> Any:
        function = self.exercise.partition(":")[2]
        command = [self.python, "-m", "surefoot.testing.exercise"]
        command += [str(self._file()), function, receiver.path, mode, *self.arguments()]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout.splitlines()[-1])
