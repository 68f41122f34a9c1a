"""What every store has to keep, as tests to subclass."""

from __future__ import annotations

import asyncio
import os
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import pytest

from surefoot.errors import StoreRefusedError
from surefoot.ports import AsyncClearing, AsyncStore, Clearing, Store

__all__ = ["AsyncRunner", "StoreContract"]

_Answer = TypeVar("_Answer")
_THREADS = 8

KEYS = (
    "a", "with spaces", "line\nfeed\r\n", "tab\tand\x00nothing", "\x7f", "ünï", "\U0001f4da",
    "\ud800",
    "k" * 250, "k" * 251, "long " * 2000, "{brace}", "*", "%00", "'; drop table slot --", "",
)  # fmt: skip
VALUES = (b"", b"\x00", b"0", b"END\r\n", b"\r\n", bytes(range(256)), b"\xf7" * 1000)


class AsyncRunner:
    """An async store as a plain one: each thread of a test has a loop of its own.

    Args:
        store: What is run.
    """

    def __init__(self, store: AsyncStore) -> None:
        self.store = store
        self._mine = threading.local()
        self._loops: list[asyncio.AbstractEventLoop] = []

    def run(self, work: Coroutine[Any, Any, _Answer]) -> _Answer:
        """What ``work`` returns, run by this thread's loop."""
        loop: asyncio.AbstractEventLoop | None = getattr(self._mine, "loop", None)
        if loop is None or self._mine.pid != os.getpid():
            loop = self._mine.loop = asyncio.new_event_loop()
            self._mine.pid = os.getpid()
            self._loops.append(loop)
        return loop.run_until_complete(work)

    def get(self, keys: Sequence[str]) -> list[bytes | None]:
        """As ``Store.get``."""
        return self.run(self.store.get(keys))

    def put(self, slots: Mapping[str, bytes], ttl: float) -> None:
        """As ``Store.put``."""
        self.run(self.store.put(slots, ttl))

    def swap(self, key: str, expect: bytes, data: bytes, ttl: float) -> bool:
        """As ``Store.swap``."""
        return self.run(self.store.swap(key, expect, data, ttl))

    def patch(self, key: str, expect: bytes, head: bytes) -> bool:
        """As ``Store.patch``."""
        return self.run(self.store.patch(key, expect, head))

    def delete(self, keys: Sequence[str]) -> int:
        """As ``Store.delete``."""
        return self.run(self.store.delete(keys))

    def incr(self, key: str, by: int, ttl: float) -> int:
        """As ``Store.incr``."""
        return self.run(self.store.incr(key, by, ttl))

    def clear(self, prefix: str) -> None:
        """As ``Clearing.clear``."""
        assert isinstance(self.store, AsyncClearing)
        self.run(self.store.clear(prefix))

    def close(self) -> None:
        """As ``Store.close``, on every loop that was used."""
        for loop in self._loops:
            loop.run_until_complete(self.store.close())
            loop.close()
        self._loops.clear()
        self._mine = threading.local()


