"""Applications that were not written for this project, each in an environment of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """Makes a virtual environment with these packages; returns its interpreter.

    ``SUREFOOT_TEST_ENVIRONMENTS`` names a directory in which they are kept from run to run.
    """
    kept = os.environ.get("SUREFOOT_TEST_ENVIRONMENTS")
    root = Path(kept) if kept else tmp_path_factory.mktemp("environments")

    def make(name, *packages):
        python = root / name / "bin" / "python"
        done = root / name / "complete"
        if not done.exists():
            subprocess.run([sys.executable, "-m", "venv", str(root / name)], check=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, *packages], check=True, timeout=400)
            done.touch()
        return python

    return make
