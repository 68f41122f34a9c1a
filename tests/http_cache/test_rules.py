"""Which answers may be kept: what is not known to be allowed is refused."""

import dataclasses
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from surefoot.core.http_cache import fields as f
from surefoot.core.http_cache import names
from surefoot.core.http_cache.asked import SESSION_CARRIED, Asked, bypass, cookies
from surefoot.core.http_cache.dates import read_date, written_date
from surefoot.core.http_cache.observed import ADDRESS, ALL, SESSION, USER, Observed
from surefoot.core.http_cache.outgoing import FOREVER, immutable, told
from surefoot.core.http_cache.storing import Answer, Refused, Stored, Wanted, may_store

ASKED = Asked("GET", "http", "/books", "/books", "", (("host", "shop.test"),))
WANTED = Wanted("/books", ttl=60.0, stale=300.0)
HTML = ("content-type", "text/html; charset=utf-8")
SESSIONS = frozenset({"session"})
text = st.text(st.characters(codec="latin-1"), max_size=60)


def asked(*fields, **more):
    return dataclasses.replace(ASKED, fields=(*ASKED.fields, *fields), **more)


def answer(*fields, **more):
    return dataclasses.replace(Answer(200, (HTML, *fields), "/books", b"books"), **more)


def observed(**more):
    made = Observed()
    made.by.add("flask")
    for name, value in more.items():
        getattr(made, name).update(value)
    return made


def decide(request=ASKED, made=None, read=None, wanted=WANTED):
    return may_store(request, made or answer(), read or observed(), wanted, SESSIONS, now=1e9)


def test_a_plain_answer_is_kept_for_what_the_configuration_says():
    assert decide() == Stored(60.0, 300.0)


@pytest.mark.parametrize("status", [200, 301, 404])
def test_these_statuses_are_kept(status):
    assert isinstance(decide(made=answer(status=status)), Stored)


@pytest.mark.parametrize("status", [201, 204, 206, 302, 303, 304, 307, 308, 401, 403, 410, 500])
def test_no_other_status_is(status):
    assert decide(made=answer(status=status)) == Refused(f"its status is {status}")


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (("set-cookie", "a=1"), "set-cookie"),
        (("cache-control", "private"), "private"),
        (("cache-control", 'public, PRIVATE="set-cookie"'), "private"),
        (("cache-control", "no-store"), "no-store"),
        (("cache-control", "max-age=60, no-cache"), "no-cache"),
        (("cache-control", "max-age=0"), "stale at once"),
        (("cache-control", "max-age=60, s-maxage=0"), "stale at once"),
        (("cache-control", "max-age=soon"), "stale at once"),
        (("expires", "0"), "stale at once"),
        (("expires", ""), "stale at once"),
        (("expires", "Thu, 01 Jan 1970 00:00:01 GMT"), "stale at once"),
        (("pragma", "no-cache"), "pragma"),
        (("vary", "*"), "varies by *"),
        (("vary", "Accept, Cookie"), "varies by cookie"),
        (("vary", "User-Agent"), "varies by user-agent"),
        (("vary", "Authorization"), "varies by authorization"),
        (("vary", "a, b, c, d, e, f, g"), "too many"),
        (("content-range", "bytes 0-1/9"), "content-range"),
        (("trailer", "Digest"), "trailer"),
        (("transfer-encoding", "chunked"), "transfer-encoding"),
        (("www-authenticate", "Basic"), "www-authenticate"),
        (("content-length", "6"), "as long as it says"),
        (("content-security-policy", "script-src 'nonce-abc'"), "nonce"),
        (("content-type", "text/event-stream"), "stream"),
    ],
)
def test_what_the_application_says_forbids_it(field, words):
    fields = (field,) if field[0] == "content-type" else (HTML, field)
    decided = decide(made=answer(fields=fields))
    assert isinstance(decided, Refused)
    assert words in decided.why


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (Observed(), "nobody observed"),
        (observed(personal={SESSION}), "the session was read"),
        (observed(personal={USER}), "the user was read"),
        (observed(personal={ADDRESS}), "the client's address was read"),
        (observed(cookies={"theme"}), "cookie 'theme' was read"),
        (observed(cookies={ALL}), "cookies were read"),
        (observed(fields={"accept-language"}), "accept-language was read"),
        (observed(fields={"x-forwarded-for"}), "x-forwarded-for was read"),
        (observed(fields={"sec-ch-ua-mobile"}), "sec-ch-ua-mobile was read"),
    ],
)
def test_what_was_read_and_is_not_in_the_key_forbids_it(read, words):
    decided = decide(read=read)
    assert isinstance(decided, Refused)
    assert words in decided.why


