"""Drafts, what they become, and bookshops to check them on."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path

import pytest

from chromium import browser  # noqa: F401 - a fixture
from surefoot import config
from surefoot.toolbox.load import Closed, Generator, parse_workload, read_workload
from surefoot.toolbox.stack import Stack
from surefoot.toolbox.target import find_application
from surefoot.toolbox.workloads.toml import to_toml

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def read():
    """A draft written and read again, its secrets supplied."""

    def again(draft):
        return parse_workload(tomllib.loads(to_toml(draft)), "draft.toml", environ=draft.secrets)

    return again


@pytest.fixture
def bookshop(surefoot, services, tmp_path_factory, monkeypatch):
    """Runs ``surefoot workload`` for a bookshop, and sends what came out to it."""
    data = tmp_path_factory.getbasetemp() / "bookshop-data"
    data.mkdir(exist_ok=True)
    environ = services | {"BOOKSHOP_FAULTS": "none", "BOOKSHOP_DATA": str(data)}
    surefoot.environ |= environ
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    def check(framework, *words):
        """The workload, what the command said, and the result of asking for all of it."""
        target = f"{framework}_bookshop.app:create_app()"
        file = surefoot.directory / "made.toml"
        run = surefoot("workload", target, *words, "--output", str(file), cwd=EXAMPLES)
        assert run.code == 0, run.err
        workload = read_workload(file)
        return workload, run.out, _sent(workload, target)

    check.directory = EXAMPLES
    return check


def _sent(workload, target):
    settings = config.load(EXAMPLES, flags={"app.target": target})
    application = find_application(settings)

    async def main():
        async with (
            Stack(application, settings, records=None, every=False) as stack,
            Generator(workload, [stack.replicas[0].address]) as generator,
        ):
            count = 3 * len(workload.requests)
            return await generator.run(Closed(2, seconds=60, requests=count, each=2))

    return asyncio.run(main())
