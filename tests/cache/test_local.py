"""Copies of one process: none that was changed since, and none that nobody vouches for."""

import threading
import time

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from surefoot.cache.local import Copy, Local
from surefoot.cache.names import Names
from surefoot.core.cache.frame import Frame, Tag
from surefoot.errors import ConfigError

NAMES = Names("t")


def frame(*tags):
    return Frame(b"generatn", tags=tuple(Tag(tag, b"versionn") for tag in tags), payload=b"x")


def keep(local, key, value, *tags, ticket=None, seconds=60.0):
    ticket = local.ticket() if ticket is None else ticket
    local.keep(NAMES.slot(key), Copy(value, None, None), frame(*tags), seconds, ticket)


def found(local, key):
    copy = local.find(NAMES.slot(key))
    return copy.value if copy else None


def test_what_changed_after_the_ticket_is_not_kept():
    local = Local(10_000, NAMES)
    ticket = local.ticket()
    local.heard([NAMES.slot("a").encode()])
    keep(local, "a", 1, ticket=ticket)
    keep(local, "b", 2, ticket=ticket)
    assert (found(local, "a"), found(local, "b")) == (None, 2)
    keep(local, "a", 3)
    assert found(local, "a") == 3


def test_a_tag_takes_its_copies_along():
    local = Local(10_000, NAMES)
    keep(local, "a", 1, "x", "y")
    keep(local, "b", 2, "y")
    ticket = local.ticket()
    local.heard([NAMES.tag("x").encode()])
    assert (found(local, "a"), found(local, "b")) == (None, 2)
    keep(local, "a", 1, "x", ticket=ticket)
    assert found(local, "a") is None


def test_after_all_may_have_changed_nothing_is_left_and_old_tickets_are_void():
    local = Local(10_000, NAMES)
    keep(local, "a", 1)
    ticket = local.ticket()
    local.heard(None)
    keep(local, "b", 2, ticket=ticket)
    assert (found(local, "a"), found(local, "b")) == (None, None)


def test_more_changes_than_are_remembered_void_tickets_too():
    local = Local(10_000, NAMES)
    ticket = local.ticket()
    local.heard([b"t:=a"])
    for number in range(5000):
        local.heard([b"t:=%d" % number])
    keep(local, "a", 1, ticket=ticket)
    assert found(local, "a") is None


def test_nothing_is_used_that_nobody_vouches_for():
    class Silent:
        valid_until = 0.0

        def ensure(self):
            pass

    local = Local(10_000, NAMES)
    keep(local, "a", 1)
    local.watch = Silent()
    assert found(local, "a") is None
    keep(local, "b", 1)
    local.watch.valid_until = time.monotonic() + 60
    assert (found(local, "a"), found(local, "b")) == (1, None)


def test_copies_live_as_long_as_they_are_fresh_and_no_longer_than_allowed():
    local = Local(10_000, NAMES, longest=0.03)
    keep(local, "a", 1)
    keep(local, "b", 1, seconds=0.01)
    assert found(local, "a") == 1
    time.sleep(0.04)
    assert (found(local, "a"), found(local, "b")) == (None, None)


def test_a_size_of_nothing_is_refused():
    with pytest.raises(ConfigError):
        Local(0, NAMES)


def test_threads_that_keep_and_drop_leave_nothing_old():
    local = Local(100_000, NAMES)
    truth = [0]
    lock = threading.Lock()
    wrong = []

    def read():
        for _ in range(400):
            ticket = local.ticket()
            value = truth[0]
            time.sleep(0)
            keep(local, "a", value, "x", ticket=ticket)
            with lock:
                seen = found(local, "a")
                if seen is not None and seen != truth[0]:
                    wrong.append((seen, truth[0]))

    def write():
        for _ in range(400):
            with lock:
                truth[0] += 1
                local.heard([b"t:#x"])

    threads = [threading.Thread(target=work) for work in (read, read, read, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


class Copies(RuleBasedStateMachine):
    """Readers with tickets and writers, in any order, against what the store holds."""

    keys = st.sampled_from("abc")
    tags = st.sets(st.sampled_from("xy"))

    def __init__(self):
        super().__init__()
        self.local = Local(100_000, NAMES)
        self.store = {key: (0, frozenset()) for key in "abc"}
        self.reads = []
        self.count = 0

    @rule(key=keys, tags=tags)
    def write(self, key, tags):
        self.count += 1
        self.store[key] = (self.count, frozenset(tags))
        self.local.heard([NAMES.slot(key).encode()])

    @rule(tag=st.sampled_from("xy"))
    def invalidate(self, tag):
        for key, (_, tags) in self.store.items():
            if tag in tags:
                self.count += 1
                self.store[key] = (self.count, tags)
        self.local.heard([NAMES.tag(tag).encode()])

    @rule(key=keys)
    def begin_to_read(self, key):
        ticket = self.local.ticket()
        self.reads.append((key, *self.store[key], ticket))

    @rule(number=st.integers(0, 5))
    def end_reading(self, number):
        if self.reads:
            key, value, tags, ticket = self.reads.pop(number % len(self.reads))
            keep(self.local, key, value, *tags, ticket=ticket)

    @invariant()
    def no_copy_is_old(self):
        for key, (value, _) in self.store.items():
            assert found(self.local, key) in (None, value)


TestCopies = Copies.TestCase
TestCopies.settings = settings(max_examples=60, stateful_step_count=30)
