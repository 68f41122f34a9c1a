"""The examples can be imported here as they are by those who run them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

EXAMPLES = str(Path(__file__).resolve().parents[2] / "examples")


@pytest.fixture(autouse=True)
def _examples_importable(monkeypatch):
    monkeypatch.setattr(sys, "path", [EXAMPLES, *sys.path])
