"""Access logs: every line is read or counted, the mix is kept, what cannot be sent is listed."""

import gzip
import json
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import WorkloadError
from surefoot.toolbox.target import Route
from surefoot.toolbox.workloads import access_log
from surefoot.toolbox.workloads.access_log import Tally, from_log
from surefoot.toolbox.workloads.log_line import parse_line

AT = datetime(2026, 11, 21, 20, 0, 0, tzinfo=UTC).timestamp()
STAMP = "[21/Nov/2026:20:00:00 +0000]"


def line(target="/", status=200, method="GET", second=0, client="10.0.0.1", user="-"):
    clock = f"21/Nov/2026:20:{second // 60:02}:{second % 60:02} +0000"
    return f'{client} - {user} [{clock}] "{method} {target} HTTP/1.1" {status} 512 "-" "agent/1"'


LINES = {
    "common": f'10.0.0.1 - - {STAMP} "GET /books/7?page=2 HTTP/1.1" 200 512',
    "combined": f'10.0.0.1 - - {STAMP} "GET /books/7?page=2 HTTP/1.1" 200 5 "http://x/" "a\\"b"',
    "with a time at the end": f'::1 - - {STAMP} "GET /books/7?page=2 HTTP/2.0" 200 - "-" "a" 0.003',
    "with the host first": f'shop:80 10.0.0.1 - - {STAMP} "GET /books/7?page=2 HTTP/1.1" 200 5',
    "absolute": f'10.0.0.1 - - {STAMP} "GET http://shop/books/7?page=2 HTTP/1.1" 200 5',
    "another zone": '::1 - - [21/Nov/2026:21:30:00 +0130] "GET /books/7?page=2 HTTP/1.1" 200 5',
    "nginx JSON": json.dumps(
        {
            "time_iso8601": "2026-11-21T20:00:00+00:00",
            "remote_addr": "10.0.0.1",
            "request": "GET /books/7?page=2 HTTP/1.1",
            "status": "200",
        }
    ),
    "split JSON": json.dumps(
        {"ts": AT, "method": "GET", "path": "/books/7", "query": "page=2", "status": 200}
    ),
    "Caddy": json.dumps(
        {
            "ts": AT,
            "request": {"method": "GET", "uri": "/books/7?page=2", "remote_ip": "10.0.0.1"},
            "status": 200,
        }
    ),
    "Traefik": json.dumps(
        {
            "StartUTC": "2026-11-21T20:00:00Z",
            "RequestMethod": "GET",
            "RequestPath": "/books/7?page=2",
            "DownstreamStatus": 200,
        }
    ),
    "milliseconds": json.dumps(
        {"timestamp": AT * 1000, "verb": "GET", "url": "/books/7?page=2", "status_code": 200}
    ),
}


@pytest.mark.parametrize("text", LINES.values(), ids=LINES.keys())
def test_each_format_says_the_same(text):
    seen = parse_line(text)
    assert (seen.method, seen.target, seen.status, seen.at) == ("GET", "/books/7?page=2", 200, AT)


def test_escapes_become_what_was_sent():
    nginx = parse_line(f'1.1.1.1 - - {STAMP} "GET /s?q=\\xC3\\xA4\\x22b HTTP/1.1" 200 5')
    apache = parse_line(f'1.1.1.1 - - {STAMP} "GET /s?q=\\"a b HTTP/1.1" 200 5')
    assert nginx.target == "/s?q=%C3%A4%22b"
    assert apache.target == '/s?q="a%20b'


@pytest.mark.parametrize(
    "moment", ["Infinity", "NaN", "1e400", "-5", "0", '"soon"', "true", "null"]
)
def test_a_moment_that_is_none_makes_no_line(moment):
    assert parse_line(f'{{"ts": {moment}, "method": "GET", "path": "/", "status": 200}}') is None


@given(st.text(max_size=300))
def test_any_line_is_read_or_is_none(text):
    seen = parse_line(text)
    assert seen is None or (seen.target.startswith("/") and 100 <= seen.status < 600)


