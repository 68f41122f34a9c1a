"""What is said of answers that differ, and of those that cannot be compared."""

import itertools
import json
import uuid
from dataclasses import replace

import pytest

from surefoot.core.proof import Difference
from surefoot.toolbox.answers import Variation, compare, learn
from surefoot.toolbox.answers.headers import kept_headers
from surefoot.toolbox.answers.pattern import describe
from surefoot.toolbox.load import Answered


def answered(at, document=None, *headers, status=200, name="page", **more):
    kinds = () if document is None else (("content-type", "application/json"),)
    body = b"" if document is None else json.dumps(document).encode()
    headers = (*kinds, *headers)
    return Answered((at, 0), name, f"GET /{at}", "", 0, status, headers, body, **more)


def series(documents, **more):
    return [answered(at, document, **more) for at, document in enumerate(documents)]


def found(one, other, *, learnt=None):
    """The differences of two answers, nothing having been seen to vary."""
    return compare(learnt or Variation(), [one], [other])


def test_a_counter_that_started_elsewhere_is_only_noted():
    counts = [series([{"n": n + ahead} for n in range(8)]) for ahead in (0, 0, 3)]
    answers = compare(learn(*counts[:2]), counts[0], counts[2])
    assert answers.differing == 0
    assert answers.notes == ("page: a counter that is always 3 ahead",)


@pytest.mark.parametrize("wrong", [[3, 4, 6, 7, 8, 9], [3, 4, 4, 6, 7, 8], [3, 4, 5, 6, 7, 0]])
def test_a_counter_that_counts_wrongly_is_a_difference(wrong):
    base = series([{"n": n} for n in range(6)])
    assert compare(learn(base, base), base, series([{"n": n} for n in wrong])).differing > 0


def test_a_price_that_is_always_one_more_is_no_counter():
    base, wrong = (series([{"n": n}] * 8) for n in (7, 8))
    assert compare(learn(base, base), base, wrong).differing == 8


@pytest.mark.parametrize(
    ("header", "base", "variant"),
    [
        ("location", "/done", "/elsewhere"),
        ("content-language", "en", "de"),
        ("cache-control", "no-store", "public"),
        ("vary", "Cookie", ""),
        ("set-cookie", "id=1; Path=/; HttpOnly", "id=1; Path=/"),
        ("set-cookie", "id=1; Max-Age=60", "id=1; Max-Age=61"),
        ("set-cookie", "id=1", "id="),
        ("etag", '"one"', '"two"'),
        ("x-total-count", "17", "18"),
    ],
)
def test_a_header_that_a_client_can_tell_apart_is_a_difference(header, base, variant):
    (example,) = found(answered(0, {}, (header, base)), answered(0, {}, (header, variant))).examples
    assert example.what == f"header {header}"
    assert example.base != example.variant


@pytest.mark.parametrize(
    ("base", "variant"),
    [
        ([("date", "now"), ("server", "gunicorn")], [("date", "later"), ("server", "uvicorn")]),
        ([("set-cookie", "id=1; Path=/")], [("set-cookie", "id=2; path=/")]),
        ([("set-cookie", "id=1; expires=Mon")], [("set-cookie", "id=2; Expires=Tue")]),
        ([("cache-control", "public, max-age=1")], [("cache-control", "max-age=1,public")]),
        ([], [("vary", "Accept-Encoding"), ("content-encoding", "gzip")]),
        ([("vary", "Cookie")], [("vary", "Accept-Encoding, cookie")]),
        ([("etag", '"one"')], [("etag", 'W/"one-gzip"'), ("content-encoding", "gzip")]),
        ([("content-length", "1")], [("transfer-encoding", "chunked")]),
        ([("x-a", "1"), ("x-b", "2")], [("x-b", "2"), ("x-a", "1")]),
    ],
)
def test_a_header_that_says_the_same_in_other_words_is_none(base, variant):
    assert found(answered(0, {}, *base), answered(0, {}, *variant)).differing == 0


def test_the_type_is_compared_without_regard_to_how_it_is_written():
    one, other = "text/html; charset=utf-8", "Text/HTML;charset=UTF-8"
    assert kept_headers((("content-type", one),)) == kept_headers((("content-type", other),))


def test_secrets_are_never_shown():
    secret, other = "s3cr3ts3cr3t", "0th3r0th3r0th3r"
    pairs = [
        ({"token": secret}, {"token": other}),
        ({"csrf_token": secret}, {"csrf_token": None}),
        ({"text": f"password={secret}"}, {"text": f"password={other}"}),
    ]
    for base, variant in pairs:
        answers = found(answered(0, base), answered(0, variant))
        assert answers.differing == 1
        assert secret not in repr(answers.examples)
        assert other not in repr(answers.examples)
    one = answered(0, {}, ("location", f"/in?token={secret}"))
    answers = found(replace(one, request=f"GET /x?session_token={secret}"), answered(0, {}))
    assert secret not in repr(answers)
    cookie = answered(0, {}, ("set-cookie", f"id={secret}; Secure"))
    assert secret not in repr(found(cookie, answered(0, {}, ("set-cookie", f"id={other}"))))


def test_long_values_are_cut_round_what_differs():
    text = "a" * 5000
    base, variant = {"text": text + "b" + text}, {"text": text + "c" + text}
    (example,) = found(answered(0, base), answered(0, variant)).examples
    assert example.where == "/text"
    assert len(example.base) == len(example.variant) <= 210
    assert ("b" in example.base, "c" in example.variant) == (True, True)


def test_at_most_ten_examples_of_as_many_kinds_as_there_are():
    base = [{f"key{n}": 1 for n in range(4)} | {"n": at} for at in range(20)]
    wrong = [document | {f"key{at % 4}": 2} for at, document in enumerate(base)]
    answers = compare(Variation(), series(base), series(wrong))
    assert answers.differing == 20
    assert len(answers.examples) == 10
    assert {each.where for each in answers.examples} == {f"/key{n}" for n in range(4)}


def test_an_answer_that_never_came_is_a_difference_unless_the_base_gave_none_either():
    fine = answered(0, {})
    broken = answered(0, status=0, error="connection closed")
    assert found(fine, broken).examples == (
        Difference("GET /0", "status", "", "200", "connection closed"),
    )
    answers = found(broken, fine)
    assert (answers.compared, answers.differing) == (0, 0)
    assert answers.notes == ("page: the base itself gave no answer once; not compared",)


def test_what_was_asked_of_only_one_is_said():
    base = series([{}] * 5)
    answers = compare(Variation(), base, [*base[:2], *base[3:]])
    assert (answers.compared, answers.differing) == (4, 0)
    assert answers.notes == ("1 of 5 requests were sent to only one of the two: not compared",)
    assert compare(Variation(), base, base[:3]).notes == ()


def test_what_cannot_be_unpacked_is_said():
    answers = found(answered(0, {}), answered(0, {}, packed=True))
    assert (answers.compared, answers.differing) == (0, 0)
    assert answers.notes == ("page: packed in a way not known here once; not compared",)


def test_bytes_are_compared_as_they_are():
    one = Answered((0, 0), "page", "GET /", "", 0, 200, (("content-type", "image/png"),), b"\xff1")
    (example,) = found(one, replace(one, body=b"\xff2")).examples
    assert (example.what, example.base[:8]) == ("body", "2 bytes,")
    shape = learn([one], [replace(one, body=b"\xff2")]).shape("page")
    assert shape.whole


def test_a_status_that_the_base_itself_gives_by_turns_is_no_difference():
    ways = [[200, 503, 200, 200], [200, 200, 503, 200], [503, 200, 200, 200]]
    first, second, third = (
        [answered(at, {}, status=status) for at, status in enumerate(way)] for way in ways
    )
    variation = learn(first, second)
    assert compare(variation, first, third).differing == 0
    third[3] = answered(3, {}, status=404)
    assert compare(variation, first, third).differing == 1


def test_a_document_with_numbers_written_otherwise_differs():
    one = replace(answered(0, {}), body=b'{"price": 1.0}')
    assert found(one, replace(one, body=b'{"price": 1.00}')).differing == 1
    assert found(one, replace(one, body=b'{ "price" : 1.0 }')).differing == 0


def test_what_is_no_json_but_says_so_is_compared_as_text():
    one = replace(answered(0, {}), body=b"{oops 1}")
    (example,) = found(one, replace(one, body=b"{oops 2}")).examples
    assert (example.what, example.where) == ("body", "line 1")


def test_documents_nested_deeply_are_compared_too():
    one = replace(answered(0, {}), body=b"[" * 5000 + b"1" + b"]" * 5000)
    other = replace(one, body=one.body.replace(b"1", b"2"))
    assert found(one, one).differing == 0
    assert found(one, other).differing == 1
    assert learn([one], [one]).digest("page", 200, (), one.body)


def test_keys_that_are_others_each_time_hide_nothing_else():
    def documents():
        return [{"by": {uuid.uuid4().hex: {"n": n}, "all": n}, "n": n} for n in range(9)]

    first, second, third = documents(), documents(), documents()
    variation = learn(series(first), series(second))
    assert compare(variation, series(first), series(third)).differing == 0
    for path in (["n"], ["by", "all"], ["by", next(key for key in third[5]["by"]), "n"]):
        wrong = json.loads(json.dumps(third))
        place = wrong[5]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = 99
        assert compare(variation, series(first), series(wrong)).differing == 1, path


