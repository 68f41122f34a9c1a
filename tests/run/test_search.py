"""The application that is found where none was named."""

import pytest

from surefoot.errors import TargetError
from surefoot.toolbox.search import search


def test_each_name_in_each_file_of_the_list_is_found(tmp_path):
    for stem in ("wsgi", "asgi", "app", "main", "application"):
        path = tmp_path / f"{stem}.py"
        for name in ("application", "app"):
            path.write_text(f"{name} = object()\n")
            assert search(tmp_path) == f"{stem}:{name}"
        for name in ("create_app", "make_app"):
            path.write_text(f"def {name}(): pass\n")
            assert search(tmp_path) == f"{stem}:{name}()"
        path.unlink()


def test_an_object_is_preferred_to_the_factory_that_made_it(tmp_path):
    (tmp_path / "app.py").write_text("def create_app(): pass\napp = create_app()\n")
    assert search(tmp_path) == "app:app"


def test_a_file_that_takes_its_object_from_another_is_the_same_application(tmp_path):
    (tmp_path / "app.py").write_text("app = object()\n")
    (tmp_path / "wsgi.py").write_text("from app import app as application\n")
    assert search(tmp_path) == "wsgi:application"


def test_several_are_an_error_that_lists_them(tmp_path):
    (tmp_path / "app.py").write_text("app = object()\n")
    (tmp_path / "main.py").write_text("def make_app(): pass\n")
    with pytest.raises(TargetError, match=r"app:app, main:make_app\(\)"):
        search(tmp_path)


def test_none_is_an_error_that_says_what_was_looked_for(tmp_path):
    (tmp_path / "app.py").write_text("def nothing(: pass\n")
    (tmp_path / "main.py").write_text("print('no application')\n")
    with pytest.raises(TargetError, match=r"create_app"):
        search(tmp_path)


MANAGE = "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"


def test_a_django_project_is_found_by_its_manage_py(tmp_path):
    (tmp_path / "manage.py").write_text(MANAGE)
    (tmp_path / "wsgi.py").write_text(f"{MANAGE}application = object()\n")
    assert search(tmp_path) == "manage.py"


def test_a_manage_py_of_something_else_is_no_project(tmp_path):
    (tmp_path / "manage.py").write_text("app = object()\n")
    (tmp_path / "app.py").write_text("app = object()\n")
    assert search(tmp_path) == "app:app"


def test_a_project_in_a_folder_is_found_where_nothing_else_is(tmp_path):
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "manage.py").write_text(MANAGE)
    assert search(tmp_path) == "backend/manage.py"
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "manage.py").write_text(MANAGE)
    with pytest.raises(TargetError, match=r"backend/manage\.py, old/manage\.py"):
        search(tmp_path)


def test_nothing_is_imported(tmp_path):
    (tmp_path / "app.py").write_text("raise SystemExit('imported')\napp = 1\n")
    assert search(tmp_path) == "app:app"


def test_a_package_that_starts_a_server_is_found_where_nothing_else_is(tmp_path):
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__main__.py").write_text("from .web import app\napp.run(port=8000)\n")
    assert search(tmp_path) == "shop.web:app"
    (tmp_path / "app.py").write_text("app = object()\n")
    assert search(tmp_path) == "app:app"


def test_a_package_whose_main_serves_nothing_is_passed_by(tmp_path):
    package = tmp_path / "tool"
    package.mkdir()
    (package / "__main__.py").write_text("print('nothing')\n")
    with pytest.raises(TargetError, match="no application is found"):
        search(tmp_path)
