"""A browser's recording: one visit of one application, without its secrets."""

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import WorkloadError
from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.target import Route
from surefoot.toolbox.workloads.har import from_har
from surefoot.toolbox.workloads.toml import to_toml

SHOP = "https://shop.example"
FORM = "application/x-www-form-urlencoded"
LOGIN = '<form><input type="hidden" name="csrf_token" value="a1b2c3d4e5"></form>'


def entry(second, method, url, status=200, *, sent=(), posted=None, got=(), body="", **more):
    kind = more.pop("kind", "text/html")
    request = {"method": method, "url": url, "headers": [{"name": n, "value": v} for n, v in sent]}
    if posted:
        request["postData"] = {"mimeType": posted[0], "text": posted[1]}
    headers = [("Content-Type", kind), *got]
    return {
        "startedDateTime": f"2026-11-21T20:00:{second:06.3f}Z",
        "time": 50,
        "request": request,
        "response": {
            "status": status,
            "headers": [{"name": n, "value": v} for n, v in headers],
            "content": {"mimeType": kind, "text": body},
        },
        **more,
    }


def har(*entries):
    return json.dumps({"log": {"version": "1.2", "entries": entries}})


def visit():
    return [
        entry(0, "GET", f"{SHOP}/login", body=LOGIN, got=[("Set-Cookie", "sid=xyz; Path=/")]),
        entry(0.1, "GET", "https://cdn.example/font.woff"),
        entry(0.2, "GET", f"{SHOP}/logo.png", kind="image/png", _fromCache="memory"),
        entry(
            3, "POST", f"{SHOP}/login", 302, sent=[("Cookie", "sid=xyz")],
            posted=(FORM, "csrf_token=a1b2c3d4e5&name=anna&password=hunter2"),
        ),
        entry(3.1, "GET", f"{SHOP}/", sent=[("Accept", "text/html"), ("User-Agent", "x")]),
        entry(8, "GET", f"{SHOP}/books/17", sent=[("Accept", "text/html")]),
        entry(9, "POST", f"{SHOP}/orders", 201, posted=("application/json", '{"book": 17}')),
        entry(9.5, "GET", "wss://shop.example/live", 101),
        entry(9.6, "GET", f"{SHOP}/gone", 404),
    ]  # fmt: skip


def test_a_visit_becomes_a_session(read):
    draft = from_har(har(*visit()), "a.har")
    workload = read(draft)
    assert workload.requests == ("GET /", "GET /books/17")
    assert workload.users == 50
    log_in, think = workload.login[0].steps, workload.flows[0].steps[1].think
    assert [step.name for step in log_in] == ["GET /login", "POST /login"]
    assert [capture.name for capture in log_in[0].captures] == ["csrf_token"]
    assert log_in[1].expect == {302}
    assert think == pytest.approx((4.85, 4.85), abs=0.06)


def test_what_is_not_sent_is_listed():
    left = [(each.what, each.why) for each in from_har(har(*visit()), "a.har").left_out]
    assert left == [
        ("cdn.example", "another host than shop.example"),
        ("POST /orders", "it writes; --writes keeps it"),
        ("GET /gone", "it was answered with an error"),
    ]


def test_no_secret_is_in_the_file(read):
    bearer = [("Authorization", "Bearer 0p4qu3"), ("X-Api-Key", "k3y"), ("Cookie", "old=c00kie")]
    path = "aB3dE6gH9jK2mN5pQ8sT1vW4"
    reset = [entry(11, "GET", f"{SHOP}/reset/{path}"), entry(12, "POST", f"{SHOP}/reset/{path}")]
    more = entry(10, "GET", f"{SHOP}/api?access_token=t0k3n", sent=bearer)
    draft = from_har(har(*visit(), more, *reset), "a.har")
    text = to_toml(draft)
    secrets = ("hunter2", "0p4qu3", "k3y", "c00kie", "t0k3n", "a1b2c3", path)
    assert not [secret for secret in secrets if secret in text]
    names = [needed.name for needed in draft.needed]
    assert names == ["ACCESS_TOKEN", "AUTHORIZATION", "COOKIE", "X_API_KEY", "RESET", "PASSWORD"]
    assert 'Authorization = "Bearer {env.AUTHORIZATION}"' in text
    assert "GET /api?access_token={env.ACCESS_TOKEN}" in read(draft).requests


