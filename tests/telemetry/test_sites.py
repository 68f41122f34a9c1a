"""A line is the application's own if it lies under its directories, and is not installed there."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from surefoot.telemetry.sites import Sites

SOURCE = """
def call(inner):
    return inner()
"""


def module(path, name):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(SOURCE)
    spec = importlib.util.spec_from_file_location(name, path)
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


@pytest.fixture
def modules():
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_a_file_under_the_directory_is_named_relative_to_it(tmp_path, modules):
    views = module(tmp_path / "catalogue" / "views.py", "views_1")
    sites = Sites((str(tmp_path),))
    assert views.call(sites.caller) == "catalogue/views.py:3"


def test_an_installed_package_inside_the_directory_is_not_the_applications(tmp_path, modules):
    views = module(tmp_path / "views.py", "views_2")
    library = module(tmp_path / ".venv/lib/python3.11/site-packages/lib.py", "lib_2")
    sites = Sites((str(tmp_path),))
    assert views.call(lambda: library.call(sites.caller)) == "views.py:3"


def test_a_package_is_the_applications_wherever_it_is_installed(tmp_path, modules):
    library = tmp_path / "site-packages"
    shop = module(library / "shop" / "__init__.py", "shop")
    shop.__path__ = [str(library / "shop")]
    views = module(library / "shop" / "views.py", "shop.views")
    other = module(library / "other.py", "other")
    sites = Sites(("shop",))
    assert other.call(lambda: views.call(lambda: other.call(sites.caller))) == "shop/views.py:3"


def test_templates_are_not_lines_of_the_application(tmp_path, modules):
    views = module(tmp_path / "views.py", "views_3")
    names = {}
    exec(compile(SOURCE, str(tmp_path / "book.html"), "exec"), names)
    sites = Sites((str(tmp_path),))
    assert views.call(lambda: names["call"](sites.caller)) == "views.py:3"


def test_no_line_of_the_application_is_no_site():
    assert Sites(("/nowhere",)).caller() == ""


class Holder:
    hint = None


def test_a_remembered_way_is_checked_and_not_believed(tmp_path, modules):
    views = module(tmp_path / "views.py", "views_4")
    source = "def other(inner):\n    pass\n    return inner()\n"
    (tmp_path / "more.py").write_text(source)
    more = {}
    exec(compile(source, str(tmp_path / "more.py"), "exec"), more)
    sites, holder = Sites((str(tmp_path),)), Holder()

    def driver():
        return sites.locate(holder)

    def deeper():
        return driver()

    for _ in range(3):
        assert views.call(driver) == "views.py:3"
        assert more["other"](driver) == "more.py:3"
        assert views.call(deeper) == "views.py:3"
    assert holder.hint is not None


def test_a_greenlet_leads_back_to_the_line_that_entered_it(tmp_path, modules):
    greenlet = pytest.importorskip("greenlet")
    views = module(tmp_path / "views.py", "views_5")
    sites = Sites((str(tmp_path),))

    def inside():
        return sites.caller()

    assert views.call(greenlet.greenlet(inside).switch) == "views.py:3"


def test_a_failing_look_is_told_and_gives_no_site():
    faults = []
    sites = Sites(("/nowhere",), faults.append)
    sites.lines = None
    assert sites.caller() == sites.locate(Holder()) == ""
    assert len(faults) == 2
