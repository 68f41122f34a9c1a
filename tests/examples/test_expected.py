"""The table of expected bottlenecks is complete and speaks of what exists."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from surefoot.core.resources import Resource

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TABLE = tomllib.loads((EXAMPLES / "expected.toml").read_text())


def _cells():
    for fault, rows in TABLE.items():
        if fault == "why":
            continue
        for row in rows:
            for database in ("sqlite", "postgresql"):
                yield fault, row["example"], database, row[database]


def test_every_fault_has_a_row_for_each_example_and_database():
    from bookshop import faults

    found = [cell[:3] for cell in _cells()]
    wanted = {
        (fault, example, database)
        for fault in (*faults.FAULTS, "no-fault")
        for example in ("flask", "pyramid", "fastapi", "django")
        for database in ("sqlite", "postgresql")
    }
    assert len(found) == len(set(found))
    assert set(found) == wanted
    assert TABLE["why"].keys() == {fault for fault, _, _ in wanted}


@pytest.mark.parametrize("cell", list(_cells()), ids=lambda cell: "-".join(cell[:3]))
def test_every_name_in_it_is_a_resource(cell):
    expected = cell[3]
    for name in (expected["resource"], *expected.get("or", [])):
        assert str(Resource.parse(name)) == name
    shows = expected["shows"]
    assert shows in {"none", "http.*", "smtp.*"} or str(Resource.parse(shows)) == shows


def test_every_fault_has_a_workload_of_its_own():
    from bookshop import faults

    names = {path.stem for path in (EXAMPLES / "workloads").glob("*.toml")}
    # One shows what is asked for by many.
    assert names - {"popular-recommendation"} == set(faults.FAULTS)
