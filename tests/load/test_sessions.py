import asyncio
import secrets
from collections import Counter, defaultdict
from urllib.parse import parse_qs

import pytest

from surefoot.errors import RefusedError
from surefoot.toolbox.load import Closed, Generator, Schedule, parse_workload


class Shop:
    """A site with a log-in form that is protected against forgery, and pages for members only."""

    def __init__(self, answers, accounts):
        self._answer = answers
        self._accounts = accounts
        self._forms = {}
        self._members = {}
        self.orders = []
        self.seen = defaultdict(Counter)

    async def __call__(self, asked):
        cookies = dict(
            pair.split("=", 1) for pair in asked.headers.get("cookie", "").split("; ") if pair
        )
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        handler = getattr(self, f"{asked.method.lower()}_{asked.path.strip('/').split('/')[0]}")
        return handler(asked.path, cookies, form)

    def _page(self, *headers):
        visitor, token = secrets.token_hex(4), secrets.token_hex(4) + "&+ü"
        self._forms[visitor] = token
        html = f'<form><input name="csrf" value="{token.replace("&", "&amp;")}"></form>'
        return self._answer(
            html.encode(), "200 OK", "Content-Type: text/html; charset=utf-8",
            f"Set-Cookie: visitor={visitor}; Path=/", *headers,
        )  # fmt: skip

    def get_login(self, path, cookies, form):  # noqa: ARG002  # one signature for all
        return self._page()

    def post_login(self, path, cookies, form):  # noqa: ARG002  # one signature for all
        if form.get("csrf") != self._forms.pop(cookies.get("visitor"), None):
            return self._answer(b"forged", "403 Forbidden")
        if self._accounts.get(form["user"]) != form["password"]:
            return self._answer(b"wrong", "401 Unauthorized")
        member = secrets.token_hex(4)
        self._members[member] = form["user"]
        return self._answer(
            b"", "302 Found", "Location: /account", f"Set-Cookie: member={member}; HttpOnly"
        )

    def get_order(self, path, cookies, form):  # noqa: ARG002  # one signature for all
        if cookies.get("member") not in self._members:
            return self._answer(b"", "401 Unauthorized")
        return self._page()

    def post_order(self, path, cookies, form):  # noqa: ARG002  # one signature for all
        user = self._members.get(cookies.get("member"))
        if user is None or form.get("csrf") != self._forms.pop(cookies.get("visitor"), None):
            return self._answer(b"", "403 Forbidden")
        self.orders.append(user)
        return self._answer(b"", "303 See Other", f"Location: /receipt/{len(self.orders)}")

    def get_receipt(self, path, cookies, form):  # noqa: ARG002  # one signature for all
        user = self._members.get(cookies.get("member"))
        own = user is not None and self.orders[int(path.rpartition("/")[2]) - 1] == user
        return self._answer(b"thanks") if own else self._answer(b"", "404 Not Found")


CSRF = {"csrf": 'name="csrf" value="([^"]+)"'}
ACCOUNTS = {"anna": "a&b", "bert": "ü x", "cleo": "c"}
LOGIN = {
    "login": True,
    "request": [
        {"path": "/login", "capture": CSRF},
        {
            "path": "/login",
            "method": "POST",
            "form": {"user": "{who.name}", "password": "{who.password}", "csrf": "{csrf}"},
            "expect": 302,
        },
    ],
}
ORDER = {
    "name": "order",
    "request": [
        {"path": "/order", "capture": CSRF},
        {
            "path": "/order",
            "method": "POST",
            "form": {"csrf": "{csrf}"},
            "expect": 303,
            "capture": {"receipt": {"header": "Location"}},
        },
        {"path": "{receipt}"},
    ],
}
WHO = [{"name": name, "password": password} for name, password in ACCOUNTS.items()]


def test_users_log_in_and_send_forms_protected_against_forgery(load, answers):
    shop = Shop(answers, ACCOUNTS)
    document = {"users": 3, "data": {"who": WHO}, "session": [LOGIN, ORDER]}
    (result,), served = load(shop, Closed(3, 20.0, requests=30), document=document)
    assert result.errors == {}
    assert result.completed == 90
    assert result.names == ("GET /order", "POST /order", "GET {receipt}")
    assert Counter(shop.orders).keys() == ACCOUNTS.keys()
    assert Counter((a.method, a.path) for a in served.asked)["POST", "/login"] == 3


def test_several_processes_share_the_users(load, answers):
    shop = Shop(answers, ACCOUNTS)
    document = {"users": 3, "data": {"who": WHO}, "session": [LOGIN, ORDER]}
    (result,), served = load(shop, Schedule("uniform", 90, 1), document=document, processes=2)
    assert result.errors == {}
    assert 80 <= result.completed <= 90
    assert Counter((a.method, a.path) for a in served.asked)["POST", "/login"] == 3


