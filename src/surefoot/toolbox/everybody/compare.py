"""Compares what users were answered with what nobody in particular was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from surefoot.core.proof import Alike, Answers
from surefoot.toolbox.answers.examples import Examples, difference
from surefoot.toolbox.answers.spot import Spot
from surefoot.toolbox.answers.variation import Variation, content, learn
from surefoot.toolbox.everybody.script import Round, Script
from surefoot.toolbox.load.observation import Answered

__all__ = ["alike"]

_NOBODY: Final = "nobody"


def alike(script: Script, answers: Sequence[Answered], routes: Sequence[str]) -> tuple[Alike, ...]:
    """Whether each route was answered the same for everybody.

    Args:
        script: What was asked.
        answers: Those to its steps; the last ones may be missing.
        routes: Those to be told of, whether they were asked or not.
    """
    asked = [each for each in script.rounds if each.again < len(answers)]
    found = {route: _Found(len(script.users)) for route in routes}
    variation = _variation(asked, answers)
    for each in asked:
        for user, step in zip(script.users, each.users, strict=True):
            found[each.route].add(variation, answers[each.nobody], answers[step], user)
    wanted = {each.route for each in script.rounds}
    return tuple(each.told(route, asked=route in wanted) for route, each in found.items())


def _variation(rounds: Sequence[Round], answers: Sequence[Answered]) -> Variation:
    """What varies by itself: what nobody was answered at first, and then again."""
    first = [replace(answers[each.nobody], at=(n, 0)) for n, each in enumerate(rounds)]
    second = [replace(answers[each.again], at=(n, 0)) for n, each in enumerate(rounds)]
    return learn(first, second)


@dataclass
class _Found:
    users: int
    compared: int = 0
    differing: int = 0
    good: int = 0
    unclear: str = ""
    examples: Examples = field(default_factory=Examples)

    def add(self, variation: Variation, nobody: Answered, answer: Answered, user: int) -> None:
        """Compare the answer to one user."""
        shape = variation.shape(nobody.name)
        self.unclear = self.unclear or _unseen(nobody) or _unseen(answer)
        if shape.whole or () in shape.json.varying:
            self.unclear = "its bodies vary as a whole by themselves"
        self.compared += 1
        self.good += 200 <= nobody.status < 300
        spots = tuple(shape.differences(content(nobody), content(answer)))
        self.differing += bool(spots)
        for spot in spots:
            self._show(nobody, spot, user)

    def _show(self, nobody: Answered, spot: Spot, user: int) -> None:
        shown = difference(nobody.request, spot)
        sides = (_NOBODY, f"user {user + 1}")
        place = spot.place or spot.where
        self.examples.add((nobody.name, spot.what, place), replace(shown, sides=sides))

    def told(self, route: str, *, asked: bool) -> Alike:
        """All that was found."""
        found = Answers(self.compared, self.differing, self.examples.chosen())
        return Alike(route, self.users, found, self.unclear or self._nothing(asked=asked))

    def _nothing(self, *, asked: bool) -> str:
        if not asked:
            return "the workload has no request for it that everybody could send"
        if not self.compared:
            return "there was no time to ask for it"
        return "" if self.good or self.differing else "nobody was answered with success"


def _unseen(answer: Answered) -> str:
    if answer.status < 200:
        return f"{answer.request} got no answer: {answer.error}"
    return f"{answer.request} is packed in a way not known here" if answer.packed else ""
