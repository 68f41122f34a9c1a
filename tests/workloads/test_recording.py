"""What locust's users sent becomes requests, sessions and a log-in at their own pace."""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import WorkloadError
from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.workloads.recording import from_recording, parse_told
from surefoot.toolbox.workloads.toml import to_toml

HOST = "127.0.0.1:8000"


def told(user, unit, target, at, *, method="GET", status=200, think=0.0, sent=(), body="", **more):
    kind = more.pop("kind", "application/json")
    return json.dumps(
        {
            "user": user, "unit": unit, "task": "t", "think": think, "method": method,
            "url": f"http://{more.pop('host', HOST)}{target}", "status": status, "at": at,
            "seconds": 0.01, "headers": [["Content-Type", kind], *sent], "body": body,
            "answer": {"headers": [["Content-Type", kind], *more.pop("got", ())],
                       "body": more.pop("answered", "")},
        }
    )  # fmt: skip


def drafted(*lines):
    return from_recording([parse_told(line) for line in lines], "locustfile.py", HOST)


def read(draft):
    document = tomllib.loads(to_toml(draft))
    document["data"] = document.get("data", {}) | dict(draft.private)
    return parse_workload(document, "a.toml", environ=draft.secrets)


def tasks(user, count, target, think, start=0.0):
    """``count`` tasks of one request and one that was cut short."""
    return [
        told(user, unit, target(unit), start + unit * 0.02, think=think)
        for unit in range(1, count + 2)
    ]


def test_tasks_count_as_often_as_their_users_would_do_them():
    # One waits 2 s between tasks and one 0.5 s; while recording neither does.
    slow = tasks(1, 50, lambda _: "/slow", 1.98)
    fast = tasks(2, 50, lambda _: "/fast", 0.48)
    draft = drafted(*slow, *fast)
    assert read(draft).shares == pytest.approx({"GET /fast": 0.8, "GET /slow": 0.2}, abs=0.005)
    assert any("one user sends 1.2" in note for note in draft.notes)


def test_several_requests_of_a_task_are_a_session_with_its_pauses():
    lines = []
    for unit in range(1, 12):
        lines.append(told(1, unit, "/list", unit))
        lines.append(told(1, unit, f"/item/{unit}", unit + 0.1, think=1.5))
        order = json.dumps({"item": unit, "copies": 1})
        lines.append(told(1, unit, "/order", unit + 0.2, method="POST", body=order, status=201))
    (session,) = read(drafted(*lines)).sessions
    assert [step.name for step in session.steps] == ["GET /list", "GET /item/{item}", "POST /order"]
    assert session.steps[1].think == (1.5, 1.5)
    # What the user looked at is what the user orders.
    assert session.steps[1].path.names == session.steps[2].body.text.names == {"item"}


def login(user, password="same"):
    body = json.dumps({"name": f"user{user}", "password": password})
    answer = json.dumps({"access": f"token-of-{user}"})
    return [
        told(user, 0, "/token", 0, method="POST", body=body, answered=answer),
        *(
            told(user, unit, "/me", unit, sent=[["Authorization", f"Bearer token-of-{user}"]])
            for unit in range(1, 5)
        ),
    ]


def test_what_comes_before_the_first_task_is_the_log_in():
    draft = drafted(*login(1), *login(2, "other"))
    workload = read(draft)
    assert workload.users == 50
    assert workload.login[0].steps[0].captures[0].what == "/access"
    (name,) = {capture.name for capture in workload.login[0].steps[0].captures}
    assert workload.distinct[0].headers[0][1].names == {name}
    assert "token-of" not in to_toml(draft)


def test_accounts_are_the_user_s_to_supply_and_stay_in_the_process():
    draft = drafted(*login(1, "one"), *login(2, "two"))
    text = to_toml(draft)
    assert 'account = "account.csv"' in text
    assert not [secret for secret in ('"one"', '"two"', "user1") if secret in text]
    assert [needed.name for needed in draft.needed] == ["account.csv"]
    rows = read(draft).data["account"]
    assert {row["account.password"] for row in rows} == {"one", "two"}


def test_what_cannot_be_sent_again_is_listed():
    lines = [*tasks(1, 3, lambda _: "/a", 0), told(1, 9, "/x", 9, status=500)]
    lines += [told(1, 10, "/y", 10, host="else.example"), told(1, 11, "/a", 11)]
    draft = drafted(*lines)
    assert {(left.what, left.why) for left in draft.left_out} == {
        ("GET /x", "it was answered with an error"),
        ("else.example", f"another host than {HOST}"),
    }
    with pytest.raises(WorkloadError, match="none of its tasks sent a request"):
        drafted(told(1, 1, "/x", 0, status=500))


@given(st.text(max_size=50) | st.dictionaries(
    st.sampled_from(["url", "user", "unit", "at", "headers", "answer", "status", "think"]),
    st.none() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.text(max_size=2)),
).map(json.dumps))  # fmt: skip
def test_any_line_is_told_or_nothing(line):
    found = parse_told(line)
    assert found is None or found.seen.target.startswith("/")
