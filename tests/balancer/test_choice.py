"""Which replica a request goes to."""

import collections
import http.cookies

import pytest

from servers import wait_until

NAMES = ("r1", "r2", "r3")


@pytest.fixture
def start(world):
    servers = [world.replica(name) for name in NAMES]
    return lambda **balancing: world.start(*servers, **balancing)


def cookie(answer, name="surefoot-replica"):
    """``{name: value}`` as the next request says it, and what it was set with."""
    set_ = http.cookies.SimpleCookie(answer.headers["Set-Cookie"])
    return f"{name}={set_[name].value}", set_[name]


@pytest.mark.parametrize("algorithm", ["round-robin", "least-connections"])
def test_idle_replicas_take_turns(world, start, algorithm):
    start(algorithm=algorithm)
    assert collections.Counter(world.ask().server for _ in range(9)) == dict.fromkeys(NAMES, 3)


def test_the_one_with_the_fewest_requests_is_asked(world, start):
    start(algorithm="least-connections")
    busy = [world.later("/wait/gate") for _ in range(2)]
    wait_until(lambda: sum(len(world.served(name)) for name in NAMES) == 2)
    (free,) = (name for name in NAMES if not world.served(name))
    assert {world.ask().server for _ in range(4)} == {free}
    (world.directory / "gate").touch()
    assert {answer().status for answer in busy} == {200}


def test_a_weight_is_a_share(world, start):
    start()
    world.run(world.haproxy.weigh("r1", 0))
    assert {world.ask().server for _ in range(6)} == {"r2", "r3"}
    world.run(world.haproxy.weigh("r1", 200))
    counted = collections.Counter(world.ask().server for _ in range(40))
    assert counted["r1"] == 20


@pytest.mark.parametrize("algorithm", ["header", "cookie"])
def test_equal_values_go_to_one_replica(world, start, algorithm):
    start(algorithm=algorithm, name="tenant")

    def asked(value):
        said = {"tenant": value} if algorithm == "header" else {"Cookie": f"a=b; tenant={value}"}
        return world.ask(**said).server

    chosen = {value: asked(value) for value in map(str, range(30))}
    assert set(chosen.values()) == set(NAMES)
    assert {value: asked(value) for value in chosen} == chosen
    world.run(world.haproxy.drain("r1"))
    moved = {value: asked(value) for value in chosen}
    assert {v: s for v, s in moved.items() if chosen[v] != "r1"} == {
        v: s for v, s in chosen.items() if s != "r1"
    }
    assert set(moved.values()) == {"r2", "r3"}


def test_requests_without_the_header_are_spread(world, start):
    start(algorithm="header", name="X-Tenant")
    assert {world.ask().server for _ in range(9)} == set(NAMES)


def test_one_client_goes_to_one_replica(world, start):
    start(algorithm="source", trusted_proxies=("127.0.0.1/32",))
    assert len({world.ask().server for _ in range(6)}) == 1
    others = {world.ask(X_Forwarded_For=f"198.51.100.{n}").server for n in range(30)}
    assert others == set(NAMES)


def test_where_too_many_wait_for_a_replica_that_is_remembered_some_move(world):
    world.start(world.replica("r1", 1), world.replica("r2", 1), algorithm="sticky")
    first = world.ask()
    said, _ = cookie(first)
    answers = [world.later("/wait/gate", Cookie=said) for _ in range(3)]
    other = "r2" if first.server == "r1" else "r1"
    wait_until(lambda: "/wait/gate" in world.served(other))
    (world.directory / "gate").touch()
    assert {answer().status for answer in answers} == {200}


def test_a_cookie_brings_a_user_back(world, start):
    start(algorithm="sticky")
    first = world.ask()
    said, set_ = cookie(first)
    assert (set_["path"], set_["httponly"], set_["samesite"]) == ("/", True, "Lax")
    assert first.headers["Cache-Control"] == "private"
    again = [world.ask(Cookie=said) for _ in range(6)]
    assert {answer.server for answer in again} == {first.server}
    assert {answer.headers["Set-Cookie"] for answer in again} == {None}


def test_the_cookie_tells_nothing_of_the_inside(world, start):
    start(algorithm="sticky", name="stick")
    values = [cookie(world.ask(), "stick")[1].value for _ in NAMES]
    assert len(set(values)) == 3
    assert all(len(value) == 16 and int(value, 16) for value in values)


def test_a_cookie_nobody_knows_is_replaced(world, start):
    start(algorithm="sticky")
    answer = world.ask(Cookie="surefoot-replica=r1")
    assert cookie(answer)[1].value != "r1"


def test_who_stuck_to_a_replica_that_is_drained_moves_once(world, start):
    start(algorithm="sticky")
    first = world.ask()
    said, _ = cookie(first)
    world.run(world.haproxy.drain(first.server))
    moved = world.ask(Cookie=said)
    assert moved.server != first.server
    said, _ = cookie(moved)
    assert {world.ask(Cookie=said).server for _ in range(6)} == {moved.server}


def test_users_stick_to_replicas_that_were_added_and_to_another_process(world, start):
    start(algorithm="sticky")
    for name in NAMES:
        world.run(world.haproxy.drain(name))
    added = world.replica("r4")
    world.run(world.haproxy.add(added))
    said, _ = cookie(world.ask())
    for name in NAMES:
        world.run(world.haproxy.ready(name))
    assert {world.ask(Cookie=said).server for _ in range(6)} == {"r4"}
    world.start(added, *(world.replica(name) for name in ("r5", "r6")), algorithm="sticky")
    assert {world.ask(Cookie=said).server for _ in range(6)} == {"r4"}
