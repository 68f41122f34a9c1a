"""Who computes, who waits, and what is served: the bytes of a slot and the clock decide."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from simulated import KEY, TAG, Caller, World
from surefoot.core.cache.frame import HEAD, Frame, Tag, claimed_until
from surefoot.core.cache.freshness import (
    Claim,
    Content,
    ReadTags,
    Serve,
    ServeStale,
    Step,
    Terms,
    Wait,
    fill,
    release,
    step,
    write,
)
from surefoot.errors import ConfigError, UnitError

TERMS = Terms(10.0, stale=20.0, jitter=0.0)
DRAWN = b"drawn..."


def look(data, now, **more):
    return step(data, now, claim_ms=2000, draw=lambda: DRAWN, **more)


def slot(now=0, terms=TERMS, **more):
    return write(Content(b"value", **more), terms, now, b"slot....").data


# --- The states -----------------------------------------------------------------------------------


def test_an_empty_slot_is_claimed_by_a_swap_that_expects_nothing():
    told = look(None, 500)
    assert isinstance(told, Claim)
    assert (told.expect, told.patches, told.until, told.stale) == (b"", False, 2500, None)
    assert Frame.unpack(told.data) == Frame(DRAWN, made=500, claimed=2500)


def test_a_fresh_value_is_served():
    told = look(slot(), 9_999)
    assert isinstance(told, Serve)
    assert told.frame.payload == b"value"


def test_a_stale_value_is_claimed_where_it_lies_and_served_to_the_others():
    told = look(slot(), 10_000)
    assert isinstance(told, Claim)
    assert told.patches
    assert told.stale.payload == b"value"
    patched = told.data + slot()[len(told.data) :]
    assert patched.startswith(told.generation)
    assert isinstance(look(patched, 10_001), ServeStale)
    assert isinstance(look(patched, 12_000), Claim)


def test_a_value_past_its_end_is_not_served_and_its_slot_is_claimed():
    told = look(slot(), 30_000)
    assert isinstance(told, Claim)
    assert told.stale is None
    assert Frame.unpack(told.data).payload is None


def test_nobody_is_served_past_the_end_while_one_computes():
    told = look(slot(), 29_000)
    assert isinstance(told, Claim)
    assert isinstance(look(told.data, 30_000), Wait)


def test_a_claim_near_the_end_writes_the_slot_so_that_it_outlives_the_claim():
    told = look(slot(), 29_000)
    assert not told.patches
    assert told.ttl > 2
    assert Frame.unpack(told.data).payload == b"value"


def test_a_caller_that_finds_a_claim_waits_for_it():
    told = look(look(None, 500).data, 600)
    assert told == Wait(2500)


def test_an_ended_claim_is_taken_over_in_the_same_generation():
    first = look(None, 500)
    second = look(first.data, 2500)
    assert isinstance(second, Claim)
    assert second.generation == first.generation
    assert second.data != first.data


def test_the_first_of_two_to_fill_leaves_the_other_nothing_to_expect():
    first = look(None, 500)
    second = look(first.data, 2500)
    filled = fill(second, Content(b"b"), TERMS, 3000, b"filled..")
    late = fill(first, Content(b"a"), TERMS, 3100, b"late....")
    assert not filled.data.startswith(late.expect)


def test_a_failed_computation_lets_the_next_one_try():
    claim = look(None, 500)
    told = release(claim)
    assert claim.data.startswith(told.expect)
    assert isinstance(look(told.head, 501), Claim)


def test_a_failed_computation_may_ask_for_a_pause():
    data = slot(tags=(Tag("a", b"version."),))
    claim = look(data, 10_000, versions={"a": b"version."})
    told = release(claim, until=10_500)
    patched = told.head + data[len(told.head) :]
    assert isinstance(look(patched, 10_499, versions={"a": b"version."}), ServeStale)
    assert isinstance(look(patched, 10_500, versions={"a": b"version."}), Claim)


def test_tags_are_asked_for_once():
    data = slot(tags=(Tag("a", b"version."), Tag("b", b"version.")))
    assert look(data, 0) == ReadTags(("a", "b"))
    assert isinstance(look(data, 0, versions=dict.fromkeys("ab", b"version.")), Serve)


@pytest.mark.parametrize("version", [None, b"another."])
@pytest.mark.parametrize("now", [0, 15_000])
def test_a_value_whose_tag_changed_or_is_not_there_is_gone(version, now):
    data = slot(tags=(Tag("a", b"version."),))
    told = look(data, now, versions={"a": version})
    assert isinstance(told, Claim)
    assert told.stale is None
    assert told.generation != data[: len(told.generation)]


def test_who_waited_takes_what_was_fresh_when_it_asked():
    data = slot(terms=Terms(10.0, jitter=0.0))
    assert isinstance(look(data, 10_500), Claim)
    assert isinstance(look(data, 10_500, asked=9_000), Serve)
    assert isinstance(look(data, 9_000, asked=10_500), Serve)


@pytest.mark.parametrize("data", [None, slot()])
def test_nobody_waits_for_a_claim_of_another_age(data):
    claim = look(data, 29_000)
    damaged = claimed_until(claim.data, 2**60) + claim.data[HEAD:]
    assert isinstance(look(damaged, 29_000), Claim)
    assert isinstance(look(damaged, 31_000), Claim)


@given(st.binary(max_size=200))
def test_what_is_no_frame_is_replaced(data):
    told = look(data, 0)
    assert isinstance(told, Claim)
    assert data.startswith(told.expect)


@given(st.data())
def test_a_damaged_slot_never_raises(data):
    whole = slot(tags=(Tag("a", b"version."),))
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + 1 :]
    assert isinstance(look(damaged, data.draw(st.integers(0, 40_000))), Step)


# --- Terms ----------------------------------------------------------------------------------------


@given(
    ttl=st.floats(0.001, 1e6),
    stale=st.floats(0, 1e6),
    jitter=st.floats(0, 0.9),
    generation=st.binary(min_size=8, max_size=8),
    made=st.integers(0, 10**13),
)
def test_jitter_never_lengthens(ttl, stale, jitter, generation, made):
    terms = Terms(ttl, stale, jitter=jitter)
    told = write(Content(b""), terms, made, generation)
    frame = Frame.unpack(told.data)
    assert 1000 * ttl * (1 - jitter) - 2 <= frame.fresh - made <= 1000 * ttl
    assert frame.fresh <= frame.stale <= made + 1000 * (ttl + stale)
    assert told.ttl >= (frame.stale - made) / 1000


def test_nothing_that_is_none_is_kept_longer_than_is_said():
    terms = Terms(10.0, negative_ttl=1.0, jitter=0.0)
    assert isinstance(look(slot(terms=terms, negative=True), 1000), Claim)
    assert isinstance(look(slot(terms=terms), 1000), Serve)


def test_terms_are_written_as_people_write_them():
    assert Terms.of("1m", stale="5m", negative_ttl="500ms") == Terms(60.0, 300.0, 0.5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ttl": 0},
        {"ttl": -1},
        {"ttl": float("nan")},
        {"ttl": float("inf")},
        {"ttl": 1, "stale": -1},
        {"ttl": 1, "negative_ttl": 0},
        {"ttl": 1, "jitter": 1.0},
        {"ttl": 1, "jitter": float("nan")},
    ],
)
def test_terms_out_of_range_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(reversed(wrong))):
        Terms(**wrong)


def test_a_text_that_is_no_duration_is_refused():
    with pytest.raises(UnitError):
        Terms.of("soon")


# --- Many callers ---------------------------------------------------------------------------------

GAPS = st.sampled_from([1, 5, 100, 400, 999, 1000, 1001, 2000, 2001, 3000, 8000])


class Callers(RuleBasedStateMachine):
    """Callers that come, go on in any order, fail and die, while slots and tags are taken away.

    What must hold is asserted where it happens, in ``simulated``.
    """

    @initialize(stale=st.sampled_from([0.0, 4.0]), tags=st.booleans(), seed=st.integers(0, 1000))
    def begin(self, stale, tags, seed):
        self.world = World(seed)
        self.tags = tags
        self.terms = Terms(3.0, stale=stale, jitter=0.3)
        self.running = []

    @rule(count=st.integers(1, 4), fails=st.sampled_from([False, False, False, True]))
    def arrive(self, count, fails):
        for _ in range(count):
            caller = Caller(self.world, self.terms, tags=self.tags, fails=fails)
            self.running.append(caller.run())

    @precondition(lambda self: self.running)
    @rule(order=st.lists(st.integers(0, 100), min_size=1, max_size=40))
    def go_on(self, order):
        for place in order:
            if self.running:
                run = self.running[place % len(self.running)]
                if next(run, None) is None:
                    self.running.remove(run)

    @precondition(lambda self: self.running)
    @rule(often=st.integers(1, 10))
    def one_goes_on(self, often):
        for _ in range(often):
            next(self.running[-1], None)

    @precondition(lambda self: self.running)
    @rule(place=st.integers(0, 100))
    def one_dies(self, place):
        self.running.pop(place % len(self.running)).close()

    @rule(gap=GAPS)
    def time_passes(self, gap):
        self.world.now += gap

    @rule(way=st.sampled_from(["delete", "set", "invalidate"]))
    def source_changes(self, way):
        world = self.world
        world.source += 1
        if way == "delete" or (way == "invalidate" and not self.tags):
            world.delete(KEY)
        elif way == "invalidate":
            world.put(TAG, world.draw(), 1e6)
        else:
            tags = (Tag(TAG, world.tag()),) if self.tags else ()
            told = write(
                Content(str(world.source).encode(), tags=tags), self.terms, world.now, world.draw()
            )
            world.put(KEY, told.data, told.ttl)
            world.wiped += 1
        world.floor = world.source

    @rule(key=st.sampled_from([KEY, TAG]))
    def store_evicts(self, key):
        self.world.delete(key)


Callers.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestCallers = Callers.TestCase


@settings(deadline=None, max_examples=150)
@given(seed=st.integers(0, 2**32))
def test_long_histories(seed):
    """Longer than Hypothesis makes them; each caller asserts whatever it is given."""
    chance = random.Random(seed)
    callers = Callers()
    callers.begin(stale=chance.choice([0.0, 4.0]), tags=chance.random() < 0.5, seed=seed)
    for _ in range(300):
        what = chance.random()
        if what < 0.35 or not callers.running:
            callers.arrive(count=chance.randint(1, 4), fails=chance.random() < 0.1)
        elif what < 0.65:
            callers.go_on(order=[chance.randint(0, 100) for _ in range(chance.randint(1, 40))])
        elif what < 0.9:
            callers.time_passes(gap=chance.choice([1, 100, 400, 999, 1000, 2001]))
        elif what < 0.95:
            callers.one_dies(place=chance.randint(0, 100))
        elif what < 0.99:
            callers.source_changes(way=chance.choice(["delete", "set", "invalidate"]))
        else:
            callers.store_evicts(key=chance.choice([KEY, TAG]))


@settings(deadline=None, max_examples=100)
@given(
    order=st.randoms(use_true_random=False),
    callers=st.integers(2, 30),
    deaths=st.integers(0, 3),
    stale=st.sampled_from([0.0, 5.0]),
)
def test_one_computes_and_one_more_for_each_that_dies(order, callers, deaths, stale):
    world = World(order.randint(0, 999))
    terms = Terms(10.0, stale=stale, jitter=0.0)
    if stale:
        told = write(Content(b"0"), terms, world.now - 11_000, world.draw())
        world.put(KEY, told.data, 20)
    waiting = [(caller := Caller(world, terms), caller.run()) for _ in range(callers + deaths)]
    everybody = [caller for caller, _ in waiting]
    left = deaths
    while waiting:
        caller, run = order.choice(waiting)
        said = next(run, "done")
        if said == "computed" and left:
            left -= 1
            run.close()
            world.now += 2000
            said = "done"
        if said == "done":
            waiting.remove((caller, run))
    computed = sum(caller.computed for caller in everybody)
    assert computed <= 1 + deaths
    if not stale:
        assert computed == 1 + deaths
