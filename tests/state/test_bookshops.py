"""The bookshops: with the fault of a counter in the module, and without it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from surefoot import config
from surefoot.toolbox.data import copies
from surefoot.toolbox.load import read_workload
from surefoot.toolbox.state.check import shared_state
from surefoot.toolbox.target import find_application

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TARGETS = {
    "flask": "flask_bookshop.app:create_app()",
    "pyramid": "pyramid_bookshop.app:create_app()",
    "fastapi": "fastapi_bookshop.app:create_app()",
    "django": "django_bookshop.wsgi:application",
}
WORKLOAD = EXAMPLES / "workloads" / "global-counter.toml"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory):
    """The URL of a shop's data, which nobody writes to."""
    url = f"sqlite:///{tmp_path_factory.mktemp('seeded') / 'bookshop.sqlite3'}"
    program = "import sys; from bookshop import storage; storage.prepare(sys.argv[1])"
    command = [sys.executable, "-c", program, url]
    subprocess.run(command, cwd=EXAMPLES, check=True, timeout=60)
    return url


def found(framework, fault, url):
    environ = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    environ |= {"BOOKSHOP_FAULTS": fault, "DATABASE_URL": url}
    flags = {"app.target": TARGETS[framework]}
    settings = config.load(EXAMPLES, environ=environ, flags=flags)
    application = find_application(settings, environ)

    async def ask():
        async with copies(application, settings, ("base", "again", "variant")) as data:
            return await shared_state(
                application,
                settings,
                read_workload(WORKLOAD),
                replicas=2,
                say=lambda _: None,
                stop=asyncio.Event(),
                data=data,
            )

    return asyncio.run(ask())


@pytest.mark.parametrize("framework", ["flask", "pyramid", "django"])
def test_the_counter_is_named(framework, seeded):
    report = found(framework, "global-counter", seeded)
    where = [(each.file, each.line) for each in report.findings]
    source = (EXAMPLES / f"{framework}_bookshop" / "visits.py").read_text().splitlines()
    assert where == [(f"{framework}_bookshop/visits.py", source.index("        COUNT += 1") + 1)]


@pytest.mark.parametrize("framework", TARGETS)
def test_a_shop_that_counts_in_its_database_is_safe(framework, seeded):
    report = found(framework, "none", seeded)
    assert report.findings == ()
    assert report.answers.examples == ()
    assert report.safe
