"""What is said, to whom, and in how much detail."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot import health
from surefoot.health.answers import Asked, Health
from surefoot.health.board import Board
from surefoot.health.checks import Check

SECRET = "a token with Ümlauts"
AWAY = "203.0.113.9"


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def told(how):
    def function():
        if how != "well":
            raise OSError(how)

    return function


def made(*, hard=None, soft=None, prefix="/", token_env=""):
    """Health with a hard and a soft check, which are well or say what is wrong."""
    found = [("hard", hard, True), ("soft", soft, False)]
    checks = [Check(name, told(how), is_hard, 30) for name, how, is_hard in found if how]
    return Health(prefix, Board(lambda: checks), token_env)


def ask(found, path="/readyz", method="GET", peer="127.0.0.1", **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return found.answer(Asked(path, method, peer, lambda name: sent.get(name, "")))


def word(answer):
    return answer.body.decode().splitlines()[0]


@pytest.mark.parametrize(
    ("hard", "soft", "status", "said"),
    [
        (None, None, 200, "ok"),
        ("well", "well", 200, "ok"),
        ("well", "down", 200, "degraded"),
        ("down", "well", 503, "failed"),
        ("down", "down", 503, "failed"),
    ],
)
def test_readyz_fails_for_hard_checks_only(hard, soft, status, said):
    answer = ask(made(hard=hard, soft=soft))
    assert (answer.status, word(answer)) == (status, said)


def test_livez_looks_at_nothing():
    answer = ask(made(hard="down"), "/livez")
    assert (answer.status, answer.body) == (200, b"ok\n")


def test_startupz_waits_for_the_first_readiness_and_then_for_nothing_more():
    how = ["down"]
    clock = Clock()
    board = Board(lambda: [Check("hard", told(how[0]), True, 30)], clock)
    found = Health("/", board)
    assert (ask(found, "/startupz").status, word(ask(found, "/startupz"))) == (503, "starting")
    how[0], clock.now = "well", 2.0
    assert (ask(found, "/startupz").status, word(ask(found, "/startupz"))) == (200, "ok")
    how[0], clock.now = "down", 4.0
    assert ask(found, "/startupz").status == 200
    assert ask(found, "/readyz").status == 503


def test_a_readiness_that_somebody_else_asked_for_counts_for_startupz():
    how, clock = ["well"], Clock()
    found = Health("/", Board(lambda: [Check("hard", told(how[0]), True, 30)], clock))
    ask(found)
    how[0], clock.now = "down", 2.0
    assert ask(found, "/startupz").status == 200


def test_a_file_says_that_the_process_is_draining_at_once(tmp_path, monkeypatch):
    file = tmp_path / "draining"
    monkeypatch.setenv("SUREFOOT_DRAINING", str(file))
    found = made(hard="well")
    assert ask(found).status == 200
    file.touch()
    answer = ask(found)
    assert (answer.status, answer.body) == (503, b"draining\n")
    assert ask(found, "/livez").status == 200
    assert ask(found, "/startupz").status == 200
    file.unlink()
    assert ask(found).status == 200


def test_drain_makes_the_file_for_the_other_processes(tmp_path, monkeypatch):
    file = tmp_path / "draining"
    monkeypatch.setenv("SUREFOOT_DRAINING", str(file))
    health.drain()
    assert file.exists()
    assert word(ask(made())) == "draining"


def test_drain_without_a_file_is_of_this_process(monkeypatch):
    monkeypatch.delenv("SUREFOOT_DRAINING", raising=False)
    assert word(ask(made())) == "ok"
    health.drain()
    assert word(ask(made())) == "draining"


def test_a_process_that_cannot_make_its_file_drains_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setenv("SUREFOOT_DRAINING", str(tmp_path / "no" / "file"))
    with pytest.raises(FileNotFoundError):
        health.drain()
    assert word(ask(made())) == "draining"


def test_one_that_begins_to_drain_while_it_looks_says_so(monkeypatch):
    monkeypatch.delenv("SUREFOOT_DRAINING", raising=False)
    found = Health("/", Board(lambda: [Check("drains", health.drain, True, 30)]))
    assert word(ask(found)) == "draining"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/startupz"])
@pytest.mark.parametrize("accept", ["", "application/json"])
def test_head_is_get_without_its_body(path, accept):
    found = made(hard="well")
    get, head = (ask(found, path, method, accept=accept) for method in ("GET", "HEAD"))
    assert head.body == b""
    assert head.status == get.status
    # How long a check took may be one digit longer in the next round.
    assert dict(head.headers).keys() == dict(get.headers).keys()
    assert dict(get.headers)["Content-Length"] == str(len(get.body))
    assert dict(get.headers)["Cache-Control"] == "no-store"


def test_other_methods_are_refused():
    answer = ask(made(hard="down"), method="POST")
    assert answer.status == 405
    assert ("Allow", "GET, HEAD") in answer.headers


def test_details_as_text():
    lines = ask(made(hard="well", soft="no way")).body.decode().splitlines()
    assert lines[0] == "degraded"
    assert lines[1].startswith("hard: ok (hard, 0.0")
    assert lines[2].startswith("soft: failed (soft, 0.0")
    assert lines[2].endswith(" s) OSError: no way")


def test_details_as_json():
    answer = ask(made(hard="well", soft="no way"), accept="text/html, application/json;q=0.9")
    assert ("Content-Type", "application/json") in answer.headers
    said = json.loads(answer.body)
    assert said["status"] == "degraded"
    assert [each.pop("seconds") < 30 for each in said["checks"]] == [True, True]
    assert said["checks"] == [
        {"name": "hard", "status": "ok", "hard": True, "error": ""},
        {"name": "soft", "status": "failed", "hard": False, "error": "OSError: no way"},
    ]


LOCAL = [
    {"peer": "127.0.0.1"},
    {"peer": "127.9.9.9"},
    {"peer": "::1"},
    {"peer": "::ffff:127.0.0.1"},
    {"peer": ""},
    {"peer": "", "x_forwarded_for": "127.0.0.1"},
    {"peer": "127.0.0.1", "x_forwarded_for": "::1"},
    {"peer": "127.0.0.1", "x_forwarded_for": f"{AWAY}, 127.0.0.1"},
]
ELSEWHERE = [
    {"peer": AWAY},
    {"peer": "10.0.0.7"},
    {"peer": "no address"},
    {"peer": AWAY, "x_forwarded_for": "127.0.0.1"},
    {"peer": "", "x_forwarded_for": AWAY},
    {"peer": "127.0.0.1", "x_forwarded_for": f"127.0.0.1, {AWAY}"},
    {"peer": "127.0.0.1", "x_forwarded_for": "localhost"},
    {"peer": "127.0.0.1", "x_forwarded_for": ","},
    {"peer": "127.0.0.1", "forwarded": f"for={AWAY}"},
    {"peer": "127.0.0.1", "x_real_ip": AWAY},
    {"peer": "127.0.0.1", "x_forwarded_for": "127.0.0.1", "x_real_ip": AWAY},
]


@pytest.mark.parametrize("who", LOCAL, ids=str)
def test_this_host_is_shown_the_details(who):
    assert b"no way" in ask(made(soft="no way"), **who).body


@pytest.mark.parametrize("who", ELSEWHERE, ids=str)
@pytest.mark.parametrize("accept", ["", "application/json"])
def test_others_are_told_one_word(who, accept):
    answer = ask(made(soft="no way"), **who, accept=accept)
    assert answer.body in {b"degraded\n", b'{"status": "degraded"}\n'}


@given(st.text(max_size=30))
def test_no_claim_before_the_balancer_s_own_makes_somebody_local(claim):
    answer = ask(made(soft="no way"), x_forwarded_for=f"{claim}, {AWAY}")
    assert answer.body == b"degraded\n"


@pytest.fixture
def token(monkeypatch):
    monkeypatch.setenv("HEALTH_TOKEN", SECRET)
    # As a server decodes what a client sends.
    return SECRET.encode().decode("latin-1")


def test_who_has_the_token_is_shown_the_details(token):
    found = made(soft="no way", token_env="HEALTH_TOKEN")
    for scheme in ("Bearer", "bearer"):
        answer = ask(found, peer=AWAY, authorization=f"{scheme} {token}")
        assert b"no way" in answer.body


@pytest.mark.parametrize(
    "said", ["", "Bearer", "Bearer ", "Bearer x", "Basic {}", "{}", "Bearer {}x"]
)
def test_who_has_another_is_not(token, said):
    found = made(soft="no way", token_env="HEALTH_TOKEN")
    answer = ask(found, peer=AWAY, authorization=said.format(token))
    assert answer.body == b"degraded\n"


@pytest.mark.parametrize("value", [None, ""])
def test_a_token_that_is_not_set_is_nobody_s(monkeypatch, capsys, value):
    monkeypatch.delenv("HEALTH_TOKEN", raising=False)
    if value is not None:
        monkeypatch.setenv("HEALTH_TOKEN", value)
    found = made(soft="no way", token_env="HEALTH_TOKEN")
    assert "HEALTH_TOKEN, which is not set" in capsys.readouterr().err
    assert ask(found, peer=AWAY, authorization="Bearer ").body == b"degraded\n"


@given(st.sampled_from(["/", "/-/", "/shop/health/"]))
def test_the_paths_begin_with_the_prefix(prefix):
    found = made(prefix=prefix)
    assert found.paths == {f"{prefix}{name}" for name in ("livez", "readyz", "startupz")}
    assert ask(found, f"{prefix}readyz").status == 200


def test_an_event_loop_gets_the_same_answers():
    async def main():
        found = made(hard="well", soft="no way")
        asked = Asked("/readyz", "GET", AWAY, lambda _: "")
        return await found.answer_async(asked)

    assert asyncio.run(main()) == ask(made(hard="well", soft="no way"), peer=AWAY)
