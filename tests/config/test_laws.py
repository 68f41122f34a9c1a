"""Laws of the configuration: nothing is lost on its way to a worker, nothing wrong gets in."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot import config
from surefoot.errors import ConfigError

DECLARED = tuple(config.keys())
KEYS = {key.name: key for key in DECLARED}
words = st.text(st.characters(codec="utf-8", exclude_characters="\n\0\r"), max_size=20)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)


def values(key: config.Key) -> st.SearchStrategy:
    if key.choices:
        return st.sampled_from(key.choices)
    command = st.lists(words, min_size=1, max_size=3)
    named = {
        "balancer.listen": st.integers(0, 65535).map(lambda port: f"127.0.0.1:{port}"),
        "data.copy": command,
        "data.reset": command,
        "balancer.name": st.sampled_from(["", "X-Tenant", "session_id"]),
        "balancer.trusted_proxies": st.just(["10.0.0.0/8", "::1/128"]),
        "cache.response[].route": st.just("GET /books/<int:book_id>"),
        "health.prefix": st.sampled_from(["", "/", "/-/", "/shop/health/"]),
        "health.check[].name": st.from_regex(r"[a-z][a-z0-9._-]{0,9}", fullmatch=True),
    }
    if key.name in named:
        return named[key.name]
    if key.type is dict:
        return st.dictionaries(words, plain, max_size=4)
    if key.type is tuple:
        return st.lists(words.filter(bool), max_size=3)
    return {
        str: words,
        bool: st.booleans(),
        int: st.integers(int(key.minimum or 0), int(key.maximum or 0)),
        float: st.floats(key.minimum or 0.0, key.maximum or 0.0),
    }[key.type]


@st.composite
def documents(draw):
    tables: dict = {}
    for key in KEYS.values():
        if draw(st.booleans()):
            table, _, leaf = key.name.rpartition(".")
            if table.endswith(".*"):
                name = draw(st.sampled_from(["main", "reports"]))
                inner = tables.setdefault(table.removesuffix(".*"), {}).setdefault(name, {})
            else:
                inner = tables.setdefault(table, {})
            inner[leaf] = draw(values(key))
    if draw(st.booleans()):
        tables.setdefault("cache", {})["response"] = draw(entries("cache.response[]", "route"))
    if draw(st.booleans()):
        tables.setdefault("health", {})["check"] = draw(entries("health.check[]", "name"))
    return tables


def entries(listed, identity):
    return st.lists(entry(listed, identity), max_size=2)


@st.composite
def entry(draw, listed, identity):
    found = {}
    for key in config.listed():
        table, _, leaf = key.name.rpartition(".")
        if table == listed and (leaf == identity or draw(st.booleans())):
            found[leaf] = draw(values(key))
    return found


@given(documents())
def test_what_is_written_as_json_is_read_back_the_same(document):
    read = config.from_mapping(document)
    assert config.from_mapping(json.loads(json.dumps(config.to_mapping(read)))) == read


@given(documents())
def test_a_configuration_cannot_be_changed(document):
    read = config.from_mapping(document)
    with pytest.raises(dataclasses.FrozenInstanceError):
        read.server.threads = 3
    with pytest.raises(TypeError):
        read.app.settings["x"] = 1


@given(st.sampled_from(sorted(KEYS)), plain)
def test_any_value_is_either_taken_or_refused_in_one_line(name, value):
    table, _, leaf = name.replace("*", "main").rpartition(".")
    document: dict = {leaf: value}
    for part in reversed(table.split(".")):
        document = {part: document}
    said = name.replace("*", "main")
    try:
        config.from_mapping(document)
    except ConfigError as error:
        said = error.message
    assert name.replace("*", "main") in said
    assert "\n" not in said


@given(st.dictionaries(words, plain, max_size=3))
def test_tables_nobody_declared_are_refused(document):
    declared = {name.partition(".")[0] for name in KEYS}
    if any(name not in declared for name in document):
        with pytest.raises(ConfigError):
            config.from_mapping(document)
