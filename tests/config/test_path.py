"""Dotted names lead to what they name, through tables of tables and lists of tables."""

from hypothesis import given
from hypothesis import strategies as st

from surefoot import config
from surefoot.config.path import Entry, entry_name, find, leaves, put, split

ROUTE = "GET /v1.0/[a]/<int:book_id>"
TTL = f"cache.response[{ROUTE}].ttl"
NAMES = st.text("abc", min_size=1, max_size=3)
ROUTES = st.text("ab./[]<>: ", min_size=1, max_size=8)


def test_a_name_is_split_at_its_dots_and_a_table_of_a_list_is_one_part():
    assert split("database.main.pool_size") == ["database", "main", "pool_size"]
    assert split(TTL) == ["cache", "response", Entry("route", ROUTE), "ttl"]
    assert split("cache.url") == ["cache", "url"]


@given(ROUTES, NAMES, st.integers())
def test_what_was_put_is_found_and_is_a_leaf_of_that_name(route, leaf, value):
    tables = {"server": {"threads": 4}}
    name = entry_name("cache.response", route, leaf)
    put(tables, name, value)
    assert find(tables, name) == value
    assert dict(leaves(tables)) == {
        "server.threads": 4,
        entry_name("cache.response", route, "route"): route,
        name: value,
    }


@given(st.lists(ROUTES, unique=True, max_size=5), st.randoms())
def test_tables_of_a_list_come_and_go_one_by_one(routes, random):
    tables = {"cache": {"response": []}}
    for route in routes:
        put(tables, entry_name("cache.response", route, "route"), route)
        put(tables, entry_name("cache.response", route, "ttl"), route + "!")
    assert tables["cache"]["response"] == [{"route": r, "ttl": r + "!"} for r in routes]
    random.shuffle(routes)
    while routes:
        put(tables, entry_name("cache.response", routes.pop(), "route"), None)
        assert {each["route"] for each in tables["cache"]["response"]} == set(routes)


def test_what_is_not_there_is_none_and_taking_it_out_changes_nothing():
    tables = {"cache": {"response": [{"route": "GET /"}]}}
    for name in (TTL, "server.threads", "cache.url", "cache.response[GET /].ttl"):
        assert find(tables, name) is None
        put(tables, name, None)
    assert tables == {"cache": {"response": [{"route": "GET /"}]}}


def test_a_flag_changes_one_route_and_leaves_the_others(tmp_path):
    (tmp_path / "surefoot.toml").write_text(
        "[[cache.response]]\nroute = 'GET /a'\nttl = '5s'\nstale = '7s'\n"
        "[[cache.response]]\nroute = 'GET /b'\n"
    )
    flags = {"cache.response[GET /a].ttl": "9s", TTL: "2s"}
    found = config.load(tmp_path, environ={}, flags=flags)
    entries = [(each.route, each.ttl, each.stale) for each in found.config.cache.response]
    assert entries == [("GET /a", 9.0, 7.0), ("GET /b", 60.0, 0.0), (ROUTE, 2.0, 0.0)]
    assert found.sources["cache.response[GET /a].ttl"] == "flag"
    assert found.sources["cache.response[GET /a].stale"] == "surefoot.toml"
