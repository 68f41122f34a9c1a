"""What every lever has to keep, as tests to subclass."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from surefoot import config
from surefoot.core.measures import Measure
from surefoot.core.records import Change, CodeEdit, ConfigEdit, OutsideAction
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.step import STAGES, Step
from surefoot.toolbox.levers.undo import edited, inverse

__all__ = ["LeverContract"]

_KEBAB: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_OF_CODE: Final = "edit"
_OUTSIDE: Final = "outside"


class LeverContract:
    """Shows a lever diagnosed runs, those it helps and those it does not, and looks at its steps.

    Attributes:
        lever: A module or an object with ``NAME`` and ``steps(case)``.
    """

    lever: ClassVar[Any] = None

    def cases(self) -> Sequence[Case]:
        """Runs that the lever has something to say to."""
        raise NotImplementedError("cases() returns the runs that the lever proposes a step for")

    def strangers(self) -> Sequence[Case]:
        """Runs that lack what the lever relieves."""
        raise NotImplementedError("strangers() returns runs that the lever proposes nothing for")

    def test_its_name_is_plain(self) -> None:
        """Words of lower case with hyphens: it stands in the journal, the report and the shell."""
        assert _KEBAB.fullmatch(self.lever.NAME), self.lever.NAME

    def test_it_proposes_nothing_where_there_is_nothing_to_relieve(self) -> None:
        """A run that lacks its resource gets no step."""
        for case in self.strangers():
            assert self._steps(case) == []

    def test_it_proposes_something_where_there_is(self) -> None:
        """Every run that is meant for it gets a step."""
        for case in self.cases():
            assert self._steps(case)

    def test_it_is_pure(self) -> None:
        """Asked twice it says the same, and the run it was shown is as it was."""
        for case in [*self.cases(), *self.strangers()]:
            kept = copy.deepcopy(case.evidence)
            first, second = self._changes(case), self._changes(case)
            assert first == second
            assert case.evidence == kept

    def test_its_words_are_complete(self) -> None:
        """Where, how and on what grounds are said, each in a sentence without its full stop."""
        for change in self._all():
            for words in (change.where, change.how, change.arithmetic):
                assert words.strip() == words, words
                assert words, change
            assert not change.how.endswith(".")
            assert all(precondition for precondition in change.preconditions)

    def test_its_prediction_is_a_factor(self) -> None:
        """The gain is a finite number above 0, and a better one than doing nothing."""
        for change in self._all():
            assert math.isfinite(change.predicted_gain), change
            assert change.predicted_gain >= 1.0, change

    def test_it_is_decided_on_something_that_is_no_guard(self) -> None:
        """What has to get better is not also what only must not get worse."""
        for change in self._all():
            assert change.on
            assert Measure.ERRORS in {*change.on, *change.guards}
            assert not set(change.on) & set(change.guards)

    def test_its_stage_fits_what_it_does(self) -> None:
        """Code is edited, what lies outside is done outside, and keys act at the other stages."""
        for change in self._all():
            assert change.stage in STAGES
            assert (change.stage == _OF_CODE) == isinstance(change.action, CodeEdit)
            assert (change.stage == _OUTSIDE) == isinstance(change.action, OutsideAction)

    def test_it_changes_keys_that_exist_to_values_they_may_have(self) -> None:
        """A changed configuration is a valid one, and not the one it was."""
        for edits in self._edits():
            assert edits
            assert edited(_before(edits), edits) != _before(edits)
            assert len({edit.key for edit in edits}) == len(edits)

    def test_its_undo_restores(self) -> None:
        """Forward and then back gives the configuration that was."""
        for edits in self._edits():
            back = inverse(edits)
            assert isinstance(back, tuple)
            assert edited(edited(_before(edits), edits), back) == _before(edits)
        for change in self._all():
            if isinstance(change.action, OutsideAction):
                assert change.action.forward
                assert change.action.inverse
                assert inverse(inverse(change.action)) == change.action

    def test_its_edits_say_where(self) -> None:
        """An edit names its file, and what to do there; a diff is one of that file."""
        for change in self._all():
            if isinstance(change.action, CodeEdit):
                assert change.action.file
                assert change.action.advice
                if change.action.diff:
                    assert change.action.diff.startswith(f"--- a/{change.action.file}\n")
                    assert change.action.line > 0

    def _steps(self, case: Case) -> list[Step]:
        return list(self.lever.steps(case))

    def _changes(self, case: Case) -> list[Change]:
        return [step.change(self.lever.NAME, case.model) for step in self._steps(case)]

    def _all(self) -> list[Change]:
        return [change for case in self.cases() for change in self._changes(case)]

    def _edits(self) -> list[tuple[ConfigEdit, ...]]:
        return [change.action for change in self._all() if isinstance(change.action, tuple)]


def _before(edits: Sequence[ConfigEdit]) -> config.Config:
    """A configuration in which each key is what the edits say it was."""
    return edited(config.Config(), [ConfigEdit(e.key, None, e.before) for e in edits])
