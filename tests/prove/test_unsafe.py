"""An application that is not safe with the threads it is given: who is to blame is told."""

from __future__ import annotations

import sys

SHARED = """
import time
from flask import Flask

app = Flask(__name__)


class Page:
    title = ""


page = Page()


@app.get("/pages/<int:number>")
def show(number):
    page.title = f"Page {number}"
    time.sleep(0.002)
    return f"<h1>{page.title}</h1>{' ' * int(EXTRA)}"
"""


def shared(extra):
    return SHARED.replace("EXTRA", str(extra))


class TestTune:
    def test_nothing_is_tuned_while_threads_that_nobody_asked_for_spoil_answers(
        self, surefoot, application
    ):
        home = application(shared(0), "/pages/{1..9}")
        run = surefoot("tune", "--minutes", "5", "--python", sys.executable)
        assert run.code == 3, run.out
        assert run.result["stopped"] == "requests that run at the same time get wrong answers"
        assert run.result["steps"] == []
        assert "answers are wrong" in run.result["measured"][0]["unsafe"]
        assert "threads" not in (home / "surefoot.toml").read_text()


class TestProve:
    def test_wrong_answers_are_not_put_down_to_the_variant_alone(
        self, surefoot, application, tmp_path
    ):
        # Equal for those who ask one by one; the pages that are mixed up differ in their length.
        application(shared(0), "/pages/{1..50}")
        other = tmp_path / "branch"
        other.mkdir()
        (other / "shop.py").write_text(shared("page.title != f'Page {number}'"))
        (other / "surefoot.toml").write_text((tmp_path / "surefoot.toml").read_text())
        run = surefoot("prove", "--with", str(other), "--python", sys.executable, "--seconds", "20")
        assert run.result["verdict"] == "wrong-answers", run.out
        assert "the base's neither: with 8 requests at a time" in run.result["why"]
        assert any(note.startswith("the base is not safe") for note in run.result["notes"])
