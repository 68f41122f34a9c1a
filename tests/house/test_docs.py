"""The docs name what exists: files, commands, options, faults, words."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import pytest

from surefoot import cli
from surefoot.core.resources import Kind

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").rglob("*.md")]
)
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#|mailto:)([^)#\s]+)")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"(?:^|[ /])surefoot (?P<words>[a-z][^|&#]*)")


def _blocks(language):
    return [
        (page, text)
        for page in PAGES
        for name, text in BLOCK.findall(page.read_text())
        if name == language
    ]


def _commands():
    for page in PAGES:
        for _, text in BLOCK.findall(page.read_text()):
            for line in text.splitlines():
                found = COMMAND.search(line) if line.startswith("$ ") else None
                if found:
                    yield pytest.param(found["words"].split(), id=line[2:70])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page):
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


def test_toml_in_the_docs_can_be_read():
    assert [tomllib.loads(text) for _, text in _blocks("toml")]


def test_python_in_the_docs_compiles():
    assert [compile(text, str(page), "exec") for page, text in _blocks("python")]


@pytest.mark.parametrize("words", list(_commands()))
def test_commands_in_the_docs_take_the_options_that_are_shown(words):
    name, *rest = words
    assert name in cli.COMMANDS
    parser = importlib.import_module(f"surefoot.cli.{name}").COMMAND.parser()
    known = parser.format_help()
    assert [word for word in rest if word.startswith("--") and word not in known] == []


def test_every_fault_is_in_the_reference():
    from bookshop import faults

    text = (ROOT / "docs" / "reference" / "bookshops.md").read_text()
    assert [name for name in faults.FAULTS if f"`{name}`" not in text] == []


def test_every_resource_is_among_the_words():
    text = (ROOT / "docs" / "reference" / "words.md").read_text()
    named = {"http": "http.HOST", "smtp": "smtp.HOST"}
    named |= {kind: f"{kind}.NAME" for kind in ("cache", "process", "queue")}
    missing = [kind for kind in Kind if f"`{named.get(kind.value, kind.value)}`" not in text]
    assert missing == []


def test_every_decision_is_listed():
    directory = ROOT / "docs" / "decisions"
    listed = set(LINK.findall((directory / "README.md").read_text()))
    assert listed == {path.name for path in directory.glob("[0-9]*.md")}
