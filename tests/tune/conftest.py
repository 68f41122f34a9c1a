"""Changes and verdicts made up on purpose, and a world in which they have true gains."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import settings

from surefoot.core.measures import Measure
from surefoot.core.proof import Outcome, Ratio, Verdict
from surefoot.core.records import Capacity, Change, CodeEdit, ConfigEdit, OutsideAction
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.tune.run import Hands
from surefoot.toolbox.tune.state import Found

settings.register_profile("surefoot", deadline=None)
settings.load_profile("surefoot")


class Make:
    """Values as diagnoses and proofs give them; every part can be replaced."""

    def change(self, lever="threads", gain=1.5, key="server.threads", after=8, **parts):
        return Change(
            **{
                "lever": lever,
                "where": key,
                "relieves": Resource(Kind.APP_THREADS),
                "stage": "server",
                "action": (ConfigEdit(key, 4, after),),
                "predicted_gain": gain,
                "how": f"set {key} = {after}",
                "arithmetic": "100/s -> 150/s in the model",
            }
            | parts
        )

    def edit(self, gain=2.0):
        action = CodeEdit("shop/views.py", 41, "load it at once")
        return self.change("eager-load", gain, "shop/views.py:41", action=action, stage="edit")

    def outside(self, gain=1.2):
        action = OutsideAction("CREATE INDEX i ON b (c)", "DROP INDEX i")
        return self.change("add-index", gain, "book.title", action=action, stage="outside")

    def verdict(self, outcome=Outcome.BETTER, gain=1.4, **parts):
        ratio = Ratio(gain, gain * 0.96, gain * 1.04)
        return Verdict(
            **{
                "outcome": outcome,
                "decided_on": Measure.CAPACITY,
                "why": f"requests per second x {gain:.3f}",
                "ratios": MappingProxyType({Measure.CAPACITY: ratio}),
                "seconds": 31.0,
            }
            | parts
        )

    def found(self, rps=100.0, *changes, **parts):
        return Found(Capacity(rps, rps * 0.96, rps * 1.04), changes=changes, **parts)


class World:
    """An application whose changes have true gains; a clock that its hands move on."""

    def __init__(self, make, rps, truths, measuring=20.0, proving=1.0):
        self.make, self.truths = make, truths
        self.rps, self.now, self.measuring, self.proving = rps, 0.0, measuring, proving
        self.kept, self.recorded, self.log = [], [], []

    def hands(self):
        return Hands(self.measure, self.prove, self.record)

    async def measure(self, seconds):
        self.log.append("measure")
        self.now += min(self.measuring, seconds + 20)
        left = [change for change, _ in self.truths if change not in self.kept]
        return self.make.found(self.rps, *left)

    async def prove(self, change, seconds):
        assert change not in self.kept
        self.log.append("prove")
        self.now += seconds * self.proving
        gain = dict(self.truths)[change]
        outcome = Outcome.NO_DIFFERENCE
        if gain > 1.03:
            outcome = Outcome.BETTER
        elif gain < 0.97:
            outcome = Outcome.WORSE
        return self.make.verdict(outcome, gain)

    def record(self, change, verdict):
        self.recorded.append((change, verdict.outcome))
        if verdict.outcome is Outcome.BETTER:
            self.kept.append(change)
            self.rps *= dict(self.truths)[change]
        return len(self.recorded)


@pytest.fixture(scope="session")
def make():
    return Make()


@pytest.fixture(scope="session")
def world(make):
    """A function that makes a world."""
    return lambda rps, truths, **parts: World(make, rps, truths, **parts)
