"""Whose a slot is, by its key."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.cache.names import Names
from surefoot.core.cache.family import NAME, RESPONSES, beginnings, family, is_tag
from surefoot.core.http_cache.asked import Asked
from surefoot.core.http_cache.key import primary, secondary, target

names = st.from_regex(NAME, fullmatch=True)


@given(names, st.text())
def test_slots_of_a_cache_are_its_own(name, text):
    slots = Names(name)
    for key, tag in ((slots.slot(text), False), (slots.tag(text), True)):
        assert family(key) == name
        assert is_tag(key) is tag
        assert key.startswith(beginnings(name)[tag])


def test_answers_are_of_no_cache_s_name():
    asked = Asked(
        method="GET", scheme="http", path="/books", raw="/books", query="",
        fields=(("host", "shop.test"),), has_body=False, identified=False,
    )  # fmt: skip
    main = primary(asked, "/books")
    varied = secondary(main, b"12345678", asked, ("accept-language",))
    assert [family(key) for key in (main, varied, target(asked))] == [RESPONSES] * 3
    assert [is_tag(key) for key in (main, varied, target(asked))] == [False, False, True]
    assert all(key.startswith(beginnings(RESPONSES)) for key in (main, varied, target(asked)))


@pytest.mark.parametrize(
    "key",
    [
        "", "books", "books:7", ":=k", "-a:=k", "a b:=k", "x" * 65 + ":=k", ":1:books", "books:~1",
        "responses:7", "(responses):7", "(response):=7", "(responses)", "r:" + "a" * 40,
        hashlib.sha256(b"").hexdigest(),
    ],
)  # fmt: skip
def test_keys_of_others_are_nobody_s(key):
    assert family(key) == ""
