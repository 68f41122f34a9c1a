"""Keys hold all that may differ; what was kept is given again byte for byte, or not at all."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.http_cache.asked import Asked
from surefoot.core.http_cache.kept import Kept, answered
from surefoot.core.http_cache.key import primary, secondary, target
from surefoot.core.http_cache.template import Template
from surefoot.errors import ConfigError

ASKED = Asked("GET", "http", "/books", "/books", "", (("host", "shop.test"),))
text = st.text(st.characters(codec="latin-1"), max_size=20)
pairs = st.lists(st.tuples(text.map(str.lower), text), max_size=5).map(tuple)


def asked(*fields, **more):
    return dataclasses.replace(ASKED, fields=(*ASKED.fields, *fields), **more)


def key(request, **more):
    return primary(request, "/books", **more)


@pytest.mark.parametrize(
    "other",
    [
        asked(scheme="https"),
        asked(path="/Books"),
        asked(path="/books/"),
        asked(path="//books"),
        asked(path="/books;a"),
        asked(raw="/b%6foks"),
        asked(query="a=1"),
        asked(("x-forwarded-host", "evil.test")),
        asked(("x-forwarded-proto", "https")),
        asked(("x-forwarded-prefix", "/evil")),
        asked(("x-original-url", "/admin")),
        asked(("x-tenant", "a")),
        asked(("x-requested-with", "XMLHttpRequest")),
        asked(("hx-request", "true")),
        asked(("origin", "https://a.test")),
        dataclasses.replace(ASKED, fields=(("host", "evil.test"),)),
        dataclasses.replace(ASKED, fields=(("host", "shop.test:8000"),)),
    ],
)
def test_requests_that_may_get_another_answer_have_another_key(other):
    assert key(other) != key(ASKED)


# While sessions were passed by it did not count who looked whether there is one.
def test_what_was_kept_for_some_is_not_found_for_everybody():
    assert key(ASKED, everybody=True) != key(ASKED)
    assert key(ASKED, everybody=True) == key(asked(("cookie", "session=1")), everybody=True)


@pytest.mark.parametrize(
    "same",
    [
        asked(method="HEAD"),
        asked(("cookie", "theme=dark")),
        asked(("user-agent", "a")),
        asked(("accept-language", "de")),
        asked(("x-forwarded-for", "1.2.3.4")),
        asked(("sec-fetch-mode", "navigate")),
        asked(("if-none-match", '"a"')),
        asked(("x-request-start", "t=1")),
        dataclasses.replace(ASKED, fields=(("host", "SHOP.test"),)),
    ],
)
def test_what_says_nothing_of_the_answer_is_not_in_the_key(same):
    assert key(same) == key(ASKED)


def test_the_order_of_a_query_counts():
    assert key(asked(query="a=1&b=2")) != key(asked(query="b=2&a=1"))


def test_configured_cookies_and_fields_are_in_the_key():
    dark, light = asked(("cookie", "theme=dark; x=1")), asked(("cookie", "theme=light"))
    assert key(dark, listed={"theme"}) != key(light, listed={"theme"})
    assert key(dark, listed={"theme"}) == key(asked(("cookie", "theme=dark")), listed={"theme"})
    german = asked(("accept-language", "de"))
    assert key(german, fields={"accept-language"}) != key(ASKED, fields={"accept-language"})
    assert key(asked(("x-trace", "1")), ignored={"x-trace"}) == key(ASKED, ignored={"x-trace"})


def test_encodings_are_one_key_however_they_are_written():
    one = asked(("accept-encoding", "gzip, br;q=0.5"))
    other = asked(("accept-encoding", "br; q=0.5,GZIP"))
    assert key(one, encoded=True) == key(other, encoded=True)
    assert key(one, encoded=True) != key(ASKED, encoded=True)
    assert key(one) == key(ASKED)


@given(pairs, pairs)
def test_no_two_lists_of_fields_share_a_key(one, other):
    def keyed(fields):
        return sorted((n, v) for n, v in fields if n.startswith("x-t"))

    first = tuple((f"x-t{name}", value) for name, value in one)
    second = tuple((f"x-t{name}", value) for name, value in other)
    if keyed(first) != keyed(second):
        assert key(asked(*first)) != key(asked(*second))


def test_answers_that_vary_have_keys_of_their_own():
    german, english = asked(("accept-language", "de")), asked(("accept-language", "en"))
    names = ("accept-language",)
    assert secondary("k", b"1", german, names) != secondary("k", b"1", english, names)
    assert secondary("k", b"1", german, names) != secondary("k", b"2", german, names)
    assert secondary("k", b"1", german, names) != secondary("k", b"1", ASKED, names)
    assert len(secondary("k", b"1", german, names)) < 250


def test_a_target_is_the_same_for_whoever_writes_to_it():
    written = asked(("origin", "https://shop.test"), ("cookie", "session=1"), method="POST")
    assert target(written) == target(asked(query="page=2"))
    assert target(asked(path="/other")) != target(ASKED)


answers = st.builds(Kept, st.integers(200, 599), pairs, st.binary(max_size=200))


@given(answers)
def test_what_is_packed_is_unpacked_the_same(kept):
    assert Kept.unpack(kept.pack()) == kept


@given(answers, st.data())
def test_damaged_bytes_are_nothing_or_an_answer_and_never_an_error(kept, data):
    packed = bytearray(kept.pack())
    cut = data.draw(st.integers(0, len(packed) - 1))
    assert Kept.unpack(bytes(packed[:cut])) is None
    packed[cut] ^= data.draw(st.integers(1, 255))
    assert isinstance(Kept.unpack(bytes(packed)), Kept | None)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data):
    assert isinstance(Kept.unpack(data), Kept | None)


def test_what_belongs_to_one_request_is_not_kept():
    fields = (
        ("content-type", "text/plain"), ("set-cookie", "a=1"), ("x-request-id", "7"),
        ("date", "now"), ("connection", "close"), ("x-ratelimit-remaining", "3"),
        ("vary", "Accept"),
    )  # fmt: skip
    kept = Kept.of(200, fields, b"abc")
    assert [name for name, _ in kept.fields] == [
        "content-type", "vary", "etag", "content-length",
    ]  # fmt: skip
    assert dict(kept.fields)["content-length"] == "3"


def test_an_etag_of_the_application_stays():
    assert dict(Kept.of(200, (("etag", 'W/"a"'),), b"").fields)["etag"] == 'W/"a"'
    assert "etag" not in dict(Kept.of(404, (), b"").fields)


KEPT = Kept(
    200,
    (
        ("etag", 'W/"a,b"'), ("last-modified", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("content-type", "text/plain"), ("content-length", "3"),
    ),
    b"abc",
)  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([], 200),
        ([("if-none-match", '"a,b"')], 304),
        ([("if-none-match", 'W/"a,b"')], 304),
        ([("if-none-match", '"x", W/"a,b", "y"')], 304),
        ([("if-none-match", "*")], 304),
        ([("if-none-match", '"x"')], 200),
        ([("if-none-match", "")], 200),
        ([("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT")], 304),
        ([("if-modified-since", "Mon, 07 Nov 1994 08:49:37 GMT")], 304),
        ([("if-modified-since", "Sat, 05 Nov 1994 08:49:37 GMT")], 200),
        ([("if-modified-since", "yesterday")], 200),
        # The stronger condition alone counts where both are given.
        ([("if-none-match", '"x"'), ("if-modified-since", "Mon, 07 Nov 1994 08:49:37 GMT")], 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_who_has_it_already_is_told_so(fields, status, method):
    out = answered(KEPT, asked(*fields, method=method), 7.9)
    said = dict(out.fields)
    assert out.status == status
    assert said["age"] == "7"
    assert said["etag"] == 'W/"a,b"'
    if status == 304:
        assert out.body == b""
        assert "content-type" not in said
        assert "content-length" not in said
    else:
        assert out.body == (b"abc" if method == "GET" else b"")
        assert said["content-length"] == "3"


@pytest.mark.parametrize(
    ("route", "paths", "others"),
    [
        ("GET /", ["/"], ["", "//", "/a"]),
        ("GET /books/<int:b>", ["/books/7"], ["/books/", "/books/7/", "/books/7/x", "/Books/7"]),
        ("GET /books/{book_id}", ["/books/7", "/books/a b"], ["/books/", "/books/7/x"]),
        ("GET /f/<path:rest>", ["/f/a/b"], ["/g/a"]),
        ("GET /f/{rest:path}", ["/f/a/b", "/f/"], ["/g/a"]),
        ("GET /a.b/{x}.json", ["/a.b/1.json"], ["/aXb/1.json", "/a.b/1xjson"]),
        ("GET /<string(length=2):lang>/x", ["/de/x"], ["/x"]),
        ("GET /<mine:what>/x", ["/a/x", "/a/b/x"], ["/x"]),
    ],
)  # fmt: skip
def test_templates_match_what_they_may_serve(route, paths, others):
    template = Template.read(route)
    assert [path for path in paths if not template.matches(path)] == []
    assert [path for path in others if template.matches(path)] == []


@pytest.mark.parametrize("route", ["/books", "POST /books", "get /books", "GET books", "GET", ""])
def test_what_is_no_route_is_told(route):
    with pytest.raises(ConfigError, match="names no route"):
        Template.read(route)
