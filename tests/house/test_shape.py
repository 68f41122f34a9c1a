"""The mirror of the house counts rightly."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shape():
    spec = importlib.util.spec_from_file_location("shape", ROOT / "scripts" / "shape.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["shape"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["shape"]


@pytest.fixture
def package(tmp_path):
    root = tmp_path / "pkg"
    root.mkdir()
    (root / "__init__.py").write_text("")
    (root / "a.py").write_text("from pkg import b\n\n\ndef f(x):\n    '''Doc.'''\n    return x\n")
    (root / "b.py").write_text("def g() -> None:\n    from pkg import a\n    a.f(1)\n")
    return root


def test_a_late_import_closes_a_cycle_that_the_top_level_does_not_show(shape, package):
    found = shape.modules(package)
    known = {module.name for module in found}
    graphs = [
        {module.name: shape.imports(module, known, late=late) for module in found}
        for late in (False, True)
    ]
    assert shape.cycles(graphs[0]) == []
    assert shape.cycles(graphs[1]) == [{"pkg.a", "pkg.b"}]


def test_a_docstring_is_no_part_of_a_function_s_length(shape, package):
    tree = next(module.tree for module in shape.modules(package) if module.name == "pkg.a")
    assert [shape.length(node) for node in shape.functions(tree)] == [2]


def test_public_names_are_told_typed_from_untyped(shape, package):
    assert list(shape.public(shape.modules(package))) == [
        ("pkg.a.f", False, True),
        ("pkg.b.g", True, False),
    ]


def test_it_prints_our_row_first():
    command = [sys.executable, str(ROOT / "scripts" / "shape.py")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert result.stdout.splitlines()[1].startswith("surefoot ")
