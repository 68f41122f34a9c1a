"""The loop takes one change at a time, keeps what is proven, tries nothing twice, and ends."""

from __future__ import annotations

import asyncio
import math
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.proof import Outcome
from surefoot.errors import RefusedError, ServerError
from surefoot.toolbox.tune.rank import edits, identity, rank
from surefoot.toolbox.tune.run import Ended, Hands, tune
from surefoot.toolbox.tune.state import Done, Goal, Prove, State, Stopped, decide


def go(world, state, stop=None):
    return asyncio.run(
        tune(state, world.hands(), lambda _: None, stop or asyncio.Event(), lambda: world.now)
    )


gains = st.floats(0.5, 4.0)
scenes = st.lists(st.tuples(gains, gains, st.integers(0, 2)), max_size=6)


def built(make, scene):
    kinds = (make.change, make.edit, make.outside)
    truths = []
    for index, (predicted, true, kind) in enumerate(scene):
        if kind:
            truths.append((kinds[kind](predicted), 1.0))
        else:
            truths.append((make.change(f"lever-{index}", predicted, f"k.{index}"), true))
    return truths


@given(scene=scenes, until=st.floats(50, 5000) | st.just(math.inf), seconds=st.floats(60, 1200))
def test_whatever_the_world_is_the_loop_keeps_its_promises(make, world, scene, until, seconds):
    there = world(100.0, built(make, scene))
    goal = Goal(until, seconds)
    done = go(there, State(goal))
    tried = [identity(change) for change, _ in there.recorded]
    assert len(tried) == len(set(tried))
    assert all(edits(change) for change, _ in there.recorded)
    assert all(change.predicted_gain >= 1.03 for change, _ in there.recorded)
    assert [change for change, outcome in there.recorded if outcome is Outcome.BETTER] == there.kept
    assert done.end.capacity.rps == pytest.approx(there.rps)
    assert done.seconds <= max(seconds, goal.reserve) + 1e-6
    if done.stopped is Stopped.REACHED:
        assert done.end.capacity.low >= until
    if done.stopped in {Stopped.NOTHING_LEFT, Stopped.EDITS_LEFT}:
        assert not done.state.candidates
        assert bool(done.state.edits) == (done.stopped is Stopped.EDITS_LEFT)


@given(scene=scenes)
def test_it_measures_again_after_each_kept_change_and_only_then(make, world, scene):
    there = world(100.0, built(make, scene))
    go(there, State(Goal(math.inf, 3600.0)))
    assert there.log.count("measure") == 1 + len(there.kept)
    assert there.log[0] == "measure"


@given(scene=scenes, seed=st.integers(0, 50))
def test_interrupted_anywhere_it_says_what_was_done_and_stops(make, world, scene, seed):
    there = world(100.0, built(make, scene))
    stop = asyncio.Event()
    whole = there.hands()

    async def measure(seconds):
        found = await whole.measure(seconds)
        if len(there.log) >= seed % 7:
            stop.set()
        return found

    async def prove(change, seconds):
        if len(there.log) >= seed % 5:
            stop.set()
            raise Ended
        return await whole.prove(change, seconds)

    hands = Hands(measure, prove, whole.record)
    run = tune(State(Goal(math.inf, 3600.0)), hands, lambda _: None, stop, lambda: there.now)
    done = asyncio.run(run)
    assert [step.change for step in done.state.steps] == [change for change, _ in there.recorded]
    if stop.is_set():
        assert done.stopped is Stopped.INTERRUPTED
        assert done.end is None or done.end.capacity.rps == pytest.approx(there.rps)


def test_what_an_earlier_run_dropped_is_not_tried_again(make, world):
    first, second = make.change(), make.change("replicas", 1.3, "server.replicas", 2)
    there = world(100.0, [(first, 2.0), (second, 1.2)])
    refused = MappingProxyType({identity(first): "dropped before, as change 3"})
    done = go(there, State(Goal(math.inf, 600.0), refused=refused))
    assert [change.lever for change, _ in there.recorded] == ["replicas"]
    assert [(one.change.lever, one.why) for one in done.state.skipped] == [
        ("threads", "dropped before, as change 3")
    ]


def test_a_key_that_the_environment_holds_is_left_alone(make, world):
    there = world(100.0, [(make.change(), 2.0)])
    fixed = MappingProxyType({"server.threads": "environment"})
    done = go(there, State(Goal(math.inf, 600.0), fixed=fixed))
    assert there.recorded == []
    assert "environment" in done.state.skipped[0].why


def test_five_minutes_are_enough_to_decide_two_changes(make, world):
    truths = [(make.change(), 1.5), (make.change("replicas", 1.4, "server.replicas", 2), 1.4)]
    there = world(100.0, truths, measuring=45.0)
    done = go(there, State(Goal(math.inf, 300.0)))
    assert len(done.state.steps) == 2
    assert done.seconds <= 300


