"""Levers of other packages are found, and broken ones are told of."""

import sys

import pytest

from diagnosed import case_of
from surefoot.toolbox.levers import LEVERS, proposals
from surefoot.toolbox.levers.installed import GROUP, installed

GOOD = """
from surefoot.core.records import CodeEdit
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.levers.step import Step

NAME = "more-coffee"


def steps(case):
    yield Step("kitchen.py:1", Resource(Kind.APP_CPU), "edit", CodeEdit("kitchen.py", 1, "brew"),
               case.model.less(app=case.model.alone.app / 2), "brew more coffee",
               "half of the CPU is tiredness")
"""
BROKEN = {
    "raises": "raise RuntimeError('out of beans')",
    "nameless": "def steps(case): return []",
    "taken": "NAME = 'threads'\ndef steps(case): return []",
    "stepless": "NAME = 'stepless'",
}
LATER = {
    "fails": "NAME = 'fails'\ndef steps(case): return [1 / 0]",
    "lies": "NAME = 'lies'\ndef steps(case): return ['more']",
}


@pytest.fixture
def brought(tmp_path, monkeypatch):
    """Puts a package with entry points on the path."""

    def bring(modules):
        for name, source in modules.items():
            (tmp_path / f"plugin_{name}.py").write_text(source)
        info = tmp_path / "plugin-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
        points = "".join(f"{name} = plugin_{name}\n" for name in modules)
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{points}")
        monkeypatch.syspath_prepend(str(tmp_path))
        installed.cache_clear()

    yield bring
    installed.cache_clear()
    for name in [name for name in sys.modules if name.startswith("plugin_")]:
        del sys.modules[name]


def test_a_lever_of_another_package_proposes_like_any(brought):
    brought({"coffee": GOOD})
    changes, notes = proposals(case_of(cpu=0.010))
    (change,) = [change for change in changes if change.lever == "more-coffee"]
    assert change.predicted_gain == pytest.approx(2.0, rel=0.05)
    assert notes == ()


def test_broken_ones_are_notes_and_the_others_work(brought):
    brought(BROKEN | LATER | {"coffee": GOOD})
    changes, notes = proposals(case_of(cpu=0.010))
    assert {"more-coffee", "replicas"} <= {change.lever for change in changes}
    told = "\n".join(notes)
    assert len(notes) == len(BROKEN) + len(LATER)
    assert "raises (plugin_raises) cannot be used: out of beans" in told
    assert "there is a lever threads already" in told
    assert "the lever fails proposed nothing: ZeroDivisionError" in told
    assert "the lever lies proposed nothing: TypeError: str is no Step" in told


def test_there_are_none_but_our_own_by_default():
    assert installed(frozenset(lever.NAME for lever in LEVERS)) == ((), ())
