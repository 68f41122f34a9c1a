"""Files of KEY=value lines."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import ConfigError
from surefoot.toolbox.env_file import parse_env, read_env_file

plain_words = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("KEY=value", "value"),
        ("export KEY=value", "value"),
        ("KEY = value ", "value"),
        ("KEY=", ""),
        ("KEY=a=b", "a=b"),
        ("KEY=a # why", "a"),
        ("KEY=a#b", "a#b"),
        ("KEY='a # b'", "a # b"),
        ("KEY='$HOME \\n'", "$HOME \\n"),
        ('KEY="a\\nb" # why', "a\nb"),
        ('KEY="say \\"hi\\""', 'say "hi"'),
        ("KEY=$HOME", "$HOME"),
    ],
)
def test_lines_are_read_as_a_shell_would_without_expansion(line, value):
    assert parse_env(f"# first\n\n{line}\n", "x.env") == {"KEY": value}


@given(st.dictionaries(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), plain_words))
def test_plain_words_come_out_as_they_went_in(values):
    assert parse_env("".join(f"{k}={v}\n" for k, v in values.items()), "x.env") == values


@pytest.mark.parametrize(
    "line", ["hunter2", "1A=hunter2", "=hunter2", "KEY='hunter2", 'KEY="hunter2']
)
def test_a_wrong_line_is_named_by_number_and_never_repeated(line):
    with pytest.raises(ConfigError) as caught:
        parse_env(f"OK=1\n{line}\n", "x.env")
    assert re.search(r"x\.env, line 2 ", str(caught.value))
    assert "hunter2" not in str(caught.value)


def test_a_missing_file_is_told_with_where_it_was_configured(tmp_path):
    with pytest.raises(ConfigError, match="--env-file"):
        read_env_file(tmp_path / "gone.env")