def test_what_is_in_the_key_may_be_read():
    wanted = dataclasses.replace(
        WANTED,
        fields=frozenset({"accept-language"}),
        cookies=frozenset({"theme"}),
        ignored=frozenset({"user-agent"}),
        encoded=True,
    )
    read = observed(
        cookies={"theme", "session"},
        fields={"accept-language", "accept-encoding", "user-agent", "host", "x-tenant", "origin"},
    )
    assert isinstance(decide(read=read, wanted=wanted), Stored)


def test_what_vary_names_may_be_read():
    made = answer(("vary", "Accept-Language, accept-encoding"))
    read = observed(fields={"accept-language", "accept-encoding"})
    assert decide(made=made, read=read) == Stored(60, 300, ("accept-encoding", "accept-language"))


class _Session:
    accessed = False


def test_a_session_tells_itself_whether_it_was_read():
    read = observed()
    session = _Session()
    read.sessions.append(session)
    assert isinstance(decide(read=read), Stored)
    session.accessed = True
    assert decide(read=read) == Refused("the session was read")
    # One that cannot tell was read.
    read.sessions[:] = [object()]
    assert decide(read=read) == Refused("the session was read")


@pytest.mark.parametrize(
    "body",
    [
        b'<input name="csrf_token" value="x">',
        b"<input name='csrfmiddlewaretoken'>",
        b'<meta name="csrf-token" content="x">',
        b'<input type=hidden name="authenticity_token">',
        b'<input name="__RequestVerificationToken">',
    ],
)
def test_a_form_s_token_is_kept_from_others(body):
    assert "token" in decide(made=answer(body=body)).why
    json = answer(fields=(("content-type", "application/json"),), body=body)
    assert isinstance(decide(made=json), Stored)


FOR_ALL = dataclasses.replace(WANTED, everybody=True)


def test_for_everybody_an_answer_made_with_a_session_is_kept():
    request = asked(("cookie", "session=1"))
    assert decide(request, wanted=FOR_ALL) == decide(wanted=FOR_ALL) == Stored(60.0, 300.0)
    assert decide(request) == Refused("the request carries a session")


# Passed by, a session that was looked for was not there: that is as good as in the key.
def test_for_everybody_looking_for_a_session_is_reading_it():
    looked = observed(cookies={"session"})
    assert decide(read=looked) == Stored(60.0, 300.0)
    assert decide(read=looked, wanted=FOR_ALL) == Refused("the cookie 'session' was read")


def test_for_everybody_what_nobody_vouches_for_is_refused():
    looked = observed(unsure={"Sessions"})
    assert decide(read=looked) == Stored(60.0, 300.0)
    why = "what Sessions made of the session cannot be seen"
    assert decide(read=looked, wanted=FOR_ALL) == Refused(why)


@given(
    st.sets(st.sampled_from(["session", "theme", ALL])),
    st.sets(st.sampled_from([SESSION, USER, ADDRESS])),
    st.sets(st.sampled_from(["user-agent", "x-forwarded-for"])),
    st.sampled_from([(), (("set-cookie", "a=1"),), (("vary", "Cookie"),)]),
)
def test_for_everybody_nothing_is_kept_that_was_not_before(seen, personal, read, given_fields):
    noted = observed(cookies=seen, personal=personal, fields=read)
    kept = decide(made=answer(*given_fields), read=noted, wanted=FOR_ALL)
    assert kept == decide(made=answer(*given_fields), read=noted) or isinstance(kept, Refused)


def test_an_answer_of_another_route_is_refused():
    for route in ("/books/new", ""):
        assert "route" in decide(made=answer(route=route)).why