def test_a_token_of_an_earlier_answer_is_captured(read):
    token = entry(
        0, "POST", f"{SHOP}/api/token", kind="application/json",
        body='{"data": [{"access": "0p4qu3t0k3n"}]}',
        posted=("application/json", '{"password": "hunter2"}'),
    )  # fmt: skip
    page = entry(1, "GET", f"{SHOP}/api/me", sent=[("Authorization", "Bearer 0p4qu3t0k3n")])
    cookie = entry(2, "GET", f"{SHOP}/x", got=[("Set-Cookie", "csrftoken=c5rfc5rf")])
    write = entry(3, "POST", f"{SHOP}/y", 200, sent=[("X-CSRFToken", "c5rfc5rf")])
    draft = from_har(har(token, page, cookie, write), "a.har", writes=True)
    steps = read(draft).flows[0].steps
    assert steps[0].headers[0][1].names == {"authorization"}
    assert steps[1].captures[0].source == "cookie"
    assert steps[2].headers[0][1].names == {steps[1].captures[0].name}
    assert [needed.name for needed in draft.needed] == ["PASSWORD"]


def test_writes_are_kept_when_asked_for(read):
    null = entry(10, "POST", f"{SHOP}/a", posted=("application/json", '{"x": null, "n": 1}'))
    draft = from_har(har(*visit(), null), "a.har", writes=True)
    workload = read(draft)
    assert workload.writes == ("POST /orders", "POST /a")
    bodies = [step.body.text.parts for step in workload.flows[0].steps if step.body]
    assert bodies == [('{"book":17}',), ('{"x": null, "n": 1}',)]


def test_what_hides_a_secret_in_an_unknown_body_is_left_out():
    multipart = (
        "multipart/form-data; boundary=x",
        '--x\r\nname="password"\r\n\r\nhunter2\r\n--x--',
    )
    upload = entry(1, "POST", f"{SHOP}/up", posted=multipart)
    draft = from_har(har(entry(0, "GET", f"{SHOP}/"), upload), "a.har", writes=True)
    assert [left.what for left in draft.left_out] == ["POST /up"]
    assert "hunter2" not in to_toml(draft)


def test_routes_take_out_what_the_application_does_not_serve(read):
    routes = (Route("GET", "/books/<int:id>", (("id", "int"),), "book"),)
    draft = from_har(har(*visit()[4:6]), "a.har", routes)
    assert read(draft).requests == ("GET /books/17",)
    assert [left.why for left in draft.left_out] == ["no route of the application is there"]


def test_another_host_can_be_chosen():
    assert from_har(har(*visit()), "a.har", host="cdn.example").count == 1
    with pytest.raises(WorkloadError, match="holds no request to nobody") as caught:
        from_har(har(*visit()), "a.har", host="nobody.example")
    assert "cdn.example, shop.example" in caught.value.do


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["request", "response", "url", "method", "headers", "status", "postData"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.text(max_size=40) | st.lists(JSON, max_size=4).map(lambda e: har(*e)))
def test_any_text_is_a_draft_or_a_plain_error(text):
    try:
        draft = from_har(text, "a.har")
    except WorkloadError as error:
        said = str(error)
    else:
        said = to_toml(draft)
    assert "a.har" in said


@given(
    target=st.text(st.characters(codec="utf-8"), max_size=30),
    header=st.text(st.characters(codec="utf-8"), max_size=20),
    value=st.text(st.characters(codec="utf-8"), max_size=20),
    body=JSON,
    method=st.sampled_from(["POST", "PUT", "post", "", "G T", "1", "M-SEARCH"]),
)
def test_whatever_is_recorded_can_be_read_again(target, header, value, body, method):
    sent = [("Accept", value), (f"X-{header}", "1")]
    first = entry(0, "GET", f"{SHOP}/")
    second = entry(
        1, method, f"{SHOP}/{target}", sent=sent, posted=("application/json", json.dumps(body))
    )
    draft = from_har(har(first, second), "a.har", host="shop.example", writes=True)
    document = tomllib.loads(to_toml(draft))
    assert document == json.loads(json.dumps(draft.document()))
    assert parse_workload(document, "a.toml", environ=draft.secrets).requests