def test_a_user_who_cannot_log_in_stops_everything(load, answers):
    shop = Shop(answers, {"anna": "a&b"})
    document = {"users": 3, "data": {"who": WHO}, "session": [LOGIN, ORDER]}
    with pytest.raises(RefusedError, match=r"user \d could not log in: POST /login: answered 401"):
        load(shop, Schedule("uniform", 10, 1), document=document)


def test_a_single_request_can_be_the_log_in(load, answers):
    async def site(asked):
        if asked.path == "/token":
            return answers(b'{"data": {"access": ["t-1"]}}', "200 OK")
        good = asked.headers.get("authorization") == "Bearer t-1"
        return answers(b"") if good else answers(b"", "401 Unauthorized")

    document = {
        "users": 2,
        "request": [
            {
                "path": "/token", "method": "POST", "login": True, "json": {"a": "b"},
                "capture": {"token": {"json": "/data/access/0"}},
            },
            {"path": "/me", "headers": {"Authorization": "Bearer {token}"}},
        ],
    }  # fmt: skip
    (result,), served = load(site, Closed(2, 20.0, requests=20), document=document)
    assert result.errors == {}
    assert result.completed == 20
    assert Counter(a.path for a in served.asked) == {"/token": 2, "/me": 20}


def test_an_arrival_that_finds_no_idle_user_waits_and_the_wait_counts(load, answers):
    async def slow(_):
        await asyncio.sleep(0.1)
        return answers()

    document = {"users": 2, "request": [{"path": "/"}]}
    (result,), _ = load(slow, Schedule("uniform", 40, 1), document=document)
    assert (result.sent, result.unsent) == (40, 0)
    # Two users carry 20 a second, so that the last of 40 waits about a second.
    assert result.response.maximum > 0.8
    assert result.response.quantile(0.8) > result.service.quantile(0.8) + 0.3
    assert result.lag.quantile(0.8) < result.response.quantile(0.8) / 2


def test_too_few_users_make_a_run_invalid(load, answers):
    async def never(_):
        await asyncio.sleep(60)

    document = {"users": 2, "request": [{"path": "/"}]}
    (result,), _ = load(never, Schedule("uniform", 40, 1), document=document, timeout=0.5)
    assert result.unsent > 0
    assert result.sent + result.unsent == 40
    assert "found no idle user" in result.why_invalid


def test_the_rate_counts_requests_and_sessions_arrive_at_their_share(load, answers):
    async def site(_):
        return answers()

    steps = [{"path": f"/{n}"} for n in range(4)]
    document = {
        "request": [{"path": "/single", "weight": 1}],
        "session": [{"weight": 1, "request": steps}],
    }
    (result,), served = load(site, Schedule("uniform", 400, 2), document=document)
    paths = Counter(asked.path for asked in served.asked)
    # 800 requests in all, half of them single ones and half in sessions of four.
    assert 640 <= result.sent <= 960
    assert 320 <= paths["/single"] <= 480
    assert paths["/0"] == pytest.approx(paths["/3"], abs=2)


def test_a_later_request_is_due_when_the_one_before_ended_and_the_thinking_is_over(load, answers):
    async def site(_):
        await asyncio.sleep(0.05)
        return answers()

    steps = [{"path": "/a"}, {"path": "/b", "think": "200ms"}, {"path": "/c"}]
    document = {"session": [{"request": steps}]}
    (result,), _ = load(site, Closed(1, 20.0, requests=2), document=document)
    samples = result.samples
    rows = list(zip(samples.due, samples.response, strict=True))
    for first in (0, 3):
        ends = [due + took for due, took in rows[first : first + 3]]
        assert rows[first + 1][0] - ends[0] == pytest.approx(0.2, abs=1e-3)
        assert rows[first + 2][0] - ends[1] == pytest.approx(0.0, abs=1e-3)


def test_each_session_without_users_has_cookies_of_its_own(load, answers):
    seen = []

    async def site(asked):
        if asked.path == "/in":
            assert "cookie" not in asked.headers
            return answers(b"", "200 OK", f"Set-Cookie: id={len(seen)}.{secrets.token_hex(4)}")
        seen.append(asked.headers["cookie"])
        return answers()

    document = {"session": [{"request": [{"path": "/in"}, {"path": "/out"}]}]}
    (result,), _ = load(site, Closed(2, 20.0, requests=20), document=document)
    assert result.errors == {}
    assert len(set(seen)) == 20


def test_a_session_ends_where_it_fails(load, answers):
    async def site(asked):
        return answers(b"", "500 Oops" if asked.path == "/b" else "200 OK")

    steps = [{"path": "/a"}, {"path": "/b"}, {"path": "/c"}]
    (result,), served = load(
        site, Closed(1, 20.0, requests=5), document={"session": [{"request": steps}]}
    )
    assert Counter(a.path for a in served.asked) == {"/a": 5, "/b": 5}
    assert result.errors == {"status 500": 5}