@given(
    st.dictionaries(
        st.sampled_from(["ts", "time", "request", "method", "uri", "status", "x"]),
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20)
        | st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
    )
)  # fmt: skip
def test_any_json_is_read_or_is_none(document):
    seen = parse_line(json.dumps(document))
    assert seen is None or seen.target.startswith("/")


@given(st.lists(st.text(max_size=80) | st.sampled_from(sorted(LINES.values())), max_size=20))
def test_any_log_is_a_draft_that_can_be_read_or_a_plain_error(lines):
    from surefoot.toolbox.load import parse_workload

    refused = False
    try:
        draft = from_log(lines, "a.log")
    except WorkloadError:
        refused = True
    assert refused or parse_workload(draft.document(), "draft").requests


def test_rate_and_mix_are_those_of_the_log(read):
    lines = [line("/", second=n // 5) for n in range(100)]
    lines += [line(f"/books/{n}", second=n % 20) for n in range(1, 301)]
    draft = from_log(lines, "a.log")
    assert draft.rate == 400 / 20
    shares = read(draft).shares
    assert shares == {"GET /books/{1..300}": 0.75, "GET /": 0.25}


def test_what_is_popular_stays_popular(read):
    lines = [line("/books/7")] * 80 + [line(f"/books/{n}") for n in range(100, 120)]
    workload = read(from_log(lines, "a.log"))
    drawn = [row["books"] for row in workload.data["books"]]
    assert workload.requests == ("GET /books/{books}",)
    assert drawn.count("7") == 80
    assert len(drawn) == 100


def test_values_of_one_request_stay_together(read):
    rows = [("red", "1"), ("blue", "2"), ("green", "1")] * 5
    workload = read(from_log([line(f"/s?colour={c}&size={s}") for c, s in rows], "a.log"))
    (table,) = workload.data.values()
    assert {tuple(row.values()) for row in table} == set(rows)


def test_routes_say_what_is_one_page(read):
    routes = (
        Route("GET", "/books/<int:book_id>", (("book_id", "int"),), "book"),
        Route("GET", "/books/new", (), "new"),
        Route("GET", "/pages/<path:name>", (("name", "path"),), "page"),
    )
    lines = [line("/books/new"), line("/books/7"), line("/pages/a/b"), line("/pages/c%20d")]
    draft = from_log([*lines, line("/else"), line("/else")], "a.log", routes)
    assert set(read(draft).requests) == {"GET /books/new", "GET /books/7", "GET /pages/{name}"}
    assert draft.data["name"] == ["a/b", "c d"]
    assert [(left.what, left.count) for left in draft.left_out] == [("/else", 2)]


def test_many_words_in_one_place_are_values(read):
    lines = [line(f"/tag/word{chr(97 + n)}/feed") for n in range(26)]
    lines += [line(f"/{page}") for page in ("about", "contact", "terms")]
    requests = read(from_log(lines, "a.log")).requests
    assert "GET /tag/{tag}/feed" in requests
    assert {"GET /about", "GET /contact", "GET /terms"} < set(requests)


def test_what_cannot_be_sent_again_is_listed_with_counts():
    lines = [line()] + [line("/orders", 201, "POST")] * 3 + [line("/x", 404)] * 2
    lines += [line("/me", 401), line("/books/1", 304)]
    draft = from_log(lines, "a.log")
    assert [(left.what, left.count) for left in draft.left_out] == [
        ("POST /orders", 3),
        ("answered 404", 2),
        ("answered 401", 1),
    ]
    assert any("304" in note for note in draft.notes)


def test_redirects_that_were_seen_are_expected(read):
    draft = from_log([line("/old", 301), line("/both", 302), line("/both", 304)], "a.log")
    expected = {request.name: request.expect for request in read(draft).distinct}
    assert expected == {"GET /old": {301}, "GET /both": {200, 302}}


def test_secrets_are_not_in_the_file(read):
    from surefoot.toolbox.workloads.toml import to_toml

    secret = "aB3dE6gH9jK2mN5pQ8sT1vW4"
    left = [line(f"/gone/{secret}", 404), line(f"/set/{secret}", 201, "POST")]
    left += [f"token={secret} is no line"]
    same = [line("/feed?api_key=k3yk3yk3y&n=1"), line("/feed?api_key=k3yk3yk3y&n=2")]
    other = [line(f"/verify?token={n}aaaa") for n in range(4)]
    draft = from_log([*left, *same, *other, line(f"/reset/{secret}")], "a.log")
    text = to_toml(draft)
    assert "api_key={env.API_KEY}" in text
    assert [needed.name for needed in draft.needed] == ["API_KEY", "RESET"]
    assert not any(word in text for word in ("k3yk3y", "aaaa", secret))
    assert "POST /set/..." in text
    assert ("GET /verify", 4) in [(left.what, left.count) for left in draft.left_out]
    assert read(draft).requests


def test_one_host_is_kept(read):
    lines = [
        f'{host} 10.0.0.1 - - {STAMP} "GET /{host[:4]} HTTP/1.1" 200 5'
        for host in ("shop", "shop:443", "blog:80")
    ]
    assert read(from_log(lines, "a.log")).requests == ("GET /shop",)
    draft = from_log(lines, "a.log", host="blog")
    assert read(draft).requests == ("GET /blog",)
    assert [(left.what, left.count) for left in draft.left_out] == [("shop", 2)]


def test_a_long_log_is_sampled_evenly_and_counted_whole(monkeypatch):
    monkeypatch.setattr(access_log, "_KEPT", 1000)
    tally = Tally()
    for number in range(20_000):
        tally.add(line("/a" if number < 15_000 else "/b"))
    assert (tally.requests, len(tally.sample), tally.scale) == (20_000, 1000, 20)
    share = sum(seen.target == "/a" for seen in tally.sample) / 1000
    assert 0.68 < share < 0.82


def test_lines_that_cannot_be_read_are_counted():
    draft = from_log([line(), "garbage here", "", "more garbage"], "a.log")
    assert "2 lines could not be read, the first of them line 2." in draft.notes
    with pytest.raises(WorkloadError, match="none of 1 lines is one of an access log"):
        from_log(["garbage"], "a.log")


def test_a_packed_log_and_standard_input_are_read(tmp_path, surefoot):
    packed = tmp_path / "access.log.1.gz"
    packed.write_bytes(gzip.compress("\n".join([line("/a")] * 3 + ["\xff\xfe"]).encode("latin-1")))
    run = surefoot("workload", "--from", str(packed))
    assert run.code == 0, run.err
    assert 'path = "/a"\nweight = 3' in run.out
    broken = tmp_path / "broken.gz"
    broken.write_bytes(packed.read_bytes()[:-9])
    run = surefoot("workload", "--from", str(broken))
    assert run.code == 2
    assert "broken.gz cannot be read" in run.err


def test_ten_thousand_lines_of_a_bookshop_are_answered_as_logged(bookshop, tmp_path):
    draw = random.Random(5)
    pages = [
        (lambda: f"/books/{draw.randint(1, 20000)}", 50),
        (lambda: f"/books/{draw.randint(1, 20000)}/price", 30),
        (lambda: f"/books?page={draw.randint(1, 500)}", 15),
        (lambda: f"/search?q={draw.choice(['silent', 'amber'])}+river", 5),
    ]
    made = draw.choices([make for make, _ in pages], [weight for _, weight in pages], k=10_000)
    log = tmp_path / "access.log"
    log.write_text("\n".join(line(make(), second=n // 100) for n, make in enumerate(made)))
    workload, said, result = bookshop("flask", "--from", str(log))
    assert "10,000 requests in 100s: 100/s" in said
    shares = sorted(workload.shares.values())
    assert shares == pytest.approx([0.05, 0.15, 0.3, 0.5], abs=0.02)
    assert result.errors == {}
    assert result.completed >= 2 * len(workload.requests)