def test_what_saves_memory_is_told_and_not_tried(make, world):
    from surefoot.core.measures import Measure

    group = make.change("preload-group", 1.9, "server.workers", 2, on=(Measure.MEMORY,))
    there = world(100.0, [(group, 1.9)])
    done = go(there, State(Goal(math.inf, 600.0)))
    assert there.recorded == []
    assert "surefoot prove --set server.workers=2 --on memory" in done.state.skipped[0].why


def test_a_dry_run_measures_once_and_says_what_it_would_try(make, world):
    there = world(100.0, [(make.change(), 1.5), (make.edit(), 1.0)])
    done = go(there, State(Goal(math.inf, 600.0, dry_run=True)))
    assert done.stopped is Stopped.DRY_RUN
    assert there.log == ["measure"]
    assert [change.lever for change in done.state.candidates] == ["threads"]


def test_a_busy_machine_ends_it(make, world):
    there = world(100.0, [])

    async def measure(_):
        return make.found(100.0, make.change(), valid=False, why_invalid="the generator lagged")

    hands = Hands(measure, there.prove, there.record)
    state = State(Goal(math.inf, 600.0))
    done = asyncio.run(tune(state, hands, lambda _: None, asyncio.Event(), lambda: there.now))
    assert done.stopped is Stopped.INVALID


def test_a_failure_after_the_first_measurement_ends_it_with_what_was_done(make, world):
    there = world(100.0, [(make.change(key=f"k.{n}"), 1.5) for n in range(3)])

    async def measure(seconds):
        if there.kept:
            raise ServerError("it died")
        return await there.measure(seconds)

    hands = Hands(measure, there.prove, there.record)
    state = State(Goal(math.inf, 600.0))
    done = asyncio.run(tune(state, hands, lambda _: None, asyncio.Event(), lambda: there.now))
    assert (done.stopped, done.failure) == (Stopped.FAILED, "measuring again: it died")
    assert len(done.state.steps) == 1
    assert done.end is None


@pytest.mark.parametrize("failing", [1, 2])
def test_one_proof_that_fails_is_left_and_told_and_a_second_ends_it(make, world, failing):
    there = world(100.0, [(make.change(key=f"k.{n}"), 0.9) for n in range(3)])
    failed = []

    async def prove(change, seconds):
        if len(failed) < failing:
            failed.append(change)
            raise ServerError("user 2 could not log in")
        return await there.prove(change, seconds)

    hands = Hands(there.measure, prove, there.record)
    state = State(Goal(math.inf, 600.0))
    done = asyncio.run(tune(state, hands, lambda _: None, asyncio.Event(), lambda: there.now))
    assert [one.change for one in done.state.skipped] == failed[:1]
    assert "it could not be proven: user 2 could not log in" in done.state.skipped[0].why
    if failing == 1:
        assert (done.stopped, len(done.state.steps)) == (Stopped.NOTHING_LEFT, 2)
    else:
        assert (done.stopped, len(done.state.steps)) == (Stopped.FAILED, 0)
        assert done.failure.startswith("proving threads: set k.1 = 8: user 2")


def test_a_failure_of_the_first_measurement_is_raised(world):
    there = world(100.0, [])

    async def measure(_):
        raise RefusedError("most answers are 404")

    hands = Hands(measure, there.prove, there.record)
    state = State(Goal(math.inf, 600.0))
    with pytest.raises(RefusedError):
        asyncio.run(tune(state, hands, lambda _: None, asyncio.Event(), lambda: there.now))


def test_more_gain_comes_first_and_less_risk_among_equals(make):
    from surefoot.core.measures import Measure

    plain = make.change("threads", 1.5)
    wrapped = make.change("compression", 1.5, "response.compress", stage="wrap")
    careful = make.change("server", 1.5, "server.kind", preconditions=("granian is there",))
    more = make.change("replicas", 3.0, "server.replicas", 2)
    small = make.change("gc-freeze", 1.01, "server.gc_freeze")
    memory = make.change("preload-group", 1.9, "server.workers", on=(Measure.MEMORY,))
    ranked = rank([wrapped, careful, small, memory, plain, more, make.edit()], 1.03)
    assert [change.lever for change in ranked] == ["replicas", "threads", "server", "compression"]


def test_what_is_not_safe_is_tuned_only_as_it_was_chosen(make):
    change = make.change("threads", 1.5, "server.threads")

    def action(remedy):
        found = make.found(96.0, change, unsafe="2 of 60 answers are wrong", remedy=remedy)
        return decide(State(Goal(500.0, 600.0), found=(found,), fresh=True))

    assert action("set threads = 1") == Done(Stopped.UNSAFE)
    assert isinstance(action(""), Prove)
