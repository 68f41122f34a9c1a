"""Projects that run detached, each in a directory of its own."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile

import pytest

from projects import Project
from servers import need


@pytest.fixture
def project(tmp_path, free_port):
    # Sockets have short paths, and pytest's directories long ones.
    runs = tempfile.mkdtemp(prefix="sf-", dir="/tmp")
    project = Project(tmp_path, free_port(), runs)
    yield project
    for pid in project.left():
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(runs, ignore_errors=True)


@pytest.fixture
def kind(request, project):
    """What stands before the replicas."""
    if request.param == "haproxy":
        need("haproxy", "haproxy")
    text = (project.directory / "surefoot.toml").read_text()
    told = f'[balancer]\nkind = "{request.param}"\nslow_start = "0s"\n'
    (project.directory / "surefoot.toml").write_text(text.replace("[balancer]\n", told))
