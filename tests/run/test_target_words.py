"""Targets as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.target import Target, parse_target
from surefoot.errors import TargetError

names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: (
        name not in {"as", "def", "if", "in", "is", "or", "and", "not", "for", "del", "try"}
    )
)
dotted = st.lists(names, min_size=1, max_size=3).map(".".join)
literals = st.none() | st.booleans() | st.integers() | st.text(max_size=8)


@pytest.mark.parametrize(
    ("text", "module", "attribute", "call"),
    [
        ("shop.wsgi:application", "shop.wsgi", "application", False),
        ("shop:create_app()", "shop", "create_app", True),
        ("shop:site.app", "shop", "site.app", False),
        ("shop", "shop", "", False),
        ("shop/app.py:app", "shop.app", "app", False),
        ("./app.py", "app", "", False),
        ("shop/__init__.py:app", "shop", "app", False),
    ],
)
def test_the_known_forms_are_read(text, module, attribute, call):
    target = parse_target(text)
    assert (target.module, target.attribute, target.call) == (module, attribute, call)


def test_a_factory_s_plain_arguments_are_kept():
    target = parse_target("shop:make('live', debug=False)")
    assert target.positional == ("live",)
    assert dict(target.keywords) == {"debug": False}


@pytest.mark.parametrize(
    "text", ["", ":", "shop:", "a b:c", "shop:3", "shop:a+b", "../up.py:a", "1"]
)
def test_what_is_no_target_is_refused_with_the_forms(text):
    with pytest.raises(TargetError, match=r"shop\.wsgi:application"):
        parse_target(text)


def test_a_factory_called_with_code_is_refused():
    with pytest.raises(TargetError, match="no plain value"):
        parse_target("shop:make(open('x'))")


@given(
    st.builds(
        Target,
        dotted,
        dotted,
        st.just(True),
        st.lists(literals, max_size=2).map(tuple),
        st.dictionaries(names, literals, max_size=2),
    )
)
def test_a_target_that_is_written_out_is_read_back_the_same(target):
    assert parse_target(str(target)) == target
