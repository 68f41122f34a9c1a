"""Replicas that are added, drained, put back and removed, and what is told of them."""

import pytest

from servers import wait_until
from surefoot.errors import BalancerError
from surefoot.toolbox.balancer.values import State


def test_a_replica_that_is_added_gets_its_share(world):
    world.start(world.replica("r1"))
    world.run(world.haproxy.add(world.replica("r2")))
    assert world.status("r2").state is State.UP
    assert {world.ask().server for _ in range(4)} == {"r1", "r2"}


def test_one_that_is_not_ready_is_not_added(world):
    world.start(world.replica("r1"))
    (world.directory / "r2.unready").touch()
    with pytest.raises(BalancerError, match="r2 does not pass HAProxy's check: L7STS"):
        world.run(world.haproxy.add(world.replica("r2")))
    assert world.status("r2") is None
    assert {world.ask().server for _ in range(4)} == {"r1"}


def test_one_that_is_not_ready_any_more_gets_nothing_until_it_is(world):
    world.start(world.replica("r1"), world.replica("r2"))
    unready = world.directory / "r2.unready"
    unready.touch()
    world.until("r2", State.DOWN)
    assert {world.ask().server for _ in range(4)} == {"r1"}
    unready.unlink()
    world.until("r2", State.UP)
    assert {world.ask().server for _ in range(4)} == {"r1", "r2"}


def test_where_nobody_says_that_it_is_ready_any_answer_counts(world):
    world.start(world.replica("r1"), check="")
    (world.directory / "r2.unready").touch()
    world.run(world.haproxy.add(world.replica("r2")))
    assert world.status("r2").state is State.UP


def test_one_that_starts_slowly_is_added_once_it_has_its_full_share(world):
    world.start(world.replica("r1"), slow_start=0.5)
    world.run(world.haproxy.add(world.replica("r2", weight=50)))
    added = world.status("r2")
    assert (added.ramp, added.weight) == (100, 50)


def test_one_alone_does_not_start_slowly(world):
    world.start(slow_start=600.0)
    world.run(world.haproxy.add(world.replica("r1")))
    assert world.status("r1").ramp == 100


def test_one_that_is_drained_finishes_and_can_be_put_back(world):
    world.start(world.replica("r1"))
    answer = world.later("/wait/gate")
    wait_until(lambda: world.served("r1"))
    world.run(world.haproxy.drain("r1"))
    drained = world.status("r1")
    assert (drained.state, drained.sessions) == (State.DRAINING, 1)
    assert world.ask().status == 503
    (world.directory / "gate").touch()
    assert answer().status == 200
    world.run(world.haproxy.ready("r1"))
    assert world.ask().server == "r1"


def test_one_that_still_has_a_request_is_forgotten_with_the_next(world):
    world.start(world.replica("r1"), world.replica("r2"))
    world.run(world.haproxy.drain("r2"))
    answer = world.later("/wait/gate")
    wait_until(lambda: world.served("r1"))
    world.run(world.haproxy.ready("r2"))
    world.run(world.haproxy.remove("r1"))
    assert world.status("r1").state is State.MAINTENANCE
    (world.directory / "gate").touch()
    assert answer().status == 200
    world.end("r1")
    world.run(world.haproxy.add(world.replica("r3")))
    world.run(world.haproxy.remove("r2"))
    assert [each.name for each in world.run(world.haproxy.status()).servers] == ["r3"]


def test_removing_what_is_not_there_changes_nothing(world):
    world.start(world.replica("r1"))
    world.run(world.haproxy.remove("r9"))
    assert [each.name for each in world.run(world.haproxy.status()).servers] == ["r1"]


def test_one_that_is_not_there_cannot_be_drained(world):
    world.start()
    with pytest.raises(BalancerError, match=r"refused 'set server app/r9 state drain': No such"):
        world.run(world.haproxy.drain("r9"))


@pytest.mark.parametrize("name", ["r1;disable frontend users", "r1 state maint", "r1\nquit", ""])
def test_a_name_cannot_be_a_command(world, name):
    world.start(world.replica("r1"))
    for change in (world.haproxy.drain, world.haproxy.ready, world.haproxy.remove):
        with pytest.raises(BalancerError, match="cannot be the name of a server"):
            world.run(change(name))


def test_a_try_that_is_repeated_elsewhere_is_an_error(world):
    world.start(world.replica("r1"), world.replica("r2", eject=False))
    world.kill("r2")
    world.replicas["r2"].wait()
    assert {world.ask().status for _ in range(6)} == {200}
    failed, sound = world.status("r2"), world.status("r1")
    assert failed.errors == failed.requests >= 1
    assert (sound.errors, sound.requests) == (0, 6)


def test_one_that_is_not_answered_is_an_error(world):
    world.start(world.replica("r1"), world.replica("r2"))
    assert world.ask("/die", method="POST").status == 502
    assert world.ask("/die").status == 502
    told = [world.status("r1"), world.status("r2")]
    assert sum(each.failures for each in told) == 2
    assert sum(each.retries for each in told) == 3
    assert sum(each.requests for each in told) == 5


def test_the_only_one_is_asked_again_rather_than_put_out(world):
    world.start(world.replica("r1", eject=False))
    world.kill("r1")
    world.replicas["r1"].wait()
    assert world.ask().status == 503
    assert world.status("r1").takes_requests
    server = world.replica("r1", eject=False)
    assert server.name == world.ask().server


def test_a_dead_haproxy_is_told_as_such(world):
    world.start(world.replica("r1"))
    world.haproxy.kill()
    with pytest.raises(BalancerError, match="HAProxy cannot be told anything"):
        world.run(world.haproxy.status())


def test_where_it_is_not_installed_it_is_said_how_to(world, monkeypatch):
    monkeypatch.setattr("surefoot.toolbox.balancer.process._SYSTEM", "")
    monkeypatch.setenv("PATH", str(world.directory))
    with pytest.raises(BalancerError, match="apt-get install haproxy"):
        type(world.haproxy)(world.directory)
