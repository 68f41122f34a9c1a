"""Three equal stacks of a site, one of which may make a mistake, and what is found of it."""

import asyncio
import contextlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from surefoot import config
from surefoot.toolbox.answers import same_answers
from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.stack import Stack
from surefoot.toolbox.target import find_application

settings.register_profile("surefoot", deadline=None)
settings.load_profile("surefoot")

SHOP = Path(__file__).with_name("shop.py")


class Site:
    """An application in a directory of its own."""

    def __init__(self, directory, target="shop:app"):
        self.directory = directory
        self._target = target
        self._found = {}

    def up(self, replicas=1, **environ):
        """A stack of it."""
        key = (replicas, *sorted(environ.items()))
        if key not in self._found:
            ours = ("SUREFOOT_", "BOOKSHOP_", "VIRTUAL_ENV", "DATABASE_URL")
            told = {k: v for k, v in os.environ.items() if not k.startswith(ours)} | environ
            flags = {"app.target": self._target, "server.replicas": replicas}
            loaded = config.load(self.directory, environ=told, flags=flags)
            self._found[key] = find_application(loaded, told), loaded
        return Stack(*self._found[key])

    def compare(self, document, *, replicas=1, requests=60, **environ):
        """What a variant with another environment answers differently."""
        return self.compare_stacks(
            [self.up(), self.up(), self.up(replicas, **environ)], document, requests
        )

    def compare_stacks(self, sides, document, requests=60):
        """What the third of three stacks answers differently."""

        async def main():
            async with contextlib.AsyncExitStack() as up:
                async with asyncio.TaskGroup() as group:
                    entering = [group.create_task(up.enter_async_context(s)) for s in sides]
                stacks = [task.result() for task in entering]
                where = [[replica.address for replica in s.replicas] for s in stacks]
                workload = parse_workload(document, "test.toml")
                return await same_answers(*where, workload, requests=requests, seconds=30)

        return asyncio.run(main())


@pytest.fixture(scope="session")
def site():
    return Site


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    directory = tmp_path_factory.mktemp("shop")
    shutil.copy(SHOP, directory)
    return Site(directory)
