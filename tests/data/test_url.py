"""Database URLs: which database they name, and the same for another."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import DataError
from surefoot.toolbox.data.libpq import parameters, variables
from surefoot.toolbox.data.url import Kind, Url, databases_in, redacted, services_in

HOME = Path("/srv/shop")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("sqlite:///shop.db", Kind.SQLITE),
        ("sqlite+aiosqlite:////data/shop.db", Kind.SQLITE),
        ("shop.db", Kind.SQLITE),
        ("postgresql://shop@db/shop", Kind.POSTGRES),
        ("postgresql+asyncpg://shop@db/shop", Kind.POSTGRES),
        ("postgres://db", Kind.POSTGRES),
        ("mysql+pymysql://shop@db/shop", Kind.OTHER),
    ],
)
def test_the_kind_is_told_by_the_scheme(text, kind):
    assert Url(text).kind is kind


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("sqlite:///shop.db", "/srv/shop/shop.db"),
        ("sqlite:///data/my%20shop.db?timeout=5", "/srv/shop/data/my shop.db"),
        ("sqlite:////data/shop.db", "/data/shop.db"),
        ("sqlite+aiosqlite:///./shop.db", "/srv/shop/shop.db"),
        ("sqlite:///file:shop.db?mode=ro&uri=true", "/srv/shop/shop.db"),
        ("data/shop.db", "/srv/shop/data/shop.db"),
        ("/data/shop.db", "/data/shop.db"),
    ],
)
def test_a_file_starts_at_the_application_s_directory(text, file):
    assert str(Url(text).file(HOME)) == file
    assert not Url(text).in_memory


@pytest.mark.parametrize(
    "text", ["sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true", ":memory:"]
)
def test_a_database_in_memory_is_known(text):
    assert Url(text).in_memory


paths = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12).map(
    lambda name: Path("/tmp/copies") / name.replace("/", "-").replace("..", "--")
)


@given(paths, st.sampled_from(["sqlite:///a.db", "sqlite+aiosqlite:////b.db?timeout=5", "c.db"]))
def test_a_copy_s_url_leads_to_the_copy_and_keeps_the_rest(path, text):
    url = Url(text).for_file(path)
    assert url.file(HOME) == path
    assert (url.scheme, url.query) == (Url(text).scheme, Url(text).query)


@given(
    st.sampled_from(
        [
            "postgresql://db/shop",
            "postgresql+psycopg://u:p%40w@[::1]:5433/my%20shop?sslmode=require#x",
            "postgres://u@/shop?host=/run/pg",
            "postgresql://a:1,b:2?target_session_attrs=any",
            "postgresql://db?dbname=shop&connect_timeout=3",
        ]
    ),
    st.from_regex(r"[a-z_0-9]{1,20}", fullmatch=True),
)
def test_another_database_s_url_differs_in_nothing_else(text, name):
    before, after = parameters(Url(text)), parameters(Url(text).for_database(name))
    assert after == {**before, "dbname": name}
    assert Url(text).for_database(name).place == Url(text).place


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "postgresql://shop:p@ss%21@db.internal:5433/my%20shop?ssl=require&prepare=1",
            {
                "user": "shop",
                "password": "p@ss!",
                "host": "db.internal",
                "port": "5433",
                "dbname": "my shop",
                "sslmode": "require",
            },
        ),
        ("postgres://", {}),
        (
            "postgresql://[::1]:5433,db2/shop",
            {"host": "::1,db2", "port": "5433,", "dbname": "shop"},
        ),
        (
            "postgresql://u@/shop?host=%2Frun%2Fpg",
            {"user": "u", "host": "/run/pg", "dbname": "shop"},
        ),
        ("postgresql://%2Frun%2Fpg/shop", {"host": "/run/pg", "dbname": "shop"}),
    ],
)
def test_what_the_library_needs_is_read_as_the_drivers_read_it(text, told):
    assert parameters(Url(text)) == told
    assert variables(told).get("PGPASSWORD") == told.get("password")


@pytest.mark.parametrize("place", ["shop:hunter2@db:port", "shop:hunter2@db:1:2", "s:hunter2@[::1"])
def test_what_cannot_be_read_is_not_repeated(place):
    with pytest.raises(DataError, match="host or port") as error:
        parameters(Url(f"postgresql://{place}/shop"))
    assert "hunter2" not in str(error.value)


def test_a_url_shows_nothing_and_is_taken_out_of_other_texts():
    text = "postgresql://shop:p%40ss@db/shop"
    assert "ss" not in repr(Url(text))
    said = f"cannot use {text} (password p@ss or p%40ss)"
    assert redacted(said, text) == "cannot use ... (password ... or ...)"
    assert redacted("nothing", "", "postgresql://db") == "nothing"


def test_variables_that_look_like_databases_are_found_by_their_values():
    environment = {
        "HOME": "/root",
        "DATABASE_URL": "postgres://db/shop",
        "OTHER": "mysql+pymysql://db/x",
        "REDIS_URL": "redis://cache/0",
        "PAGE": "https://example.org",
    }
    assert list(databases_in(environment)) == ["DATABASE_URL", "OTHER"]
    assert list(services_in(environment)) == ["REDIS_URL"]
