"""Applications that keep something in the process, and some that do not."""

from __future__ import annotations

import asyncio
import os
import textwrap

import pytest

from surefoot import config
from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.state.check import shared_state
from surefoot.toolbox.target import find_application


@pytest.fixture
def locate(tmp_path):
    """The application of some files: ``locate({"app.py": "..."})``, and its settings."""

    def find(files, **environ):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        told = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | environ
        flags = {"data.disposable": True, "server.graceful_timeout": 1.0}
        settings = config.load(tmp_path, environ=told, flags=flags)
        return find_application(settings, told), settings

    return find


@pytest.fixture
def check(locate):
    """What is found of an application: ``check("...", [{"path": "/"}])``."""

    def run(files, requests, *, replicas=2, environ=None, **tables):
        files = {"app.py": files} if isinstance(files, str) else files
        application, settings = locate(files, **(environ or {}))
        workload = parse_workload({"request": requests, **tables} if requests else tables, "test")

        async def ask():
            return await shared_state(
                application,
                settings,
                workload,
                replicas=replicas,
                say=lambda _: None,
                stop=asyncio.Event(),
            )

        return asyncio.run(ask())

    return run