def test_what_was_cut_short_is_refused():
    assert "cut short" in decide(made=answer(whole=False)).why


def test_a_session_that_is_known_only_now_counts():
    assert "session" in decide(request=asked(("cookie", "session=1"))).why


@pytest.mark.parametrize(
    ("said", "ttl", "stale"),
    [
        ("max-age=10", 10, 0),
        ("max-age=600", 60, 0),
        ("max-age=10, stale-while-revalidate=20", 10, 20),
        ("max-age=10, stale-while-revalidate=20, stale-if-error=5", 10, 5),
        ("max-age=10, s-maxage=20", 20, 0),
        ("public", 60, 300),
        ("must-revalidate", 60, 0),
        ("max-age=10, proxy-revalidate, stale-while-revalidate=20", 10, 0),
        ('max-age="10"', 10, 0),
        ("max-age=10, max-age=50", 10, 0),
        ("max-age=99999999999999", 60, 0),
    ],
)
def test_the_configuration_never_lengthens_what_the_application_says(said, ttl, stale):
    assert decide(made=answer(("cache-control", said))) == Stored(ttl, stale)


@given(st.lists(st.tuples(st.sampled_from(["cache-control", "vary", "expires", "x"]), text)))
def test_any_fields_are_decided_and_never_lengthen(given_fields):
    decided = decide(made=answer(*f.lowered(given_fields)))
    if isinstance(decided, Stored):
        assert 0 < decided.ttl <= 60
        assert 0 <= decided.stale <= 300


@given(st.lists(text, max_size=5), st.sampled_from(["private", "no-store", "no-cache"]), text)
def test_a_forbidding_word_is_found_wherever_it_stands(before, word, after):
    # A quote that opens before it may hide it for every reader.
    value = ", ".join([*(part.replace('"', "") for part in before), word, after])
    assert isinstance(decide(made=answer(("cache-control", value))), Refused)


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (asked(method="POST"), "method"),
        (asked(method="PUT"), "method"),
        (asked(has_body=True), "body"),
        (asked(identified=True), "knows"),
        (asked(("authorization", "Bearer x")), "authorization"),
        (asked(("proxy-authorization", "x")), "proxy-authorization"),
        (asked(("x-api-key", "x")), "x-api-key"),
        (asked(("x-shop-user", "7")), "x-shop-user"),
        (asked(("range", "bytes=0-1")), "range"),
        (asked(("upgrade", "websocket")), "upgrade"),
        (asked(("if-match", '"a"')), "if-match"),
        (asked(("cookie", "a=1; session=x")), "session"),
        (asked(("cookie", "__Secure-next-auth.Session-Token=x")), "session"),
        (asked(("cookie", "wordpress_logged_in_1=x")), "session"),
        (asked(("cookie", "connect.sid=x")), "session"),
        (asked(("cookie", "a=1"), ("cookie", "session=x")), "session"),
        (asked(("cookie", "session")), "session"),
        (asked(("cache-control", "no-store")), "no-store"),
        (asked(("host", "other.test")), "host"),
        (asked(("x-tenant", "a" * 2000)), "too long"),
        (asked(query="a" * 5000), "too long"),
        (asked(scheme="ftp"), "scheme"),
        (asked(("x-forwarded-host", "a"), ("x-forwarded-host", "b")), "twice"),
        (asked(("x-tenant", "a"), ("x-auth", "b")), "x-auth"),
        (dataclasses.replace(ASKED, fields=()), "host"),
        (dataclasses.replace(ASKED, fields=(("host", "a b"),)), "host"),
        (dataclasses.replace(ASKED, fields=(("host", "a/../b"),)), "host"),
        (dataclasses.replace(ASKED, fields=(("host", "a@b"),)), "host"),
    ],
)
def test_these_requests_are_the_application_s_own(request_, words):
    assert words in bypass(request_, SESSIONS)


