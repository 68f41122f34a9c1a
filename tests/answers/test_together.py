"""An application that is not safe with several requests at a time is told from one that is."""

import asyncio
import contextlib

import pytest

from surefoot.toolbox.answers.together import together
from surefoot.toolbox.load import Generator, Observation, parse_workload

SHARED = """
import itertools, secrets, time
from flask import Flask, request

app = Flask(__name__)
visits = itertools.count()


class Page:
    title = ""


page = Page()


@app.get("/own/<int:number>")
def own(number):
    return {"number": number, "visit": next(visits), "token": secrets.token_hex(8)}


@app.get("/shared/<int:number>")
def shared(number):
    page.title = f"Page {number}"
    time.sleep(0.002)
    return f"<h1>{page.title}</h1>"


@app.get("/failing/<int:number>")
def failing(number):
    page.title = number
    time.sleep(0.002)
    if page.title != number:
        raise ValueError("somebody else has it")
    return "fine"


@app.get("/busy/<int:number>")
def busy(number):
    page.title = number
    time.sleep(0.002)
    return ("later", 503) if page.title != number else ("fine", 200)
"""


@pytest.fixture(scope="module")
def ask(tmp_path_factory, site):
    directory = tmp_path_factory.mktemp("shared")
    (directory / "pages.py").write_text(SHARED)
    found = site(directory, "pages:app")

    def asked(*paths, population=4):
        requests = [{"path": path, "name": path.split("/")[1]} for path in paths]
        workload = parse_workload({"request": requests}, "test.toml")

        async def main():
            async with contextlib.AsyncExitStack() as up:
                stack = await up.enter_async_context(found.up())
                addresses = [replica.address for replica in stack.replicas]
                watch = Observation()
                generator = Generator(workload, addresses, seed=1, observe=watch)
                async with generator:
                    return await together(generator, workload, population, seconds=1.0)

        return asyncio.run(main())

    return asked


def test_what_varies_by_itself_is_no_reason_to_distrust(ask):
    found = ask("/own/{1..9}")
    assert found.safe
    assert found.compared >= 40
    assert str(found).startswith("with 4 requests at a time the same answers as one by one")


def test_an_object_that_requests_share_is_seen_and_shown(ask):
    found = ask("/own/{1..9}", "/shared/{1..9}")
    assert not found.safe
    assert 0 < found.differing < found.compared
    assert found.example.startswith("GET /shared/")
    assert "Page" in found.example


def test_requests_that_fail_only_beside_others_are_counted(ask):
    found = ask("/failing/{1..9}")
    assert not found.safe
    assert (found.differing, found.failed > 0) == (0, True)
    assert "end in 500, and none is one by one" in str(found)


def test_requests_that_are_put_off_under_load_are_no_mistake(ask):
    assert ask("/busy/{1..9}").safe


def test_one_at_a_time_nothing_is_shared(ask):
    found = ask("/shared/{1..9}", "/failing/{1..9}", population=1)
    assert found.safe
    assert found.compared > 0
