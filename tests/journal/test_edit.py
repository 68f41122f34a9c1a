"""Keys are changed in the file that people wrote, and nothing else of it is."""

import os
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot import config
from surefoot.config.document import commented_file
from surefoot.errors import ConfigError
from surefoot.toolbox.edit import edited, file_values, set_keys

WRITTEN = """\
# Our shop.
app.target = "shop:app"   # dotted
workload = { file = "w.toml" }  # inline

[server]   # of the workers
threads = 4        # measured in spring

# replicas = 1
keep_alive = "75s"

[database.main]
pool_size = 5
[database."two words"]
# pool_size = 7
"""
POSSIBLE = {
    "server.threads": st.integers(1, 64),
    "server.replicas": st.integers(1, 8),
    "server.keep_alive": st.sampled_from(["5s", "1m", 3.5]),
    "slo.latency": st.sampled_from(["100ms", 0.3]),
    "slo.errors": st.floats(0, 0.5),
    "data.disposable": st.booleans(),
    "database.main.pool_size": st.integers(0, 99),
    "database.reports.pool_size": st.integers(0, 99),
    "workload.file": st.text(st.characters(exclude_characters="\n\r\0", codec="utf-8")),
}
wanted = st.fixed_dictionaries(
    {}, optional={key: values | st.none() for key, values in POSSIBLE.items()}
)
texts = st.sampled_from([WRITTEN, "", commented_file({"app.target": "a:b"}), "[server]\n"])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "surefoot.toml"


def comments(text):
    return [
        line.partition("#")[2] for line in text.splitlines() if "#" in line and '"#' not in line
    ]


def removes(line, values):
    """Whether the line holds a key that is to go, of which there is one in the text."""
    gone = [key.rpartition(".")[2] for key, value in values.items() if value is None]
    return any(line.startswith(f"{key} = ") for key in gone)


@given(texts, wanted)
def test_what_was_asked_for_is_set_and_nothing_else_changes(text, values):
    from pathlib import Path

    result = edited(text, values, Path("surefoot.toml"))
    before, after = leaves(text), leaves(result)
    changed = {key: value for key, value in values.items() if value is not None}
    assert after == {k: v for k, v in before.items() if k not in values} | changed
    kept = [line for line in text.splitlines() if not removes(line, values)]
    assert comments(result)[: len(comments("\n".join(kept)))] == comments("\n".join(kept))
    config.from_mapping(tomllib.loads(result))


@given(texts, wanted)
def test_setting_back_what_was_there_gives_the_same_values(text, values):
    from pathlib import Path

    before = leaves(text)
    result = edited(text, values, Path("surefoot.toml"))
    back = edited(result, {key: before.get(key) for key in values}, Path("surefoot.toml"))
    assert leaves(back) == before


def leaves(text):
    def walk(table, prefix=""):
        for name, value in table.items():
            if isinstance(value, dict):
                yield from walk(value, f"{prefix}{name}.")
            else:
                yield prefix + name, value

    return dict(walk(tomllib.loads(text)))


def test_only_the_line_of_the_key_changes(path):
    path.write_text(WRITTEN)
    set_keys(path, {"server.threads": 8, "database.main.pool_size": 20})
    expected = WRITTEN.replace("threads = 4 ", "threads = 8 ").replace("size = 5", "size = 20")
    assert path.read_text() == expected


def test_lines_that_end_as_on_windows_still_do(path):
    path.write_bytes(WRITTEN.replace("\n", "\r\n").encode())
    set_keys(path, {"server.threads": 8})
    assert path.read_bytes() == WRITTEN.replace("= 4 ", "= 8 ").replace("\n", "\r\n").encode()


def test_a_file_that_is_not_there_is_made(path):
    set_keys(path, {"server.threads": 8})
    assert path.read_text() == "[server]\nthreads = 8\n"
    assert file_values(path) == {"server.threads": 8}


def test_the_mode_stays_and_a_link_is_followed(tmp_path, path):
    real = tmp_path / "real" / "shop.toml"
    real.parent.mkdir()
    real.write_text(WRITTEN)
    real.chmod(0o640)
    path.symlink_to(real)
    set_keys(path, {"server.threads": 8})
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "threads = 8" in real.read_text()
    assert os.listdir(real.parent) == ["shop.toml"]  # noqa: PTH208 - names


@pytest.mark.parametrize(
    ("text", "values", "said"),
    [
        ("[server", {"server.threads": 8}, "is not valid TOML"),
        ("", {"server.thread": 8}, "did you mean server.threads"),
        ("", {"server.threads": "many"}, 'server.threads is "many"'),
        ("[server]\nthreds = 3\n", {"server.replicas": 2}, "did you mean server.threads"),
        ("server = 3\n", {"server.threads": 8}, "surefoot.toml"),
    ],
)
def test_what_would_be_no_configuration_is_refused_and_not_written(path, text, values, said):
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        set_keys(path, values)
    assert said in str(error.value)
    assert path.read_text() == text
    assert os.listdir(path.parent) == [path.name]  # noqa: PTH208 - names


# --- Tables of a list -----------------------------------------------------------------------------

HOME = "cache.response[GET /].ttl"
BOOK = "cache.response[GET /books/<int:id>]"
LISTED = """\
[cache]
url = "memory://"  # where

# the first page
[[cache.response]]
route = "GET /"  # everybody's
ttl = "5s"
"""


def test_a_table_of_a_list_is_added_changed_and_taken_away_alone(tmp_path):
    path = tmp_path / "surefoot.toml"
    path.write_text(LISTED)
    set_keys(path, {f"{BOOK}.route": "GET /books/<int:id>", f"{BOOK}.ttl": "10s"})
    assert path.read_text().startswith(LISTED)
    assert file_values(path) == {
        "cache.url": "memory://",
        "cache.response[GET /].route": "GET /",
        HOME: "5s",
        f"{BOOK}.route": "GET /books/<int:id>",
        f"{BOOK}.ttl": "10s",
    }
    set_keys(path, {HOME: "9s"})
    assert 'route = "GET /"  # everybody\'s\nttl = "9s"\n' in path.read_text()
    set_keys(path, {HOME: "5s", f"{BOOK}.ttl": None, f"{BOOK}.route": None})
    assert path.read_text() == LISTED


def test_the_first_table_of_a_list_comes_and_goes_with_its_list(tmp_path):
    path = tmp_path / "surefoot.toml"
    path.write_text("[server]\nthreads = 4\n")
    set_keys(path, {f"{BOOK}.route": "GET /books/<int:id>", f"{BOOK}.ttl": "10s"})
    config.load(tmp_path, environ={})
    assert '[[cache.response]]\nroute = "GET /books/<int:id>"\nttl = "10s"\n' in path.read_text()
    set_keys(path, {f"{BOOK}.ttl": None, f"{BOOK}.route": None})
    assert path.read_text() == "[server]\nthreads = 4\n"


def test_a_list_of_inline_tables_is_changed_too(tmp_path):
    path = tmp_path / "surefoot.toml"
    path.write_text('[cache]\nresponse = [{ route = "GET /" }]\n')
    set_keys(path, {HOME: "7s", f"{BOOK}.route": "GET /books/<int:id>"})
    assert file_values(path)[HOME] == "7s"
    assert f"{BOOK}.route" in file_values(path)
    set_keys(path, {HOME: None, f"{BOOK}.route": None})
    assert file_values(path) == {"cache.response[GET /].route": "GET /"}