def test_cookies_of_a_refusal_are_kept_too(load, answers):
    async def site(asked):
        if "seen=1" in asked.headers.get("cookie", ""):
            return answers()
        return answers(b"", "403 Forbidden", "Set-Cookie: seen=1")

    document = {"users": 1, "request": [{"path": "/"}]}
    (result,), _ = load(site, Closed(1, 20.0, requests=5), document=document)
    assert result.errors == {"status 403": 1}


def test_nothing_to_capture_is_an_error_of_that_request(load, answers):
    async def site(_):
        return answers(b"no token here")

    steps = [{"path": "/a", "capture": {"token": "token=(\\w+)"}}, {"path": "/{token}"}]
    (result,), served = load(
        site, Closed(1, 20.0, requests=5), document={"session": [{"request": steps}]}
    )
    assert result.errors == {"nothing to capture for token": 5}
    assert {a.path for a in served.asked} == {"/a"}


@pytest.mark.parametrize(
    ("capture", "found"),
    [
        ({"body": "id=(\\w+)"}, "b7"),
        ({"header": "X-Next", "match": "/orders/(\\d+)"}, "42"),
        ({"cookie": "token"}, "c=3"),
        ({"cookie": "token", "match": "=(\\d)"}, "3"),
    ],
)
def test_values_are_captured_from_body_header_and_cookie(load, answers, capture, found):
    async def site(asked):
        return answers(
            b"x id=b7 y", "200 OK", "X-Next: /orders/42?x=1", "Set-Cookie: token=c=3; Path=/"
        )

    steps = [{"path": "/a", "capture": {"it": capture}}, {"path": "/use?it={it}"}]
    (result,), served = load(
        site, Closed(1, 20.0, requests=1), document={"session": [{"request": steps}]}
    )
    assert result.errors == {}
    assert parse_qs(served.asked[1].path.partition("?")[2])["it"] == [found]


def test_a_compressed_body_is_unpacked_for_capturing(load, answers):
    import gzip

    async def site(asked):
        return answers(gzip.compress(b"id=77"), "200 OK", "Content-Encoding: gzip")

    steps = [{"path": "/a", "capture": {"it": "id=(\\d+)"}}, {"path": "/{it}"}]
    _, served = load(site, Closed(1, 20.0, requests=1), document={"session": [{"request": steps}]})
    assert [a.path for a in served.asked] == ["/a", "/77"]


def test_what_a_single_request_captures_serves_those_after_it(load, answers):
    async def site(asked):
        return answers(b"id=77") if asked.path == "/new" else answers()

    document = {
        "request": [
            {"path": "/new", "capture": {"it": "id=(\\d+)"}},
            {"path": "/use/{it}"},
        ]
    }
    (result,), served = load(site, Closed(1, 20.0, requests=60), document=document)
    assert {a.path for a in served.asked} == {"/new", "/use/77"}
    assert set(result.errors) <= {"no value for it"}


def test_those_who_need_no_user_take_none(load, answers):
    async def site(asked):
        return answers(b"", "200 OK", f"Set-Cookie: seen{asked.path.strip('/')}=1; Path=/")

    document = {
        "users": 1,
        "request": [{"path": "/member"}, {"path": "/guest", "user": False}],
    }
    _, served = load(site, Closed(1, 20.0, requests=60), document=document)
    guests = [a for a in served.asked if a.path == "/guest"]
    assert guests
    assert all("cookie" not in a.headers for a in guests)


def test_a_user_keeps_the_row_of_its_log_in(load, answers):
    used = defaultdict(set)

    async def site(asked):
        _, kind, name = asked.path.split("/")
        cookie = asked.headers.get("cookie", "")
        if kind == "login":
            return answers(b"", "200 OK", f"Set-Cookie: who={name}")
        used[cookie].add(name)
        return answers()

    document = {
        "users": 3,
        "data": {"who": ["anna", "bert", "cleo"]},
        "request": [{"path": "/login/{who}", "login": True}, {"path": "/home/{who}"}],
    }
    (result,), _ = load(site, Closed(3, 20.0, requests=60), document=document)
    assert result.errors == {}
    assert used == {f"who={name}": {name} for name in ("anna", "bert", "cleo")}


def test_arrivals_of_an_interrupted_session_are_not_left_waiting(serve, answers, unix):
    async def site(_):
        return answers()

    document = {"session": [{"think": "30s", "request": [{"path": "/a"}, {"path": "/b"}]}]}

    async def main():
        stop = asyncio.Event()
        workload = parse_workload(document, "test.toml")
        async with serve(site, unix) as served, Generator(workload, [served.address]) as generator:
            asyncio.get_running_loop().call_later(0.5, stop.set)
            return await generator.run(Schedule("uniform", 40, 60), stop=stop)

    result = asyncio.run(main())
    assert result.interrupted
    assert set(result.samples.request) == {0}
