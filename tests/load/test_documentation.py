import re
from pathlib import Path

import pytest

from surefoot.toolbox.load import read_workload

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "workload.md"
BLOCKS = re.findall(
    r"^```toml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
EXAMPLE = Path(__file__).parents[2] / "examples" / "workload.toml"


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_every_file_in_the_reference_can_be_read(number, tmp_path):
    (tmp_path / "people.csv").write_text("name\nanna\n")
    (tmp_path / "workload.toml").write_text(BLOCKS[number])
    assert read_workload(tmp_path / "workload.toml").requests


def test_the_example_can_be_read():
    assert read_workload(EXAMPLE).writes == ("POST /orders",)
