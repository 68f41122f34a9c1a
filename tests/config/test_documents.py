"""What is generated from the keys: the schema, the commented file, the page of the docs."""

import tomllib
from pathlib import Path

import pytest

from surefoot import config
from surefoot.config.document import commented_file, reference

KEYS = tuple(config.keys())
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"


def uncommented(text: str) -> str:
    """The file with every line that shows a default made valid."""
    lines = []
    for line in text.splitlines():
        bare = line.removeprefix("# ")
        is_key = bare.partition(" = ")[0].isidentifier() and " = " in bare
        lines.append(bare if is_key or bare.startswith("[") else line)
    text = "\n".join(lines).replace("[database.NAME]", "[database.main]")
    text = text.replace('route = ""', 'route = "GET /"')
    # That of a cache may be empty.
    before, check, after = text.partition("[[health.check]]")
    return before + check + after.replace('name = ""', 'name = "disk"')


def test_the_commented_file_sets_only_what_it_was_given():
    read = tomllib.loads(commented_file({"app.target": 'shop:make("x")'}))
    assert config.from_mapping(read) == config.Config(app=config.App(target='shop:make("x")'))


def test_every_default_in_the_commented_file_may_be_put_in_force():
    read = config.from_mapping(tomllib.loads(uncommented(commented_file())))
    expected = config.to_mapping(config.Config())
    expected["database"] = {"main": {"pool_size": 0, "max_age": 0.0}}
    expected["cache"]["response"] = [
        {
            "route": "GET /", "ttl": 60.0, "stale": 0.0, "everybody": False, "headers": [],
            "cookies": [], "ignore": [], "browser": 0.0, "network": 0.0,
        }
    ]  # fmt: skip
    expected["health"]["check"] = [
        {
            "name": "disk", "kind": "", "hard": False, "timeout": 1.0, "url_env": "",
            "directory": "", "free": 0.05,
        }
    ]  # fmt: skip
    assert config.to_mapping(read) == expected


def test_every_key_is_in_the_file_the_schema_and_the_page():
    text, page, schema = commented_file(), reference(), config.schema()
    for key in KEYS:
        table, _, leaf = key.name.rpartition(".")
        assert f"{leaf} = " in text
        assert f"| `{leaf}` |" in page
        properties = schema["properties"][table.removesuffix(".*")]
        if table.endswith(".*"):
            properties = properties["additionalProperties"]
        assert properties["properties"][leaf]["description"] == key.doc
        assert properties["additionalProperties"] is False


def test_every_key_of_a_list_of_tables_is_in_the_file_the_schema_and_the_page():
    text, page, schema = commented_file(), reference(), config.schema()
    for key in config.listed():
        path, _, leaf = key.name.rpartition(".")
        table, _, name = path.removesuffix("[]").rpartition(".")
        assert f"# [[{table}.{name}]]" in text
        assert f"## `[[{table}.{name}]]`" in page
        items = schema["properties"][table]["properties"][name]["items"]
        assert items["additionalProperties"] is False
        assert f"# {leaf} = " in text
        assert f"| `{leaf}` | {key.doc} |" in page
        assert items["properties"][leaf]["description"] == key.doc
        assert key.doc.endswith(".")
        assert len(key.doc) < 160
        assert key.variable == ""


def test_the_page_in_the_docs_is_the_one_that_is_generated():
    assert PAGE.read_text() == reference(), "surefoot config reference > " + PAGE.name


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_a_key_describes_itself_in_one_sentence_or_two(key):
    assert key.doc.endswith(".")
    assert len(key.doc) < 160
    assert key.allowed
