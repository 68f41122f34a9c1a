"""Every workload of the examples can be read, and every page in it is answered as expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from surefoot import config
from surefoot.toolbox.load import read_workload

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FILES = [EXAMPLES / "workload.toml", *sorted((EXAMPLES / "workloads").glob("*.toml"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_can_be_read(path):
    assert len(read_workload(path).requests) >= 2


@pytest.mark.parametrize("path", FILES[1:], ids=lambda path: path.stem)
def test_the_page_with_the_fault_has_four_fifths_of_the_traffic(path):
    shares = read_workload(path).shares
    assert max(shares.values()) == pytest.approx(0.8)
    assert set(shares) - {max(shares, key=shares.get)} == {"GET /books/{1..20000}"}


def test_the_configuration_names_the_workload_and_a_target_that_exists():
    found = config.load(EXAMPLES, environ={}).config
    assert (EXAMPLES / found.workload.file).is_file()
    assert found.data.disposable
    assert (
        (EXAMPLES / found.app.target.partition(":")[0].replace(".", "/"))
        .with_suffix(".py")
        .is_file()
    )
