"""What is copied, what is shared, and what is said about it."""

import asyncio
import os
import sys

import pytest

from surefoot.errors import ConfigError, DataError
from surefoot.toolbox.data import copies
from surefoot.toolbox.process.child import alive

CONFIG = '[data]\nurl_env = "DATABASE_URL"\n'
DISPOSABLE = "[data]\ndisposable = true\n"
COPY = """\
import os, sys
url, label = os.environ["SUREFOOT_DATABASE_URL"], os.environ["SUREFOOT_COPY"]
assert sys.argv[2] == label
with open("calls", "a") as calls:
    calls.write(f"{sys.argv[1]} {label} {url}\\n")
if sys.argv[1] == "copy":
    print("copying", file=sys.stderr)
    print("made it")
    print(f"mysql://shop:hunter2@db/{label}")
"""


@pytest.fixture
def commands(project, tmp_path):
    """A project whose database is copied by commands of its own."""

    def make(text=COPY, reset=True):
        (tmp_path / "app" / "copy.py").write_text(text)
        config = CONFIG + f"copy = '\"{sys.executable}\" copy.py copy {{label}}'\n"
        if reset:
            config += f"reset = ['{sys.executable}', 'copy.py', 'reset', '{{label}}']\n"
        return project(config, DATABASE_URL="mysql://shop:secret@db/shop", HOME="/")

    return make


def test_commands_copy_what_surefoot_does_not_know(commands, copied, tmp_path):
    async def work(data):
        await data.reset("base")
        assert data.writable
        return [data.environment(label)["DATABASE_URL"] for label in ("base", "variant")]

    urls = copied(commands(), work)
    assert urls == [f"mysql://shop:hunter2@db/{label}" for label in ("base", "variant")]
    assert (tmp_path / "app" / "calls").read_text().splitlines() == [
        "copy base mysql://shop:secret@db/shop",
        "copy variant mysql://shop:secret@db/shop",
        "reset base mysql://shop:hunter2@db/base",
    ]


def test_without_a_reset_command_the_copy_is_made_again(commands, copied, tmp_path):
    async def work(data):
        await data.reset("base")

    copied(commands(reset=False), work, ("base",))
    assert (tmp_path / "app" / "calls").read_text().count("copy base") == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("print()", "printed no URL on its last line for base"),
        ("print('copied it well')", "printed no URL on its last line"),
        (
            "import os; print(os.environ['SUREFOOT_DATABASE_URL'])",
            "printed the application's own database URL",
        ),
        ("import sys; sys.exit('no room for secret')", "ended with exit code 1"),
        ("import os; os.kill(os.getpid(), 9)", "ended by signal 9"),
    ],
)
def test_a_command_that_fails_is_said_without_its_secrets(commands, copied, text, said):
    with pytest.raises(DataError) as error:
        copied(commands(text), print)
    assert said in str(error.value)
    assert "secret" not in str(error.value)


def test_an_interrupted_command_ends_with_all_that_it_started(commands, tmp_path):
    text = """
import os, subprocess, time
subprocess.Popen(["sleep", "300"])
open("started", "w").write(str(os.getpid()))
time.sleep(300)
"""

    async def main():
        async def run():
            async with copies(*commands(text), ("base",)):
                pass

        task = asyncio.create_task(run())
        started = tmp_path / "app" / "started"
        while not (started.exists() and started.read_text()):  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return int(started.read_text())

    assert alive([asyncio.run(main())]) == set()


def test_a_command_that_is_not_there_is_said(project, copied):
    config = CONFIG + 'copy = "gone-command --now"\n'
    with pytest.raises(DataError, match=r"\[data\] copy cannot be started: No such file"):
        copied(project(config, DATABASE_URL="mysql://db/shop"), print)


def test_a_copy_command_needs_the_variable(project, copied):
    with pytest.raises(ConfigError, match=r"data\.copy needs data\.url_env"):
        copied(project('[data]\ncopy = "copy"\n'), print)


@pytest.mark.parametrize(
    ("config", "environment", "writable", "said"),
    [
        ("", {}, False, "left out: [data] url_env names no database that could be copied"),
        (
            "",
            {"SHOP_DB": "postgres://u:hunter2@db/shop"},
            False,
            'left out: SHOP_DB looks like a database URL; with [data] url_env = "SHOP_DB"',
        ),
        (
            "",
            {"A": "postgres://u:hunter2@db/shop", "B": "sqlite:///b.db"},
            False,
            "left out: [data] url_env names no database",
        ),
        (DISPOSABLE, {}, True, "go to the application's own data ([data] url_env names no"),
        (CONFIG, {}, False, "left out: DATABASE_URL is not set, so there is nothing to copy"),
        (CONFIG + "disposable = true\n", {}, True, "own data (DATABASE_URL is not set"),
        (
            CONFIG,
            {"DATABASE_URL": "mysql://u:hunter2@db/shop"},
            False,
            "Surefoot cannot copy the database that DATABASE_URL names (mysql)",
        ),
        (CONFIG, {"DATABASE_URL": "sqlite://"}, True, "the database is in memory"),
    ],
)
def test_what_cannot_be_copied_is_shared_and_said(
    project, copied, config, environment, writable, said
):
    async def work(data):
        assert data.writable is writable
        assert not data.copied
        assert await data.used("base") is None
        assert data.application("base").environment == environment
        assert data.environment("base") == {}
        return " ".join(data.notes)

    notes = copied(project(config, **environment), work)
    assert said in notes
    assert "hunter2" not in notes


def test_other_stores_that_stay_shared_are_named(project, copied, shop):
    found = copied(
        project(CONFIG, DATABASE_URL="shop.db", REDIS_URL="redis://:hunter2@cache/0"),
        lambda data: data.notes,
    )
    assert found == ("only the database is copied; what REDIS_URL name is shared",)


def test_the_environment_of_this_process_is_not_changed(project, copied, shop):
    before = dict(os.environ)
    copied(project(CONFIG, DATABASE_URL="shop.db"), print)
    assert dict(os.environ) == before
