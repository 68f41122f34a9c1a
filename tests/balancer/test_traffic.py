"""Users notice nothing: replicas that come, go and die, and a HAProxy that dies or is replaced."""

import asyncio
import signal

import pytest

from servers import wait_until
from surefoot.errors import BalancerError
from surefoot.toolbox.balancer.values import State


@pytest.mark.parametrize("fresh", [False, True], ids=["keep-alive", "fresh"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_replica_is_replaced_and_nothing_fails(world, method, fresh):
    world.start(world.replica("r1"), world.replica("r2"))
    with world.users(method=method, fresh=fresh) as users:
        for old, new in [("r1", "r3"), ("r2", "r4")]:
            world.run(world.haproxy.add(world.replica(new)))
            world.run(world.haproxy.drain(old))
            world.until_idle(old)
            world.run(world.haproxy.remove(old))
            assert world.status(old) is None
            world.end(old)
        users.wait_for(100)
    assert users.failed == {}
    assert world.status("r3").requests > 0
    assert world.status("r4").requests > 0


@pytest.mark.parametrize("algorithm", ["round-robin", "least-connections"])
def test_no_get_fails_when_a_replica_is_killed(world, algorithm):
    world.start(world.replica("r1"), world.replica("r2"), algorithm=algorithm)
    with world.users() as users:
        world.kill("r1")
        world.until("r1", State.DOWN)
        users.wait_for(200)
    assert users.failed == {}


def test_a_post_is_never_sent_twice(world):
    world.start(world.replica("r1"), world.replica("r2"))
    assert world.ask("/die", method="POST", body=b"order").status == 502
    assert world.served("r1") + world.served("r2") == ["/die"]


def test_a_get_that_is_not_answered_is_asked_of_others(world):
    world.start(world.replica("r1"), world.replica("r2"))
    assert world.ask("/die").status == 502
    assert set(world.served("r1")) == set(world.served("r2")) == {"/die"}


def test_no_get_fails_when_a_frozen_replica_is_killed(world):
    world.start(world.replica("r1"), world.replica("r2"))
    with world.users() as users:
        world.kill("r1", signal.SIGSTOP)
        users.wait_for(20)
        world.kill("r1")
        world.until("r1", State.DOWN)
        users.wait_for(100)
    assert users.failed == {}


@pytest.mark.parametrize("fresh", [False, True], ids=["keep-alive", "fresh"])
def test_another_process_takes_over_and_nothing_fails(world, fresh):
    servers = world.replica("r1"), world.replica("r2")
    world.start(*servers)
    with world.users(fresh=fresh) as users:
        for queue in (10, 20, 30):
            before = world.haproxy.process
            world.start(*servers, queue=queue)
            assert world.haproxy.process != before
            users.wait_for(100)
    assert users.failed == {}


def test_connections_wait_in_the_held_socket_while_haproxy_is_dead(world):
    server = world.replica("r1")
    world.start(server)
    world.haproxy._process.kill()
    world.run(world.haproxy.ended())
    assert world.haproxy.process is None
    waiting = [world.later() for _ in range(20)]
    world.start(server)
    assert [answer().status for answer in waiting] == [200] * 20


def test_a_configuration_that_is_refused_changes_nothing(world):
    server = world.replica("r1")
    world.start(server)
    before = world.haproxy.process
    with world.users() as users, (world.directory / "no socket").open("w") as file:
        with pytest.raises(BalancerError, match="cannot use file descriptor"):
            world.run(world.haproxy.start(world.haproxy._balancing, [file.fileno()], [server]))
        users.wait_for(50)
    assert users.failed == {}
    assert world.haproxy.process == before
    assert len(list(world.directory.glob("haproxy-*.cfg"))) == 1


def test_another_supervisor_goes_on_with_the_process(world):
    world.start(world.replica("r1"))
    who, balancing = world.haproxy.process, world.haproxy._balancing
    other = type(world.haproxy)(world.directory)
    assert world.run(other.adopt(who, balancing))
    world.run(other.add(world.replica("r2")))
    world.run(other.remove("r1"))
    assert world.ask().server == "r2"
    world.run(other.stop(5))
    world.run(world.haproxy.ended())
    assert not world.run(other.adopt(who, balancing))


def test_stop_lets_requests_finish(world):
    world.start(world.replica("r1"))
    answer = world.later("/wait/gate")
    wait_until(lambda: world.served("r1"))

    async def stop():
        stopping = asyncio.create_task(world.haproxy.stop(30))
        await asyncio.sleep(0.2)
        assert not stopping.done()
        (world.directory / "gate").touch()
        await stopping

    world.run(stop())
    assert answer().status == 200
    assert world.haproxy.process is None