class StoreContract:
    """Tries every verb of a store, alone and against others.

    Attributes:
        forks: Whether the store is tried in a forked child.
        shared: Whether a child and its parent see the same slots.
        clears: Whether it can be emptied (``Clearing``).
        lists: Whether it then leaves what begins otherwise; else everything goes.
    """

    forks: ClassVar[bool] = True
    shared: ClassVar[bool] = True
    clears: ClassVar[bool] = True
    lists: ClassVar[bool] = True

    def store(self) -> Store:
        """The store to try; an async one inside ``AsyncRunner``."""
        raise NotImplementedError

    @pytest.fixture(name="made")
    def _made(self) -> Iterator[Store]:
        store = self.store()
        yield store
        store.close()

    @pytest.fixture(name="key")
    def _key(self) -> str:
        return f"contract-{uuid.uuid4().hex}"

    def test_it_is_a_store(self, made: Store) -> None:
        """Every verb is there."""
        assert isinstance(made, Store)
        assert isinstance(getattr(made, "store", None), AsyncStore | Store | None)

    def test_what_is_put_is_got(self, made: Store, key: str) -> None:
        """Any bytes come back as they went in, and a later write wins."""
        for value in VALUES:
            made.put({key: value}, 60)
            assert made.get([key]) == [value]

    def test_keys_are_any_text(self, made: Store, key: str) -> None:
        """No two texts are the same key."""
        slots = {f"{key} {text}": text.encode("utf-8", "replace") for text in KEYS}
        made.put(slots, 60)
        assert made.get(list(slots)) == list(slots.values())
        assert made.delete(list(slots)) == len(slots)

    def test_answers_are_in_the_order_of_the_keys(self, made: Store, key: str) -> None:
        """A missing slot is ``None``, and a key may be asked for twice."""
        made.put({f"{key}1": b"1", f"{key}2": b"2"}, 60)
        asked = [f"{key}2", f"{key}0", f"{key}1", f"{key}2"]
        assert made.get(asked) == [b"2", None, b"1", b"2"]

    def test_nothing_is_asked_of_no_keys(self, made: Store) -> None:
        """Empty requests have empty answers."""
        assert made.get([]) == []
        assert made.delete([]) == 0
        made.put({}, 60)

    def test_delete_counts_what_was_there(self, made: Store, key: str) -> None:
        """And a second delete finds nothing."""
        made.put({f"{key}1": b"1", f"{key}2": b""}, 60)
        asked = [f"{key}1", f"{key}2", f"{key}0"]
        assert made.delete(asked) == 2
        assert made.delete(asked) == 0
        assert made.get(asked) == [None, None, None]

    def test_a_large_value(self, made: Store, key: str) -> None:
        """Nearly a megabyte is kept whole, and may be patched."""
        value = os.urandom(1000) * 1000
        made.put({key: value}, 60)
        assert made.get([key]) == [value]
        assert made.patch(key, value[:10], b"0123456789")
        assert made.get([key]) == [b"0123456789" + value[10:]]

    def test_slots_expire(self, made: Store, key: str) -> None:
        """However they were written; then they are as if they had never been."""
        made.put({f"{key}put": b"1"}, 0.05)
        made.swap(f"{key}swap", b"", b"1", 0.05)
        made.incr(f"{key}incr", 5, 0.05)
        keys = [f"{key}put", f"{key}swap", f"{key}incr"]
        _until(lambda: made.get(keys) == [None, None, None])
        assert not made.swap(f"{key}put", b"1", b"2", 60)
        assert not made.patch(f"{key}put", b"1", b"2")
        assert made.delete([f"{key}put"]) == 0
        assert made.swap(f"{key}swap", b"", b"2", 60)
        assert made.incr(f"{key}incr", 2, 60) == 2
        assert made.get(keys) == [None, b"2", b"2"]

    def test_a_time_to_live_is_above_zero(self, made: Store, key: str) -> None:
        """What is to live for no time is a mistake of the caller's."""
        for ttl in (0.0, -1.0, float("nan")):
            with pytest.raises(ValueError, match="above 0"):
                made.put({key: b"1"}, ttl)
            with pytest.raises(ValueError, match="above 0"):
                made.swap(key, b"", b"1", ttl)
        assert made.get([key]) == [None]

    def test_a_long_life_is_no_error(self, made: Store, key: str) -> None:
        """A year, or for ever."""
        for ttl in (31 * 86400.0, 366 * 86400.0, float("inf")):
            made.put({key: b"1"}, ttl)
            assert made.get([key]) == [b"1"]

    def test_swap_looks_at_the_beginning(self, made: Store, key: str) -> None:
        """It writes where the slot begins as expected, or where an empty one was expected."""
        assert not made.swap(key, b"old", b"1", 60)
        assert made.swap(key, b"", b"old and more", 60)
        assert not made.swap(key, b"", b"new", 60)
        assert not made.swap(key, b"older", b"new", 60)
        assert not made.swap(key, b"old and more than that", b"new", 60)
        assert made.get([key]) == [b"old and more"]
        assert made.swap(key, b"old", b"\x00new", 60)
        assert made.swap(key, b"\x00", b"newer", 60)
        assert made.get([key]) == [b"newer"]

    def test_patch_keeps_the_rest(self, made: Store, key: str) -> None:
        """Only the head changes, whatever bytes both are of."""
        assert not made.patch(key, b"a", b"b")
        for rest in (b"", b"\x00rest\r\n", bytes(range(256))):
            made.put({key: b"\xf7\x01head" + rest}, 60)
            assert not made.patch(key, b"head", b"\x00\xffHEAD")
            assert made.patch(key, b"\xf7\x01", b"\x00\xffHEAD")
            assert made.get([key]) == [b"\x00\xffHEAD" + rest]

    def test_patch_may_make_a_slot_longer(self, made: Store, key: str) -> None:
        """A head longer than the slot is the whole slot."""
        made.put({key: b"ab"}, 60)
        assert made.patch(key, b"a", b"12345")
        assert made.get([key]) == [b"12345"]

    def test_patch_keeps_the_time_that_is_left(self, made: Store, key: str) -> None:
        """A slot that is claimed again and again still ends when it was to end."""
        made.put({key: b"a"}, 0.3)
        made.put({f"{key}long": b"a"}, 60)

        def gone() -> bool:
            made.patch(key, b"a", b"a")
            return made.get([key]) == [None]

        _until(gone)
        assert made.patch(f"{key}long", b"a", b"b")
        assert made.get([f"{key}long"]) == [b"b"]

    def test_incr_counts(self, made: Store, key: str) -> None:
        """Up and down, beyond what a float could count, as decimal digits."""
        assert made.incr(key, 5, 60) == 5
        assert made.incr(key, -7, 60) == -2
        assert made.get([key]) == [b"-2"]
        assert made.incr(key, 2**53, 60) == 2**53 - 2
        assert made.incr(key, 1, 60) == 2**53 - 1
        assert made.incr(key, 2, 60) == 2**53 + 1
        assert made.get([key]) == [b"%d" % (2**53 + 1)]

    def test_incr_refuses_what_is_no_number(self, made: Store, key: str) -> None:
        """A value is not counted up."""
        made.put({key: b"\xf7 no number"}, 60)
        with pytest.raises(StoreRefusedError):
            made.incr(key, 1, 60)
        assert made.get([key]) == [b"\xf7 no number"]

    def test_one_of_many_swaps_wins(self, made: Store, key: str) -> None:
        """Of threads that expect the same slot, or none, exactly one writes it."""
        for turn, expect in enumerate((b"", b"0", b"1", b"2")):
            won = _together(
                lambda mine, e=expect, t=turn: made.swap(key, e, b"%d by %d" % (t, mine), 60)  # type: ignore[misc]
            )
            assert sum(won) == 1
            assert made.get([key]) == [b"%d by %d" % (turn, won.index(True))]

    def test_one_of_many_patches_wins(self, made: Store, key: str) -> None:
        """As for swaps."""
        made.put({key: b"free and the rest"}, 60)
        won = _together(lambda mine: made.patch(key, b"free", b"by %d" % mine))
        assert sum(won) == 1
        assert made.get([key]) == [b"by %d and the rest" % won.index(True)]

    def test_no_count_is_lost(self, made: Store, key: str) -> None:
        """Every thread's increments are in the sum."""
        sums = _together(lambda _: [made.incr(key, 1, 60) for _ in range(20)])
        assert sorted(number for mine in sums for number in mine) == list(
            range(1, 20 * _THREADS + 1)
        )

    def test_it_works_in_a_forked_child(self, made: Store, key: str) -> None:
        """Parent and child go on using it, at once, and neither gets the other's answers."""
        if not self.forks:
            pytest.skip("this store is not used across a fork")
        made.put({key: b"parent", f"{key}mine": b"parent"}, 60)
        child = os.fork()
        if not child:
            _exit_with(lambda: self._in_child(made, key))
        for _ in range(50):
            assert made.get([f"{key}mine", key])[0] == b"parent"
        assert os.waitpid(child, 0)[1] == 0
        if self.shared:
            assert made.get([f"{key}child"]) == [b"child"]

    def _in_child(self, made: Store, key: str) -> bool:
        inherited = made.get([key]) == [b"parent"]
        made.put({f"{key}child": b"child"}, 60)
        own = all(made.get([f"{key}child"]) == [b"child"] for _ in range(50))
        return own and (inherited or not self.shared)

    def test_clear_takes_what_begins_so(self, made: Store, key: str) -> None:
        """That and nothing else, whatever patterns and ranges the text would mean elsewhere."""
        clearing = self._clearing(made)
        for text in ("", ":=", "*", "?[a-z]", "\\", "%_", "'; --", "ünï", "\U0010ffff", "\ud800"):
            prefix = f"{key}{text}"
            inside = dict.fromkeys((prefix, f"{prefix}k", f"{prefix}\U0010ffff"), b"1")
            outside = {f"other {prefix}": b"2", f"{key}\x7f": b"2"} if text else {f"x{key}": b"2"}
            made.put(inside | outside, 60)
            clearing.clear(prefix)
            assert made.get(list(inside)) == [None] * len(inside)
            if self.lists:
                assert made.get(list(outside)) == [b"2"] * len(outside)
        made.put({key: b"3"}, 60)
        assert made.get([key]) == [b"3"]

    def test_clear_takes_any_number_of_slots(self, made: Store, key: str) -> None:
        """Those that were made by any verb; a second time there is nothing to take."""
        clearing = self._clearing(made)
        slots = {f"{key}{number}": b"1" for number in range(2500)}
        made.put(slots, 60)
        made.swap(f"{key}swap", b"", b"1", 60)
        made.incr(f"{key}incr", 1, 60)
        for _ in range(2):
            clearing.clear(key)
        assert made.delete([*slots, f"{key}swap", f"{key}incr"]) == 0
        assert made.incr(f"{key}incr", 1, 60) == 1

    def _clearing(self, made: Store) -> Clearing:
        if not self.clears:
            pytest.skip("this store cannot be emptied")
        assert isinstance(made, Clearing)
        return made

    def test_it_may_be_closed_twice_and_used_again(self, made: Store, key: str) -> None:
        """Closing gives back connections, not the slots."""
        made.put({key: b"1"}, 60)
        made.close()
        made.close()
        assert made.get([key]) == [b"1"]


def _together(work: Callable[[int], _Answer]) -> list[_Answer]:
    """What each of several threads gets that begin at the same moment."""
    answers: dict[int, _Answer] = {}
    start = threading.Barrier(_THREADS)

    def run(mine: int) -> None:
        start.wait()
        answers[mine] = work(mine)

    threads = [threading.Thread(target=run, args=(mine,)) for mine in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[mine] for mine in range(_THREADS)]


def _until(true: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def _exit_with(work: Callable[[], bool]) -> None:
    """Ends a forked child without what the parent would do at its end."""
    good = False
    try:
        good = work()
    finally:
        os._exit(0 if good else 1)
