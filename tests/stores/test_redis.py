"""Redis as a store: the contract over TCP and Unix sockets, in both protocols and colours."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from servers import RedisServer, need, wait_until
from surefoot.errors import StoreError, StoreRefusedError, UsageError
from surefoot.stores._async.connections import AsyncConnections
from surefoot.stores._async.redis_connection import AsyncRedisConnection
from surefoot.stores.redis import AsyncRedisStore, RedisStore
from surefoot.stores.redis_options import redis_options
from surefoot.testing.stores import AsyncRunner, StoreContract

# The contract is about answers; a busy machine may take its time for them.
PATIENT = "timeout=20s&connect_timeout=20s"


class OnRedis(StoreContract):
    __test__ = False
    fixture = "redis"
    protocol = 2

    @pytest.fixture(autouse=True)
    def server(self, request):
        server = request.getfixturevalue(self.fixture)
        self.url = f"{server.url}?{PATIENT}&protocol={self.protocol}"

    def store(self):
        return RedisStore(self.url)


class TestRedis(OnRedis):
    __test__ = True


class TestRedisProtocol3(OnRedis):
    __test__ = True
    protocol = 3


class TestRedisUnix(OnRedis):
    __test__ = True
    fixture = "redis_unix"


class OnAsyncRedis(OnRedis):
    def store(self):
        return AsyncRunner(AsyncRedisStore(self.url))


class TestAsyncRedis(OnAsyncRedis):
    __test__ = True


class TestAsyncRedisProtocol3(OnAsyncRedis):
    __test__ = True
    protocol = 3


class TestAsyncRedisUnix(OnAsyncRedis):
    __test__ = True
    fixture = "redis_unix"


def blocking(url):
    return RedisStore(url)


def looping(url):
    return AsyncRunner(AsyncRedisStore(url))


@pytest.fixture(params=[blocking, looping], ids=["sync", "async"])
def made(request):
    """Makes stores of one colour, and closes them."""
    stores = []

    def make(url):
        stores.append(request.param(url))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def counted(server, before):
    after = server.counts()
    return {name: count - before.get(name, 0) for name, count in after.items() if name != "info"}


def test_every_verb_is_one_command_of_the_server(own_redis, made):
    store = made(f"{own_redis.url}?{PATIENT}")
    store.swap("s", b"none", b"x", 60)
    store.patch("s", b"none", b"x")
    store.incr("n", 1, 60)
    before = own_redis.counts()
    store.get(["k"])
    store.get(["k", "l"])
    store.put({"k": b"v"}, 60)
    store.put({"k": b"v", "l": b"v"}, 60)
    store.swap("s", b"", b"x", 60)
    store.swap("s", b"x", b"y", 60)
    store.patch("s", b"y", b"z")
    store.delete(["k", "l"])
    asked = counted(own_redis, before)
    assert {name: asked[name] for name in ("get", "mget", "evalsha", "del")} == {
        "get": 1, "mget": 1, "evalsha": 2, "del": 1,
    }  # fmt: skip
    assert asked["set"] == 5  # one of them inside the script
    assert not asked.get("eval")


def test_every_slot_has_an_end(own_redis, made):
    store = made(f"{own_redis.url}?{PATIENT}")
    store.put({"a": b"1", "b": b"1"}, 60)
    store.swap("c", b"", b"1", 60)
    store.swap("c", b"1", b"2", 60)
    store.patch("c", b"2", b"3")
    store.incr("d", 1, 60)
    store.incr("d", 1, 60)
    for key in "abcd":
        assert 50_000 < int(own_redis.said(f"PTTL {key}")) <= 60_000


def test_scripts_are_given_again_to_a_server_that_forgot_them(own_redis, made):
    store = made(f"{own_redis.url}?{PATIENT}")
    store.put({"k": b"a"}, 60)
    assert store.swap("k", b"a", b"b", 60)
    own_redis.said("SCRIPT FLUSH")
    assert store.swap("k", b"b", b"c", 60)
    assert store.patch("k", b"c", b"d")
    assert store.get(["k"]) == [b"d"]


def test_databases_are_apart(own_redis, made):
    stores = [made(f"{own_redis.url}{place}{PATIENT}") for place in ("/0?", "/1?", "?db=2&")]
    for number, store in enumerate(stores):
        store.put({"k": b"%d" % number}, 60)
    assert [store.get(["k"]) for store in stores] == [[b"0"], [b"1"], [b"2"]]


def test_many_tasks_share_eight_connections(own_redis):
    async def work():
        store = AsyncRedisStore(f"{own_redis.url}?{PATIENT}")
        await asyncio.gather(*(store.incr("n", 1, 60) for _ in range(500)))
        connected = int(
            own_redis.said("INFO clients").partition("connected_clients:")[2].split()[0]
        )
        answer = await store.get(["n"])
        await store.close()
        return answer, connected

    answer, connected = asyncio.run(work())
    assert answer == [b"500"]
    assert connected <= 9


def test_a_cancelled_task_leaves_nobody_its_answer(own_redis):
    async def work():
        store = AsyncRedisStore(f"{own_redis.url}?{PATIENT}")
        await store.put({str(number): b"%d" % number for number in range(100)}, 60)
        for turn in range(200):
            task = asyncio.create_task(store.get(["0"]))
            for _ in range(turn % 4):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            wanted = str(turn % 100)
            assert await store.get([wanted]) == [wanted.encode()]
        await store.close()

    asyncio.run(work())


# --- What a server answers when it will not ---------------------------------------------------


def test_a_full_server_refuses_to_write_and_still_reads(made):
    with RedisServer("--maxmemory", "2mb", "--maxmemory-policy", "noeviction") as server:
        store = made(f"{server.url}?{PATIENT}")
        store.put({"old": b"1"}, 60)
        with pytest.raises(StoreRefusedError, match=r"full.*\n.*allkeys-lru"):
            fill(lambda key, data: store.put({key: data}, 60))
        with pytest.raises(StoreRefusedError, match="full"):
            fill(lambda key, data: store.swap(f"swapped {key}", b"", data, 60))
        assert store.get(["old"]) == [b"1"]
        assert store.delete(["old"]) == 1


def fill(write):
    for number in range(1000):
        write(str(number), b"x" * 100_000)


def test_a_replica_takes_no_writes(own_redis, made):
    store = made(f"{own_redis.url}?{PATIENT}")
    store.put({"k": b"1"}, 60)
    own_redis.said("REPLICAOF 127.0.0.1 1")
    with pytest.raises(StoreError, match="replica and takes no writes"):
        store.put({"k": b"2"}, 60)
    own_redis.said("REPLICAOF NO ONE")
    store.put({"k": b"2"}, 60)
    assert store.get(["k"]) == [b"2"]


def test_something_else_under_the_key_is_named(own_redis, made):
    store = made(f"{own_redis.url}?{PATIENT}")
    own_redis.said("LPUSH k 1")
    for verb in (lambda: store.get(["k"]), lambda: store.swap("k", b"a", b"b", 60)):
        with pytest.raises(StoreRefusedError, match="something else than a slot"):
            verb()
    store.put({"k": b"1"}, 60)
    assert store.get(["k"]) == [b"1"]


def test_a_wrong_password_is_named_and_not_shown(made):
    with RedisServer("--requirepass", "right") as server:
        address = server.url.removeprefix("redis://")
        for protocol in (2, 3):
            store = made(f"redis://:wr%6Fng@{address}?{PATIENT}&protocol={protocol}")
            with pytest.raises(StoreError, match="refuses the password") as caught:
                store.get(["k"])
            assert "wr" not in str(caught.value).replace("answer", "").replace("writ", "")
            assert "wrong" not in repr(store)
            assert made(f"redis://:right@{address}?{PATIENT}&protocol={protocol}").get(["k"]) == [
                None
            ]
        with pytest.raises(StoreError, match="refuses the password"):
            made(f"{server.url}?{PATIENT}").get(["k"])


def test_nobody_listening_is_named(free_port, made):
    with pytest.raises(StoreError, match="cannot be reached"):
        made(f"redis://127.0.0.1:{free_port()}").get(["k"])


# --- Faults -----------------------------------------------------------------------------------


def test_a_killed_server_is_an_error_and_a_new_one_is_used(own_redis, made):
    store = made(f"{own_redis.url}?{PATIENT}")
    store.put({"k": b"1"}, 60)
    own_redis.kill()
    for _ in range(3):
        with pytest.raises(StoreError):
            store.get(["k"])
    own_redis.start()
    assert store.get(["k"]) == [None]
    assert store.swap("k", b"", b"2", 60)
    assert store.swap("k", b"2", b"3", 60)


def test_a_frozen_server_is_an_error_and_its_late_answers_are_nobodys(own_redis, made):
    store = made(own_redis.url)
    wait_until(lambda: answers(store, {"a": b"a", "b": b"b"}))
    own_redis.freeze()
    for _ in range(3):
        with pytest.raises(StoreError, match="did not answer"):
            store.get(["a"])
    own_redis.thaw()
    wait_until(lambda: answers(store, {"b": b"b"}))
    for _ in range(20):
        assert store.get(["b"]) == [b"b"]


def test_tasks_do_not_stand_in_line_for_a_frozen_server(own_redis):
    async def work():
        store = AsyncRedisStore(own_redis.url)
        own_redis.freeze()
        tasks = (store.get(["k"]) for _ in range(5000))
        found = await asyncio.gather(*tasks, return_exceptions=True)
        own_redis.thaw()
        await store.close()
        return found

    # One after the other on eight connections they would take 25 s.
    found = asyncio.run(asyncio.wait_for(work(), 20))
    assert {type(error) for error in found} == {StoreError}


class Told:
    """In place of a connection: remembers how much it was to hurry."""

    def __init__(self):
        self.hurried = []

    def is_usable(self):
        return True

    def hurry(self, seconds):
        self.hurried.append(seconds)

    async def close(self):
        pass


def test_a_task_that_waited_for_a_connection_has_less_time_for_its_answer():
    async def open_one():
        return Told()

    async def work():
        connections = AsyncConnections(open_one, 20.0)
        taken = [await connections.take() for _ in range(8)]
        assert all(not each.hurried for each in taken)
        waiting = asyncio.create_task(connections.take())
        await asyncio.sleep(0.01)
        connections.give(taken.pop())
        late = await waiting
        connections.give(late)
        again = await connections.take()
        return late.hurried, again is late

    ((waited,), same) = asyncio.run(asyncio.wait_for(work(), 60))
    assert 0 < waited < 20
    assert same


def test_a_connection_that_is_to_hurry_waits_no_longer_than_what_is_left(own_redis):
    async def work():
        options = redis_options(f"{own_redis.url}?timeout=1h")
        connection = await AsyncRedisConnection.open(options)
        await connection.ask("SET", "k", "v")
        connection.hurry(3599.99)
        own_redis.freeze()
        with pytest.raises(StoreError, match="did not answer"):
            await connection.ask("GET", "k")
        own_redis.thaw()
        again = await AsyncRedisConnection.open(options)
        again.hurry(1.0)
        assert await again.ask("GET", "k") == b"v"
        # The next answer has all of its time again.
        assert again._time() == 3600
        await again.close()

    asyncio.run(asyncio.wait_for(work(), 60))


def answers(store, slots):
    try:
        store.put(slots, 60)
    except StoreError:
        return False
    return True


# --- TLS --------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path):
    openssl = need("openssl", "openssl")
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-days", "1", "-subj", "/CN=localhost", "-keyout", key, "-out", made]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return key, made


def test_a_server_is_known_by_its_certificate(certificate, free_port, made):
    key, signed = certificate
    port = str(free_port())
    options = ["--tls-port", port, "--tls-cert-file", signed, "--tls-key-file", key]
    with RedisServer(*options, "--tls-auth-clients", "no") as server:
        address = f"rediss://127.0.0.1:{port}?{PATIENT}"
        wait_until(lambda: server.said("PING") == "PONG")
        store = made(f"{address}&ssl_ca_certs={signed}")
        store.put({"k": b"1"}, 60)
        assert store.get(["k"]) == [b"1"]
        with pytest.raises(StoreError, match="certificate"):
            made(address).get(["k"])


# --- URLs -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://h:port", "no valid port"),
        ("redis://h/books", "whole number"),
        ("redis://h?protocol=4", "2 or 3"),
        ("redis://h?timeout=0", "above 0"),
        ("redis://h?timeout=-1", "a duration such as"),
        ("redis://h?retries=3", "no option 'retries'"),
        ("redis://h?ssl_ca_certs=x", "no option 'ssl_ca_certs'"),
        ("unix://", "names the path"),
    ],
)
def test_what_is_wrong_with_a_url_is_said(url, words):
    with pytest.raises(UsageError, match=words):
        redis_options(url)


def test_a_url_is_read_as_meant():
    options = redis_options("rediss://u%40:p%2F@[::1]:7/3?timeout=5ms&ssl_check_hostname=false")
    assert options.address == "rediss://[::1]:7"
    assert options.timeout == 0.005
    assert options.connect_timeout == 0.04
    assert options.arguments["username"] == "u@"
    assert options.arguments["password"] == "p/"
    assert options.arguments["db"] == 3
    assert options.arguments["ssl_check_hostname"] is False
    assert "p/" not in repr(options)
