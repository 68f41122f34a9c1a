"""Whatever happens to replicas, enough of them serve, and in the end it is those wanted."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.fleet import Drain, Kill, Member, Start, State, Stop, Wanted, decide

DRAIN, GRACE = 30.0, 10.0


class World:
    """Replicas that do what they are told, and die or hang as a test wants."""

    def __init__(self, replicas, release=1):
        self.wanted = Wanted(replicas, release, DRAIN, GRACE)
        self.members, self.now, self.number = {}, 0.0, 0
        self.deaf = set()

    def act(self):
        """Everything that is decided now, with the laws looked at on the way."""
        before = [m for m in self.members.values() if m.state is State.UP]
        actions = decide(self.wanted, list(self.members.values()), self.now)
        for action in actions:
            self._do(action)
        up = [m for m in self.members.values() if m.state is State.UP]
        if len(up) < len(before):
            assert len(up) >= self.wanted.replicas
        there = [m for m in self.members.values() if m.state in {State.STARTING, State.UP}]
        if any(isinstance(action, Start) for action in actions):
            assert len(there) <= self.wanted.replicas + 1
        return actions

    def _do(self, action):
        if isinstance(action, Start):
            self.number += 1
            name = f"r{self.number}"
            self.members[name] = Member(name, action.release, State.STARTING, self.now)
            return
        member = self.members[action.name]
        if isinstance(action, Drain):
            assert member.state is State.UP
            self._becomes(member, State.DRAINING)
        elif isinstance(action, Stop):
            assert member.state in {State.STARTING, State.DRAINING}
            self._becomes(member, State.STOPPING)
        else:
            assert isinstance(action, Kill)
            assert self.now - member.since >= GRACE
            del self.members[action.name]

    def _becomes(self, member, state):
        self.members[member.name] = replace(member, state=state, since=self.now)

    def pass_time(self, seconds=1.0):
        """Who starts is ready, who stops is gone, unless it is deaf."""
        self.now += seconds
        for member in list(self.members.values()):
            if member.name in self.deaf:
                continue
            if member.state is State.STARTING:
                self._becomes(member, State.UP)
            elif member.state is State.STOPPING:
                del self.members[member.name]

    def settle(self):
        for _ in range(400):
            self.act()
            self.pass_time()
        return self

    def serving(self):
        return [(m.release, m.state) for m in self.members.values()]


def up(world, count=1):
    for _ in range(count):
        world.act()
        world.pass_time()
    return world


def test_at_first_all_start_at_once():
    assert World(3).act() == (Start(1),) * 3


def test_a_new_release_comes_one_by_one_beside_the_old():
    world = up(World(2))
    world.wanted = replace(world.wanted, release=2)
    assert world.act() == (Start(2),)
    assert world.act() == ()
    world.pass_time()
    assert world.act() == (Drain("r1"),)
    assert world.act() == (Stop("r1"),)
    world.pass_time()
    assert world.act() == (Start(2),)
    assert world.settle().serving() == [(2, State.UP)] * 2


def test_what_has_died_is_replaced_although_another_still_drains():
    world = up(World(2))
    world.wanted = replace(world.wanted, release=2)
    world.act()
    world.pass_time()
    world.act()
    world.members["r1"] = replace(world.members["r1"], idle=False)
    del world.members["r2"]
    assert world.act() == (Start(2),)


def test_of_too_many_the_youngest_goes():
    world = up(World(2))
    world.wanted = replace(world.wanted, replicas=3)
    up(world)
    world.wanted = replace(world.wanted, replicas=2)
    assert world.act() == (Drain("r3"),)


def test_what_is_outdated_is_replaced_by_its_like():
    world = up(World(1))
    world.members["r1"] = replace(world.members["r1"], outdated=True)
    assert world.act() == (Start(1),)
    world.pass_time()
    assert world.act() == (Drain("r1"),)


def test_requests_may_finish_and_not_for_ever():
    world = up(World(1))
    world.wanted = replace(world.wanted, replicas=0)
    world.members["r1"] = replace(world.members["r1"], idle=False)
    assert world.act() == (Drain("r1"),)
    world.pass_time(DRAIN - 1)
    assert world.act() == ()
    world.pass_time(1)
    world.deaf = {"r1"}
    assert world.act() == (Stop("r1"),)
    world.pass_time(GRACE - 1)
    assert world.act() == ()
    world.pass_time(1)
    assert world.act() == (Kill("r1"),)


def test_nothing_is_started_before_its_time():
    world = World(1)
    world.wanted = replace(world.wanted, not_before=5.0)
    assert world.act() == ()
    world.pass_time(5)
    assert world.act() == (Start(1),)


events = st.lists(
    st.one_of(
        st.tuples(st.just("scale"), st.integers(0, 5)),
        st.tuples(st.just("release"), st.integers(1, 4)),
        st.tuples(st.just("death"), st.integers(0, 9)),
        st.tuples(st.just("outdated"), st.integers(0, 9)),
        st.tuples(st.just("deaf"), st.integers(0, 9)),
        st.tuples(st.just("busy"), st.integers(0, 9)),
        st.tuples(st.just("wait"), st.integers(1, 40)),
    ),
    max_size=40,
)


@given(replicas=st.integers(1, 4), events=events)
def test_whatever_happens_it_ends_with_those_wanted(replicas, events):
    world = World(replicas)
    for what, number in events:
        world.act()
        names = list(world.members)
        chosen = names[number % len(names)] if names else None
        if what == "scale":
            world.wanted = replace(world.wanted, replicas=number)
        elif what == "release":
            world.wanted = replace(world.wanted, release=number)
        elif what == "wait":
            world.pass_time(number)
        elif chosen and what == "death":
            del world.members[chosen]
        elif chosen and what == "deaf":
            world.deaf.add(chosen)
        elif chosen:
            changes = {"outdated": True} if what == "outdated" else {"idle": False}
            world.members[chosen] = replace(world.members[chosen], **changes)
    world.deaf.clear()
    expected = [(world.wanted.release, State.UP)] * world.wanted.replicas
    assert world.settle().serving() == expected
