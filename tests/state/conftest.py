"""Finds applications that tests write down, and asks them as one process and as several."""

from __future__ import annotations

import asyncio
import os
import textwrap

import pytest

from surefoot import config
from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.state.check import shared_state
from surefoot.toolbox.target import find_application


def located(directory, files, environ):
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))
    told = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"} | environ
    flags = {"data.disposable": True, "server.graceful_timeout": 1.0}
    settings = config.load(directory, environ=told, flags=flags)
    return find_application(settings, told), settings


def asked(application, settings, workload, **options):
    async def ask():
        return await shared_state(
            application,
            settings,
            parse_workload(workload, "test"),
            replicas=2,
            say=lambda _: None,
            **{"stop": asyncio.Event(), **options},
        )

    return asyncio.run(ask())


@pytest.fixture
def locate(tmp_path):
    """The application of some files, and its settings: ``locate({"app.py": "..."})``."""
    return lambda files, **environ: located(tmp_path, files, environ)


@pytest.fixture
def ask():
    """What is found of an application: ``ask(application, settings, {"request": [...]})``."""
    return asked


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """Both in one: ``check({"app.py": "..."}, {"request": [...]})``."""

    def run(files, workload):
        return asked(*located(tmp_path_factory.mktemp("app"), files, {}), workload)

    return run