def test_a_value_that_is_missing_at_times_may_be_but_not_be_something_else():
    present = [True, False, True, True, False, True, False, True]
    first, second, third = (
        [{"n": n} | ({"hint": f"{n:016x}{side:016x}"} if there else {}) for n, there in row]
        for side, row in enumerate(
            [enumerate(present), enumerate(present[::-1]), enumerate(present[2:] + present[:2])]
        )
    )
    variation = learn(series(first), series(second))
    assert compare(variation, series(first), series(third)).differing == 0
    third[0]["hint"] = 7
    assert compare(variation, series(first), series(third)).differing == 1


def test_a_token_that_comes_twice_is_a_difference_and_a_short_number_that_does_is_none():
    def documents(tokens, numbers):
        return [{"id": t, "dice": d} for t, d in zip(tokens, numbers, strict=True)]

    tokens = [[uuid.uuid4().hex for _ in range(20)] for _ in range(3)]
    dice = [[(7919 * n + 31 * side) % 997 for n in range(20)] for side in range(3)]
    first, second, third = (documents(*each) for each in zip(tokens, dice, strict=True))
    variation = learn(series(first), series(second))
    third[4]["dice"] = third[9]["dice"]
    assert compare(variation, series(first), series(third)).differing == 0
    third[4]["id"] = third[9]["id"]
    (example,) = compare(variation, series(first), series(third)).examples
    assert (example.what, example.where) == ("behaviour", "/id")
    assert example.variant == "the same one in 2 of 20 answers"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"17", "-4"}, "a whole number"),
        ({"1.5", "2e-05"}, "a number"),
        ({str(uuid.UUID(int=5)), str(uuid.UUID(int=7))}, "a UUID"),
        ({"0" * 32, "f" * 32}, "32 hex digits"),
        ({"2026-11-21T10:00:00Z", "2026-11-21T10:00:01.5Z"}, "a time"),
        ({"10:00", "11:30:05"}, "a time"),
        ({"Sat, 21 Nov 2026 10:51:00 GMT", "Sat, 21 Nov 2026 10:51:01 GMT"}, "a time"),
        ({"/orders/17/receipt", "/orders/4/receipt"}, "/orders/(a whole number)/receipt"),
        ({"AbCd-123_AbCd-123", "xYz0-999_xYz0-99a"}, "17 URL-safe characters"),
        ({"red", "dark green"}, "a text"),
    ],
)
def test_a_format_is_as_narrow_as_its_values_allow(values, words):
    pattern = describe(values)
    assert pattern.words == words
    assert all(pattern.fits(value) for value in values)


def test_a_format_fits_what_it_was_made_from_in_any_order():
    values = ["", "a", "a-b", "a/b", "1", "1.5", "\n", "f" * 16, "é", "a b"]
    for some in itertools.combinations(values, 3):
        assert all(describe(set(some)).fits(value) for value in some)


def signed(seconds, *, user="", every=1.0):
    """A token as frameworks sign it: it holds the time in whole seconds."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, f"{user} {seconds // every}").hex + "-_"


def pages(whens, users=1):
    out = []
    for at, when in enumerate(whens):
        user = f"user {at % users}"
        document = {"form": signed(when, user=user)}
        out.append(replace(answered(at, document), who=user, ended=when))
    return out


@pytest.mark.parametrize("users", [1, 2, 4])
def test_a_token_with_the_time_in_it_may_come_twice_where_the_variant_is_faster(users):
    slow, again = (
        pages([1.3 * n for n in range(30)], users),
        pages([1.7 * n for n in range(30)], users),
    )
    fast = pages([0.1 * n for n in range(30)], users)
    variation = learn(slow, again)
    assert variation.shape("page").json.varying
    assert compare(variation, slow, fast).differing == 0


def test_a_token_with_the_time_in_it_may_change_within_a_session_where_the_variant_is_slower():
    def sessions(pace):
        whens = [n // 2 * 1.0 + 0.5 + n % 2 * pace for n in range(40)]
        found = pages(whens)
        return [replace(each, who=f"session {n // 2}") for n, each in enumerate(found)]

    first, second = sessions(0.01), sessions(0.02)
    second = [replace(each, body=each.body.replace(b"a", b"b")) for each in second]
    variation = learn(first, second)
    (held,) = variation.traits.values()
    assert held.personal
    assert compare(variation, first, sessions(0.6)).differing == 0


def test_a_clock_may_stand_still_while_a_fast_variant_answers_everything():
    def clock(pace):
        return [
            replace(answered(n, {"at": f"2026-11-21T10:00:{int(n * pace):02}"}), ended=n * pace)
            for n in range(20)
        ]

    slow, again, fast = clock(1.0), clock(1.1), clock(0.04)
    variation = learn(slow, again)
    assert compare(variation, slow, fast).differing == 0
    stuck = [replace(each, ended=n * 1.0) for n, each in enumerate(fast)]
    (example,) = compare(variation, slow, stuck).examples
    assert (example.what, example.base) == ("behaviour", "tells the time")
