"""What the project asks for is pinned, and no address of an index is written down."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _pins():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def _name(requirement):
    return re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-")


def test_every_requirement_of_the_project_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    for group in project["project"]["optional-dependencies"].values():
        wanted += group
    for group in project["dependency-groups"].values():
        wanted += [entry for entry in group if isinstance(entry, str)]
    pinned = {_name(name) for name in _pins()}
    assert {_name(requirement) for requirement in wanted} <= pinned


def test_psycopg_and_its_binary_have_the_same_version():
    pins = _pins()
    assert pins["psycopg"] == pins["psycopg-binary"]


def test_no_file_of_the_house_names_an_index():
    files = [
        *(ROOT / name for name in ("constraints.txt", "pyproject.toml", "Makefile", ".ci/run")),
        *(ROOT / "scripts").glob("*"),
    ]
    for path in files:
        if path.is_file():
            assert not re.search(r"index-url|https?://[^ ]*simple|find-links", path.read_text())
