"""The half that runs in every worker loads the standard library only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "in_app_imports.py"


def _run(source=None, directory=None):
    command = [sys.executable, str(source or SCRIPT)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_it_loads_the_standard_library_only():
    result = _run()
    assert result.returncode == 0, result.stdout
    assert "standard library only" in result.stdout


def test_a_package_that_it_would_load_is_named(tmp_path):
    planted = tmp_path / "planted.py"
    source = SCRIPT.read_text()
    planted.write_text(source.replace("import surefoot\n", "import surefoot, rich.text\n", 1))
    result = _run(planted)
    assert result.returncode == 1
    assert "rich" in result.stdout


def test_importing_surefoot_loads_nothing_else():
    program = (
        "import sys; before = set(sys.modules); import surefoot; print(*set(sys.modules) - before)"
    )
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.split() == ["surefoot"]
