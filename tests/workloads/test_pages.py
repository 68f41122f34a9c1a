"""A running application's pages: links and GET forms are followed within bounds."""

import http.server
import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import RefusedError
from surefoot.toolbox.load.address import Address
from surefoot.toolbox.load.reading import parse_workload
from surefoot.toolbox.target import Route
from surefoot.toolbox.workloads.asker import Asker
from surefoot.toolbox.workloads.links import keep_off, own, read_page
from surefoot.toolbox.workloads.pages import from_pages
from surefoot.toolbox.workloads.reach import ENDLESS, place_up_to, reach

HOME = """<h1>Old books</h1><a href="/list?page=1">Novels</a> <a href="/item/3">three</a>
<a href="/logout">out</a> <a href="/item/3/delete">gone</a> <a href="https://else.example/">x</a>
<a href="/confirm?token=aB3dE6gH9jK2mN5pQ8sT1vW4">r</a>
<a href="/missing">m</a> <a href="/me">me</a>
<form action="/search"><input name="q"><select name="sort"><option value="up"><option value="down">
</select><input type="hidden" name="v" value="1"><input type="submit" name="go"></form>
<form action="/order" method="post"><input name="n"></form>"""
ROUTES = tuple(
    Route("GET", template, tuple((name, "int") for name in names), template)
    for template, names in (
        ("/", ()), ("/list", ()), ("/search", ()), ("/me", ()), ("/item/<int:n>", ("n",)),
    )
)  # fmt: skip


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append(self.path)
        path, _, query = self.path.partition("?")
        number = path.removeprefix("/item/")
        known = path in {"/", "/list", "/search", "/login"}
        known = known or (number.isdigit() and 1 <= int(number) <= 700)
        known = known or (path == "/me" and "sid=1" in self.headers.get("Cookie", ""))
        self.answer(200 if known else 404, HOME if path == "/" else f"<i>{query}</i>")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        right = body == "name=anna&password=one"
        self.answer(302 if right else 403, "", *([("Set-Cookie", "sid=1")] if right else []))

    def answer(self, status, text, *headers):
        self.send_response(status)
        for name, value in (("Content-Type", "text/html"), ("Content-Length", str(len(text)))):
            self.send_header(name, value)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


@pytest.fixture
def site(free_port):
    with http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Handler) as server:
        server.asked = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def asker(site):
    return Asker(Address("127.0.0.1", site.server_address[1]), lambda _: None)


def test_links_forms_and_numbers_are_found(site, read):
    draft = from_pages(asker(site), ROUTES, "the pages")
    assert set(read(draft).requests) == {
        "GET /",
        "GET /list",
        "GET /list?page=1",
        "GET /search",
        "GET /search?q={q}&sort={sort}&v=1",
        "GET /item/{1..700}",
    }
    assert draft.data["sort"] == ["up", "down"]
    assert {"books", "novels"} <= set(draft.data["q"])


def test_what_may_do_harm_is_not_asked_for(site):
    draft = from_pages(asker(site), (), "the pages")
    asked = " ".join(site.asked)
    assert not [word for word in ("logout", "delete", "order", "token", "else") if word in asked]
    left = {each.what: each.why for each in draft.left_out}
    assert left["/logout"] == "it may log out or take something away"
    assert left["/confirm"] == "a link with a secret in it"
    assert left["POST /order"] == "a form that writes"
    assert left["/missing"] == "answered 404"


LOG_IN = {
    "users": 1,
    "data": {"who": [{"name": "anna", "password": "one"}]},
    "request": [
        {"path": "/login", "method": "POST", "login": True, "expect": 302,
         "form": {"name": "{who.name}", "password": "{who.password}"}},
        {"path": "/"},
    ],
}  # fmt: skip


def test_what_only_users_see_is_seen_by_a_user(site):
    assert "/me" in {left.what for left in from_pages(asker(site), ROUTES, "x").left_out}
    visitor = asker(site)
    visitor.log_in(parse_workload(LOG_IN, "log-in.toml"))
    assert {"path": "/me", "weight": 1} in from_pages(visitor, ROUTES, "x").requests


def test_a_log_in_that_is_refused_says_so(site):
    wrong = LOG_IN | {"data": {"who": [{"name": "anna", "password": "two"}]}}
    with pytest.raises(RefusedError, match=r"log-in\.toml: POST /login: answered 403"):
        asker(site).log_in(parse_workload(wrong, "log-in.toml"))


def test_the_log_in_is_in_the_file(site, surefoot):
    file = surefoot.directory / "log-in.toml"
    file.write_text(
        'users = 7\n[headers]\nX-Shop = "1"\n'
        '[data]\nwho = [{ name = "anna", password = "one" }]\n[[request]]\n'
        'path = "/login"\nmethod = "POST"\nlogin = true\nexpect = 302\n'
        'form = { name = "{who.name}", password = "{who.password}" }\n'
    )
    url = f"http://127.0.0.1:{site.server_address[1]}"
    run = surefoot("workload", "--url", url, "--log-in", "log-in.toml", "--json")
    assert run.code == 0, run.err
    made = json.loads(run.out)
    assert made["users"] == 7
    assert made["request"][0]["login"] is True
    assert made["request"][0]["headers"] == {"X-Shop": "1"}
    assert "/me" in [request["path"] for request in made["request"]]


@pytest.mark.parametrize(
    "address",
    ["/logout", "/log-out", "/sign_off", "/items/3/delete", "/deleteItem", "/cart/remove?id=1",
     "/subscription/cancel", "/admin/reset"],
)  # fmt: skip
def test_harmful_addresses_are_known(address):
    assert keep_off(address)


@pytest.mark.parametrize("address", ["/blog", "/login", "/catalogue/drops", "/presets", "/items/3"])
def test_harmless_ones_are_too(address):
    assert not keep_off(address)


def test_links_stay_on_the_site():
    assert own("/a/b", "c?x=1#y") == "/a/c?x=1"
    assert own("/a", "http://localhost/b") == "/b"
    assert [own("/a", link) for link in ("//else/x", "mailto:a@b", "http://[", "javascript:x")] == [
        "", "", "", "",
    ]  # fmt: skip


def test_broken_html_is_read_as_far_as_it_goes():
    page = read_page(
        '<a href="/x"><form><input name=a value=1><select name=s><option value=2><a href'
    )
    assert page.links == ["/x"]
    assert page.forms[0].fields == {"a": ["1"], "s": ["2"]}


@given(
    st.lists(
        st.sampled_from(
            ["<a href=", "/x", '"', ">", "<![", "]]>", "<!", "<form", " action=", "<input name=q",
             "<select name=s>", "<option", " value=1", "</form>", "&#x;", "<?", "<script>", "\0"]
        )
        | st.text(max_size=5),
        max_size=30,
    ).map("".join)
)  # fmt: skip
def test_any_text_is_a_page(text):
    page = read_page(text)
    assert all(isinstance(link, str) and own("/", link)[:1] in {"", "/"} for link in page.links)


@pytest.mark.parametrize("last", [0, 1, 2, 7, 699, 20_000])
def test_numbers_are_found_to_one_percent_with_few_questions(last):
    asked = []

    def exists(number):
        asked.append(number)
        return number <= last

    found = reach(exists)
    assert last * 0.99 - 1 <= found <= last
    assert len(asked) < 40


def test_numbers_without_end_are_a_thousand():
    assert reach(lambda _: True) == ENDLESS
    assert place_up_to(ENDLESS) == "{1..1000}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("request = 'x'", "an array of tables"),
        ("[[request]]\npath = '/'", "holds no log-in"),
        ("nonsense", "is not valid TOML"),
    ],
)
def test_a_log_in_that_is_none_is_told_before_anything_is_asked(site, surefoot, text, said):
    (surefoot.directory / "log-in.toml").write_text(text)
    url = f"http://127.0.0.1:{site.server_address[1]}"
    run = surefoot("workload", "--url", url, "--log-in", "log-in.toml")
    assert run.code == 2
    assert said in run.err
    assert site.asked == []
