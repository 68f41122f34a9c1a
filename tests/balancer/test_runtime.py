"""What HAProxy's answers mean."""

import asyncio
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import BalancerError
from surefoot.toolbox.balancer.runtime import (
    Reason,
    RefusedError,
    Runtime,
    parse_info,
    parse_status,
)
from surefoot.toolbox.balancer.values import State

# The columns that are read, between others, as 2.6 orders them.
COLUMNS = (
    "pxname,svname,qcur,qmax,scur,econ,eresp,wretr,wredis,status,weight,throttle,check_status,hrsp_5xx,req_tot,"
    "last_chk,qtime,rtime,-,ssl_sess,"
)


def table(*rows):
    return "\n".join([f"# {COLUMNS}", *rows, ""])


def test_a_row_becomes_a_server():
    status = parse_status(
        table(
            'app,r1,2,9,3,1,2,3,4,UP,100,,* L7OK,5,60,"""said, so""",7,8,-,0,',
            "app,BACKEND,1,9,6,1,2,3,4,UP,100,,,5,60,,7,8,-,0,",
        )
    )
    assert (status.sessions, status.queued) == (6, 1)
    server = status.server("r1")
    assert server is not None
    assert (server.queued, server.sessions) == (2, 3)
    assert (server.failures, server.retries, server.server_errors) == (3, 4, 5)
    assert (server.requests, server.errors) == (67, 12)
    assert (server.queue_seconds, server.response_seconds) == (0.007, 0.008)
    assert (server.weight, server.ramp) == (100, 100)
    assert server.check == 'L7OK: "said, so"'
    assert status.server("r2") is None


@pytest.mark.parametrize(
    ("told", "state", "takes"),
    [
        ("UP", State.UP, True),
        ("UP 1/2", State.GOING_DOWN, True),
        ("DOWN", State.DOWN, False),
        ("DOWN 1/2", State.GOING_UP, False),
        ("DOWN (agent)", State.DOWN, False),
        ("DRAIN", State.DRAINING, False),
        ("DRAIN 1/2", State.DRAINING, False),
        ("NOLB", State.DRAINING, False),
        ("MAINT", State.MAINTENANCE, False),
        ("MAINT (via app/r1)", State.MAINTENANCE, False),
        ("MAINT (resolution)", State.MAINTENANCE, False),
    ],
)
def test_states(told, state, takes):
    (server,) = parse_status(
        table(
            f"app,r1,0,0,0,0,0,0,0,{told},1,50,L7OK,0,0,,0,0,-,0,",
            "app,BACKEND,0,0,0,0,0,0,0,UP,,,,,,,,,,,",
        )
    ).servers
    assert (server.state, server.takes_requests, server.ramp) == (state, takes, 50)


@given(st.text() | st.text().map(lambda text: f"# {COLUMNS}\napp,BACKEND,{text}"))
def test_any_text_is_understood_or_refused_in_our_words(text):
    said = ""
    try:
        parse_status(text)
    except BalancerError as error:
        said = error.message
    assert said in {"", "HAProxy's statistics cannot be understood"}


def test_information_is_pairs():
    told = parse_info("Name: HAProxy\nPid: 12\n\nnode: a: b\n")
    assert told == {"Name": "HAProxy", "Pid": "12", "node": "a: b"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("No such server.", Reason.UNKNOWN),
        ("No such backend.", Reason.UNKNOWN),
        ("Key not found.", Reason.UNKNOWN),
        ("Already exists a server with the same name in backend.", Reason.EXISTS),
        ("Server still has connections attached to it, cannot remove it.", Reason.BUSY),
        ("Only servers in maintenance mode can be deleted.", Reason.OTHER),
        ("Unknown command, but maybe one of these is better:\n  help", Reason.OTHER),
    ],
)
def test_a_refusal_says_why(answer, reason):
    refused = RefusedError("del server app/r1", answer)
    assert refused.reason is reason
    assert str(refused) == f"HAProxy refused 'del server app/r1': {answer.splitlines()[0]}"


def test_real_refusals_are_known(world):
    world.start(world.replica("r1"))
    runtime = Runtime(world.directory / "haproxy-1.sock")
    for command, reason in {
        "set server app/r9 state drain": Reason.UNKNOWN,
        "add server app/r1 unix@/tmp/x": Reason.EXISTS,
        "del server app/r1": Reason.OTHER,
        "del map /nowhere x": Reason.OTHER,
    }.items():
        with pytest.raises(RefusedError) as refused:
            world.run(runtime.tell(command))
        assert refused.value.reason is reason, command


def test_who_does_not_answer_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("surefoot.toolbox.balancer.runtime._SECONDS", 0.1)

    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        with pytest.raises(BalancerError, match="no answer"):
            asyncio.run(Runtime(tmp_path / "s").pid())
    with pytest.raises(BalancerError, match="No such file"):
        asyncio.run(Runtime(tmp_path / "none").status())
