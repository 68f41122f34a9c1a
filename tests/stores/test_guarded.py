"""A store behind a breaker: who fails first waits, who comes after does not, nothing is lost."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

from servers import SlowProxy, wait_until
from surefoot.core.breaker import Position
from surefoot.errors import ConfigError, StoreError, StoreRefusedError
from surefoot.stores.guarded import AsyncGuarded, Guarded
from surefoot.stores.inline import AsyncInline
from surefoot.stores.memory import MemoryStore
from surefoot.stores.redis import AsyncRedisStore, RedisStore
from surefoot.testing.stores import AsyncRunner, StoreContract


class TestGuarded(StoreContract):
    shared = False

    def store(self):
        return Guarded(MemoryStore())


class TestAsyncGuarded(StoreContract):
    shared = False

    def store(self):
        return AsyncRunner(AsyncGuarded(AsyncInline(MemoryStore())))


class Moody(MemoryStore):
    """Fails while told to, and counts what it is asked."""

    def __init__(self):
        super().__init__()
        self.error = None
        self.asked = []

    def _maybe(self, verb, keys):
        self.asked.append((verb, tuple(keys)))
        if self.error:
            raise self.error

    def get(self, keys):
        self._maybe("get", keys)
        return super().get(keys)

    def put(self, slots, ttl):
        self._maybe("put", slots)
        super().put(slots, ttl)

    def swap(self, key, expect, data, ttl):
        self._maybe("swap", [key])
        return super().swap(key, expect, data, ttl)

    def patch(self, key, expect, head):
        self._maybe("patch", [key])
        return super().patch(key, expect, head)

    def incr(self, key, by, ttl):
        self._maybe("incr", [key])
        return super().incr(key, by, ttl)

    def delete(self, keys):
        self._maybe("delete", keys)
        return super().delete(keys)


@pytest.fixture
def moody():
    return Moody()


@pytest.fixture
def guarded(moody):
    made = Guarded(moody, remember=100)
    yield made
    moody.error = None
    made.close()


VERBS = [
    lambda store: store.get(["k"]),
    lambda store: store.put({"k": b"v"}, 60),
    lambda store: store.swap("k", b"", b"v", 60),
    lambda store: store.patch("k", b"v", b"w"),
    lambda store: store.delete(["k"]),
    lambda store: store.incr("n", 1, 60),
]


@pytest.mark.parametrize("verb", VERBS)
def test_a_failure_of_any_verb_opens_it_and_the_rest_is_not_asked(moody, guarded, verb):
    moody.error = StoreError("down")
    with pytest.raises(StoreError, match="down"):
        verb(guarded)
    assert guarded.state is not Position.CLOSED
    for other in VERBS:
        with pytest.raises(StoreError, match="left alone"):
            other(guarded)
    trials = [asked for asked in moody.asked[1:] if asked != ("get", ("surefoot trial",))]
    assert not trials


@pytest.mark.parametrize("error", [OSError("broken"), ConfigError("no such directory")])
def test_whatever_a_store_fails_with_is_a_store_error(moody, guarded, error):
    moody.error = error
    with pytest.raises(StoreError):
        guarded.get(["k"])
    assert guarded.state is not Position.CLOSED


def test_it_closes_by_itself_when_the_store_is_back(moody, guarded):
    moody.error = StoreError("down")
    with pytest.raises(StoreError):
        guarded.get(["k"])
    moody.error = None
    wait_until(lambda: guarded.state is Position.CLOSED)
    assert guarded.get(["k"]) == [None]
    assert guarded.opened == 1


def test_a_refusal_opens_nothing(moody, guarded):
    moody.error = StoreRefusedError("too large")
    with pytest.raises(StoreRefusedError):
        guarded.incr("k", 1, 60)
    assert guarded.state is Position.CLOSED


def test_a_refused_write_takes_the_old_slot_away():
    store = Guarded(MemoryStore(max_bytes=10_000))
    store.put({"k": b"old"}, 60)
    store.put({"l": b"old"}, 60)
    with pytest.raises(StoreRefusedError):
        store.put({"l": b"new", "k": b"x" * 20_000}, 60)
    assert store.get(["k", "l"]) == [None, None]


def test_what_could_not_be_deleted_is_deleted_before_the_store_is_used_again(moody, guarded):
    guarded.put({"a": b"old", "b": b"old", "c": b"old", "d": b"kept"}, 60)
    moody.error = StoreError("down")
    with pytest.raises(StoreError):
        guarded.delete(["a"])
    with pytest.raises(StoreError):
        guarded.put({"b": b"new"}, 60)
    with pytest.raises(StoreError):
        guarded.delete(["c"])
    moody.error = None
    wait_until(lambda: guarded.state is Position.CLOSED)
    assert guarded.get(["a", "b", "c", "d"]) == [None, None, None, b"kept"]
    assert guarded.lost == 0


def test_what_cannot_be_remembered_is_counted(moody, guarded):
    moody.error = StoreError("down")
    for number in range(150):
        with pytest.raises(StoreError):
            guarded.delete([str(number)])
    assert guarded.lost == 50
    moody.error = None
    wait_until(lambda: guarded.state is Position.CLOSED)
    assert sum(len(keys) for verb, keys in moody.asked if verb == "delete") >= 100


def test_more_keys_than_can_be_remembered_take_their_cache_along(moody, guarded):
    old = {"books:=7": b"old", "books:=8": b"old", "books:#t": b"old"}
    guarded.put(old | {"shop:=7": b"kept", "books:7": b"not ours", "7": b"kept"}, 60)
    moody.error = StoreError("down")
    for number in range(150):
        with pytest.raises(StoreError):
            guarded.delete([f"books:={number - 140}"])
    assert guarded.lost == 0
    moody.error = None
    wait_until(lambda: guarded.state is Position.CLOSED)
    assert guarded.get(list(old)) == [None] * 3
    assert guarded.get(["shop:=7", "books:7", "7"]) == [b"kept", b"not ours", b"kept"]


def test_what_is_owed_while_a_cache_is_cleared_is_cleared_again(moody, guarded, monkeypatch):
    moody.error = StoreError("down")
    for number in range(101):
        with pytest.raises(StoreError):
            guarded.delete([f"books:={number}"])
    cleared, clear = [], moody.clear

    def clearing(prefix):
        cleared.append(prefix)
        clear(prefix)
        if len(cleared) == 1:
            for number in range(200):
                with pytest.raises(StoreError):
                    guarded.delete([f"books:={number}"])
            moody.put({"books:=199": b"old"}, 60)

    monkeypatch.setattr(moody, "clear", clearing)
    moody.error = None
    wait_until(lambda: guarded.state is Position.CLOSED)
    assert cleared.count("books:=") > 1
    assert guarded.get(["books:=199"]) == [None]
    assert guarded.lost == 0


def test_it_stays_open_while_deleting_still_fails(moody, guarded, monkeypatch):
    moody.error = StoreError("down")
    with pytest.raises(StoreError):
        guarded.delete(["a"])
    failing = threading.Event()

    def delete(keys):
        failing.set()
        raise StoreError("a replica takes no writes")

    monkeypatch.setattr(moody, "delete", delete)
    moody.error = None
    assert failing.wait(20)
    assert guarded.state is not Position.CLOSED
    monkeypatch.undo()
    wait_until(lambda: guarded.state is Position.CLOSED)


def test_a_forked_child_makes_its_own_trials(moody, guarded):
    moody.put({"k": b"old"}, 60)
    moody.error = StoreError("down")
    with pytest.raises(StoreError):
        guarded.delete(["k"])
    child = os.fork()
    if not child:
        moody.error = None
        good = False
        try:
            with pytest.raises(StoreError):
                guarded.get(["k"])
            wait_until(lambda: guarded.state is Position.CLOSED)
            good = guarded.get(["k"]) == [None]
        finally:
            os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_threads_that_fail_at_once_open_it_once(moody, guarded):
    moody.error = StoreError("down")
    start = threading.Barrier(8)

    def work():
        start.wait()
        with pytest.raises(StoreError):
            guarded.get(["k"])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert guarded.opened == 1
    assert sum(thread.name == "surefoot-trials" for thread in threading.enumerate()) == 1


# --- In event loops ---------------------------------------------------------------------------


def test_a_delete_whose_request_is_cancelled_is_done_all_the_same():
    class Slow(AsyncInline):
        async def delete(self, keys):
            await asyncio.sleep(0.01)
            return await super().delete(keys)

    async def work():
        store = AsyncGuarded(Slow(MemoryStore()))
        await store.put({"k": b"old"}, 60)
        request = asyncio.create_task(store.delete(["k"]))
        await asyncio.sleep(0)
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
        assert request.cancelled()
        while await store.get(["k"]) != [None]:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.001)

    asyncio.run(asyncio.wait_for(work(), 20))


def test_a_loop_that_ends_leaves_the_trials_to_the_next(moody):
    store = AsyncGuarded(AsyncInline(moody))

    async def fail():
        with pytest.raises(StoreError):
            await store.get(["k"])

    async def come_back():
        moody.error = None
        with pytest.raises(StoreError, match="left alone"):
            await store.get(["k"])
        while store.state is not Position.CLOSED:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        return await store.get(["k"])

    moody.error = StoreError("down")
    asyncio.run(fail())
    assert asyncio.run(asyncio.wait_for(come_back(), 20)) == [None]


# --- Real servers -----------------------------------------------------------------------------


def of_threads(url):
    return Guarded(RedisStore(url))


class Looping(AsyncRunner):
    """Its loop runs beside the test, as a server's does, so that trials go on."""

    def __init__(self, store):
        super().__init__(store)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    @property
    def state(self):
        return self.store.state

    def run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def close(self):
        self.run(self.store.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(20)
        self._loop.close()


def of_loops(url):
    return Looping(AsyncGuarded(AsyncRedisStore(url)))


@pytest.fixture(params=[of_threads, of_loops], ids=["sync", "async"])
def made(request):
    stores = []

    def make(url):
        stores.append(request.param(url))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def opened_by(store):
    """Asks until a call fails; a machine that is busy may fail one before."""
    for _ in range(1000):
        try:
            store.get(["k"])
        except StoreError as error:
            return str(error)
    return pytest.fail("the store answers")


def works(store, value):
    def holds():
        try:
            store.put({"k": value}, 60)
            return store.get(["k"]) == [value]
        except StoreError:
            return False

    return holds


def test_a_killed_redis_is_left_alone_and_used_again_when_it_is_back(own_redis, made):
    store = made(f"{own_redis.url}?timeout=5s")
    store.put({"k": b"1"}, 60)
    own_redis.kill()
    opened_by(store)
    for _ in range(100):
        with pytest.raises(StoreError, match="left alone"):
            store.get(["k"])
    own_redis.start()
    wait_until(works(store, b"2"))


def test_a_frozen_redis_gets_no_requests_and_forgets_nothing_that_was_deleted(own_redis, made):
    store = made(own_redis.url)
    wait_until(works(store, b"old"))
    own_redis.freeze()
    opened_by(store)
    for _ in range(100):
        with pytest.raises(StoreError, match="left alone"):
            store.delete(["k"])
    own_redis.thaw()
    wait_until(lambda: store.state is Position.CLOSED)
    assert own_redis.said("EXISTS k") == "0"
    wait_until(works(store, b"new"))


def test_more_than_can_be_remembered_takes_kept_answers_and_nothing_of_others(own_redis):
    patient = RedisStore(f"{own_redis.url}?timeout=20s")
    store = Guarded(RedisStore(own_redis.url), remember=100)
    answers = [f"(responses):={number:040x}" for number in range(150)]
    target = f"(responses):#{0:040x}"
    others = ["shop:=7", "r:7", "(responses) of a program", "books:7"]
    patient.put(dict.fromkeys([*answers, target, *others], b"old"), 60)
    own_redis.freeze()
    for key in [target, *answers]:
        with pytest.raises(StoreError):
            store.delete([key])
    own_redis.thaw()
    wait_until(lambda: store.state is Position.CLOSED)
    assert patient.get([*answers, target]) == [None] * 151
    assert patient.get(others) == [b"old"] * 4
    assert store.lost == 0
    store.close()
    patient.close()


def test_a_slow_redis_is_as_good_as_none(own_redis, made):
    with SlowProxy(own_redis.port, 0.2) as proxy:
        store = made(f"redis://127.0.0.1:{proxy.port}")
        assert "did not answer" in opened_by(store)
        for _ in range(100):
            with pytest.raises(StoreError, match="left alone"):
                store.get(["k"])
        proxy.seconds = 0
        wait_until(works(store, b"1"))
        assert own_redis.counts()["set"] >= 1