def test_other_requests_are_looked_up():
    assert bypass(ASKED, SESSIONS) == ""
    assert bypass(asked(("cookie", "theme=dark; _ga=1; lang=de; side=left")), SESSIONS) == ""
    assert bypass(asked(("cache-control", "no-cache")), SESSIONS) == ""
    assert bypass(asked(("user-agent", "a"), ("sec-fetch-user", "?1")), SESSIONS) == ""
    assert bypass(dataclasses.replace(ASKED, fields=(("host", "[::1]:80"),)), SESSIONS) == ""


SAYING = st.sampled_from(["cookie", "authorization", "x-auth", "range", "x-tenant", "host"])


# For everybody one reason falls away, and no other: with the cookie gone both say the same.
@given(st.lists(st.tuples(SAYING, st.sampled_from(["session=1", "theme=dark", "a", "a b"]))))
@example([("cookie", "session=1"), ("authorization", "a")])
@example([("authorization", "a"), ("cookie", "session=1")])
def test_for_everybody_a_session_s_cookie_is_no_reason_and_everything_else_is(more):
    all_of_it = asked(*more)
    bare = asked(*(field for field in more if field[0] != "cookie"))
    lifted = bypass(all_of_it, SESSIONS, everybody=True)
    assert lifted == bypass(bare, SESSIONS)
    if not lifted:
        assert bypass(all_of_it, SESSIONS) in {"", SESSION_CARRIED}


@given(st.lists(st.tuples(text, text)))
@example([("cookie", "session")])
@example([("cookie", " ; =; a")])
def test_any_fields_of_a_request_are_read(given_fields):
    fields = f.lowered(given_fields)
    bypass(dataclasses.replace(ASKED, fields=fields), SESSIONS)
    for name, _ in cookies(fields):
        assert ";" not in name
    assert set(f.directives(fields)) == set(f.directives(fields))


@given(text.filter(lambda name: name == name.lower()))
def test_every_field_is_of_one_sort(name):
    assert [names.silent(name), names.watched(name), names.keyed(name)].count(True) == 1


@given(st.integers(0, 4_102_444_799))
def test_a_date_that_is_written_is_read(instant):
    assert read_date(written_date(instant)) == instant


def test_three_forms_of_a_date_are_read():
    for form in (
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ):
        assert read_date(form) == 784111777


@given(text)
@example("Sun, 99 Nov 1994 08:49:37 GMT")
@example("Sun, 06 Xxx 1994 08:49:37 GMT")
def test_what_is_no_date_is_none(said):
    assert read_date(said) is None


@given(st.text(string.digits, max_size=40) | text)
def test_seconds_are_never_negative_and_never_without_bound(said):
    assert 0 <= f.seconds(said) <= 2**31


@pytest.mark.parametrize(
    ("path", "fixed"),
    [
        ("/static/app.3f9a8b1c.js", True),
        ("/static/css/app-3f9a8b1c2d3e.min.css", True),
        ("/static/index-BxT4k9_a.js", True),
        ("/static/app.js.3f9a8b1c.map", True),
        ("/static/app.js", False),
        ("/static/jquery-3.7.1.js", False),
        ("/static/background.js", False),
        ("/static/photo-20240131.jpg", False),
        ("/static/calendar-settings.js", False),
        ("/media/app.3f9a8b1c.js", False),
    ],
)
def test_files_with_a_fingerprint_never_change(path, fixed):
    assert immutable(path, ("/static/",), 200, (HTML,)) is fixed


def test_a_file_that_is_somebody_s_is_not_for_all():
    path = "/static/app.3f9a8b1c.js"
    for field in (("cache-control", "private"), ("set-cookie", "a=1")):
        assert not immutable(path, ("/static/",), 200, (field,))
    assert not immutable(path, ("/static/",), 404, ())
    assert not immutable(path, (), 200, ())
    assert "immutable" in FOREVER


def test_browsers_and_networks_are_told_only_what_is_configured():
    assert told((HTML,), 5, 0, 0) == ()
    assert told((HTML,), 5, 10, 30) == (
        ("cache-control", "private, max-age=15"),
        ("cdn-cache-control", "max-age=35"),
    )
    own = (HTML, ("cache-control", "max-age=1"), ("cdn-cache-control", "max-age=2"))
    assert told(own, 5, 10, 30) == ()
