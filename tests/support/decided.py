"""Changes and what was decided about them, for tests and for the processes they start."""

from surefoot.core.journal import Facts
from surefoot.core.measures import Measure
from surefoot.core.proof import Answers, Difference, Outcome, Ratio, Verdict
from surefoot.core.records import Change, ConfigEdit
from surefoot.core.resources import Resource

FACTS = Facts(code="c0de", dependencies="deb5")


def make_change(*edits, lever="threads", action=None):
    return Change(
        lever=lever,
        where="server",
        relieves=Resource.parse("app.threads"),
        stage="server",
        action=action or tuple(ConfigEdit(*edit) for edit in edits),
        predicted_gain=1.9,
        how="more requests at once",
        arithmetic="",
    )


def make_verdict(outcome=Outcome.BETTER, value=1.8):
    return Verdict(
        outcome,
        Measure.CAPACITY,
        "the whole interval is above 1",
        ratios={Measure.CAPACITY: Ratio(value, value - 0.1, value + 0.1)},
        answers=Answers(9, 1, (Difference("GET /me", "body", "/mail", "ann@example.org", "-"),)),
    )
