"""A proof goes stale when what it depends on changes, and only then."""

import os
import shutil
import sys
import venv
from pathlib import Path

import pytest

from surefoot import config
from surefoot.toolbox.fingerprint import code_hash, dependencies_hash, fingerprint, host


@pytest.fixture
def code(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "views.py").write_text("x = 1\n")
    (tmp_path / "shop" / "page.html").write_text("<p>one</p>\n")
    return tmp_path


@pytest.mark.parametrize(
    "change",
    [
        lambda code: (code / "shop" / "views.py").write_text("x = 2\n"),
        lambda code: (code / "shop" / "page.html").write_text("<p>two</p>\n"),
        lambda code: (code / "shop" / "views.py").rename(code / "shop" / "view.py"),
        lambda code: (code / "new.py").write_text(""),
        lambda code: (code / "shop" / "views.py").unlink(),
    ],
)
def test_the_code_s_hash_changes_with_the_code(code, change):
    before = code_hash(code)
    change(code)
    assert code_hash(code) != before


@pytest.mark.parametrize(
    "name",
    [
        "surefoot.toml",
        "surefoot.journal.jsonl",
        "shop.db",
        "shop/__pycache__/views.py",
        ".git/hook.py",
        "env/lib/other.py",
        "node_modules/other.py",
    ],
)
def test_what_is_not_the_application_s_code_does_not_count(code, name):
    (code / "env").mkdir()
    (code / "env" / "pyvenv.cfg").write_text("")
    before = code_hash(code)
    path = code / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("y = 1\n")
    assert code_hash(code) == before


def test_the_same_code_elsewhere_has_the_same_hash(code, tmp_path_factory):
    other = tmp_path_factory.mktemp("other") / "copy"
    shutil.copytree(code, other)
    assert code_hash(other) == code_hash(code)
    assert code_hash(other / "gone") == code_hash(other / "nothing")


def test_a_new_version_of_a_package_changes_the_hash_of_the_environment(tmp_path):
    venv.create(tmp_path / "env", symlinks=True)
    python = tmp_path / "env" / "bin" / "python"
    (site,) = (tmp_path / "env" / "lib").glob("python*/site-packages")
    hashes = []
    for version in ("1.0", "1.1", "1.0"):
        package = site / "thing-1.dist-info"
        package.mkdir(exist_ok=True)
        (package / "METADATA").write_text(f"Name: thing\nVersion: {version}\n")
        hashes.append(dependencies_hash(python))
    assert hashes[0] == hashes[2] != hashes[1]
    assert dependencies_hash(Path("/nowhere/python")) == ""


def test_the_size_of_a_sqlite_file_is_looked_at_and_no_server_is_asked(code):
    (code / "shop.db").write_bytes(b"x" * 5000)
    (code / "env_file").write_text("DATABASE_URL=sqlite:///shop.db\n")
    text = '[app]\nenv_file = "env_file"\n[data]\nurl_env = "DATABASE_URL"\n'
    (code / "surefoot.toml").write_text(text)
    settings = config.load(code, environ={})
    assert fingerprint(settings).data == 5000
    assert fingerprint(settings, data=7).data == 7
    (code / "env_file").write_text("DATABASE_URL=postgresql://127.0.0.1:1/shop\n")
    assert fingerprint(settings).data == 0
    (code / "env_file").unlink()
    assert fingerprint(settings).data == 0


def test_the_machine_is_described_without_its_name():
    found = host()
    assert found.cores >= 1
    assert found.memory > 10**8
    assert found.kernel.startswith("Linux" if sys.platform == "linux" else "Darwin")
    assert os.uname().nodename not in (found.cpu, found.kernel)
