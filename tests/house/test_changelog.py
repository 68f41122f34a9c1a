"""Each fragment of the changelog is one that towncrier takes up."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_fragment_has_a_known_kind():
    table = tomllib.loads((ROOT / "towncrier.toml").read_text())["tool"]["towncrier"]
    kinds = {entry["directory"] for entry in table["type"]}
    for path in (ROOT / "changelog.d").glob("*.md"):
        assert path.name.split(".")[1:] in [[kind, "md"] for kind in kinds], path.name


def test_towncrier_can_build_it():
    command = [sys.executable, "-m", "towncrier", "build", "--draft"]
    result = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr
