"""What replicas are told of a request, and which requests they are spared."""

import contextlib
import json
import socket
import time
import uuid

import pytest

from servers import wait_until

FORWARDED = {
    "X_Forwarded_For": "203.0.113.9",
    "X_Forwarded_Proto": "https",
    "X_Forwarded_Host": "shop.example",
    "X_Forwarded_Port": "443",
    "X_Forwarded_Ssl": "on",
    "X_Request_ID": "theirs",
    "X_Real_IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;proto=https",
}


@pytest.fixture
def alone(world):
    """One replica, behind a HAProxy that is started with what it is called with."""
    server = world.replica("r1")
    return lambda **balancing: world.start(server, **balancing)


def test_strangers_cannot_say_who_they_are(world, alone):
    alone()
    seen = world.ask(**FORWARDED).seen
    assert seen["x-forwarded-for"] == ["127.0.0.1"]
    assert seen["x-forwarded-proto"] == ["http"]
    assert seen["x-forwarded-host"] == [f"127.0.0.1:{world.port}"]
    assert seen["x-forwarded-port"] == [str(world.port)]
    assert uuid.UUID(seen["x-request-id"][0]).version == 4
    assert not {"x-forwarded-ssl", "x-real-ip", "forwarded"} & seen.keys()


def test_an_underscore_is_no_way_round(world, alone):
    alone()
    with contextlib.closing(world.connect()) as connection:
        connection.putrequest("GET", "/")
        for name in ("X_Forwarded_For", "SCRIPT_NAME", "X_Request_ID"):
            connection.putheader(name, "/spoofed")
        connection.endheaders()
        assert b"spoofed" not in connection.getresponse().read()


def test_a_trusted_proxy_says_who_it_asks_for(world, alone):
    alone(trusted_proxies=("127.0.0.0/8",))
    seen = world.ask(**FORWARDED).seen
    assert seen["x-forwarded-for"] == ["203.0.113.9"]
    assert seen["x-forwarded-proto"] == ["https"]
    assert seen["x-forwarded-host"] == ["shop.example"]
    assert seen["x-forwarded-port"] == ["443"]
    assert seen["x-request-id"] == ["theirs"]


def test_what_a_trusted_proxy_does_not_say_is_said_for_it(world, alone):
    alone(trusted_proxies=("127.0.0.1/32",))
    seen = world.ask().seen
    assert seen["x-forwarded-for"] == ["127.0.0.1"]
    assert seen["x-forwarded-proto"] == ["http"]


@pytest.mark.parametrize(
    ("said", "client"),
    [
        ("198.51.100.66, 203.0.113.9", "203.0.113.9"),
        ("198.51.100.66, 203.0.113.9, 10.0.0.5", "203.0.113.9"),
        ("198.51.100.66, 203.0.113.9, 10.0.0.6, 10.0.0.5", "203.0.113.9"),
        ("203.0.113.9, nonsense", "127.0.0.1"),
        ("203.0.113.9, nonsense, 10.0.0.5", "10.0.0.5"),
        ("2001:db8::7", "2001:db8::7"),
        ("203.0.113.9:5555", "203.0.113.9"),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy_of_ours(world, alone, said, client):
    alone(trusted_proxies=("127.0.0.0/8", "10.0.0.0/8"))
    assert world.ask(X_Forwarded_For=said).seen["x-forwarded-for"] == [client]


def test_the_time_of_arrival_is_told_in_microseconds(world, alone):
    alone()
    before = time.time_ns() // 1000
    (told,) = world.ask(X_Request_Start="t=1").seen["x-request-start"]
    assert before - 1_000_000 <= int(told.removeprefix("t=")) <= time.time_ns() // 1000 + 1_000_000


def test_a_full_queue_is_told_at_once(world):
    world.start(world.replica("r1", slots=1), queue=2, queue_timeout=60.0)
    answers = []
    for waiting in (0, 1, 2):
        answers.append(world.later("/wait/gate"))
        wait_until(lambda: world.run(world.haproxy.status()).queued == waiting)  # noqa: B023
    refused = world.ask()
    assert refused.status == 503
    assert refused.headers["Retry-After"] == "1"
    (world.directory / "gate").touch()
    assert [answer().status for answer in answers] == [200] * 3
    assert len(world.served("r1")) == 3


def test_nobody_waits_for_a_replica_longer_than_is_said(world):
    world.start(world.replica("r1", slots=1), queue_timeout=0.2)
    answer = world.later("/wait/gate")
    wait_until(lambda: world.served("r1"))
    refused = world.ask()
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    (world.directory / "gate").touch()
    assert answer().status == 200


def test_a_request_whose_client_has_gone_is_not_worked_on(world):
    world.start(world.replica("r1", slots=1))
    answer = world.later("/wait/gate")
    wait_until(lambda: world.served("r1"))
    impatient = world.connect()
    impatient.request("GET", "/impatient")
    wait_until(lambda: world.run(world.haproxy.status()).queued == 1)
    impatient.close()
    wait_until(lambda: world.run(world.haproxy.status()).queued == 0)
    (world.directory / "gate").touch()
    assert answer().status == 200
    assert world.ask("/patient").status == 200
    assert world.served("r1") == ["/wait/gate", "/patient"]


def test_who_sends_a_request_drop_by_drop_reaches_no_replica(world, alone):
    alone(request_timeout=0.3)
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"
    for begun in (head[:20], head + b"body"):
        with socket.create_connection(("127.0.0.1", world.port), 30) as slow:
            slow.sendall(begun)
            assert slow.recv(100).startswith(b"HTTP/1.1 408 ")
    assert world.served("r1") == []


def test_headers_have_room_and_a_limit(world, alone):
    alone()
    assert world.ask(Cookie="c=" + "x" * 12_000).status == 200
    assert world.ask(Cookie="c=" + "x" * 20_000).status == 400


def test_a_body_may_be_as_large_as_is_said(world, alone):
    alone(largest_body=50_000)
    assert world.ask(method="POST", body=b"x" * 50_000).status == 200
    assert world.ask(method="POST", body=b"x" * 50_001).status == 413
    assert world.ask(method="POST", body=iter([b"x" * 10])).status == 411


def test_bodies_have_no_limit_that_nobody_set(world, alone):
    alone()
    for body in (b"x" * 3_000_000, iter([b"x" * 1_000_000] * 3)):
        assert json.loads(world.ask(method="POST", body=body).body)["body"] == 3_000_000


def test_a_replica_that_says_nothing_is_not_asked_again(world):
    world.start(world.replica("r1"), world.replica("r2"), timeout=0.3)
    assert world.ask("/wait/never").status == 504
    assert world.served("r1") + world.served("r2") == ["/wait/never"]
    (world.directory / "never").touch()


def test_where_no_replica_is_up_users_are_told_to_come_back(world):
    world.start()
    refused = world.ask()
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
