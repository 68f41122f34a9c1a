"""Steps that help, hurt, do nothing or break answers: each is told apart on real stacks."""

from __future__ import annotations

import shutil
import signal
import sys
import time

import pytest

QUICK = ("--python", sys.executable, "--seconds", "45")
UNDECIDED = ("--python", sys.executable, "--seconds", "20")
"""For what is not to be decided, however long it takes."""
KEPT = "cache.response[GET /books/<int:number>].ttl=30s"


def shop(*, rounds=100, waste=0, price="12", at_start=""):
    """A shop whose page says what ``rounds`` of work give, after some work that nobody sees."""
    return f"""
import hashlib, itertools, os
from flask import Flask, jsonify

{at_start}
app = Flask(__name__)
calls = itertools.count(1)


@app.get("/books/<int:number>")
def book(number):
    for _ in range({waste}):
        hashlib.sha256(b"nobody sees this").digest()
    data = b"book"
    for _ in range({rounds}):
        data = hashlib.sha256(data).digest()
    return jsonify(number=number, mark=data.hex(), title="A Bridge", price={price})
"""


@pytest.fixture
def branch(application, tmp_path):
    """The shop, and beside it a working copy with other code; returns the copy's name."""

    def written(base, variant, *paths):
        home = application(base, *(paths or ("/books/{1..50}",)))
        other = tmp_path / "branch"
        other.mkdir()
        (other / "shop.py").write_text(variant)
        shutil.copy(home / "surefoot.toml", other)
        return str(other)

    return written


@pytest.mark.usefixtures("quiet")
class TestVerdicts:
    def test_half_the_work_is_better(self, surefoot, branch):
        run = surefoot("prove", "--with", branch(shop(waste=1500), shop()), *QUICK)
        assert run.result["verdict"] == "better", run.out
        assert run.code == 0
        assert run.result["cpu_ratio"]["high"] < 1 < run.result["capacity_ratio"]["low"]
        assert run.result["pairs"] >= 5
        assert run.result["answers"]["compared"] > 100
        assert run.result["answers"]["differing"] == 0

    def test_a_step_that_hurts_is_worse(self, surefoot, branch):
        run = surefoot("prove", "--with", branch(shop(), shop(waste=1500)), *QUICK)
        assert run.result["verdict"] == "worse", run.out
        assert run.code == 1
        assert run.result["answers"]["differing"] == 0

    def test_a_step_that_does_nothing_is_not_kept(self, surefoot, branch):
        run = surefoot("prove", "--with", branch(shop(), shop()), *UNDECIDED)
        assert run.result["verdict"] in {"no-difference", "inconclusive"}, run.out
        assert run.result["answers"]["differing"] == 0


class TestAnswers:
    """Wrong ones are found whoever else uses the machine."""

    def test_a_step_that_helps_and_breaks_answers_is_refused_for_the_answers(
        self, surefoot, branch
    ):
        run = surefoot("prove", "--with", branch(shop(rounds=1500), shop(rounds=100)), *QUICK)
        assert run.result["verdict"] == "wrong-answers", run.out
        assert run.code == 1
        example = run.result["answers"]["examples"][0]
        assert example["request"].startswith("GET /books/")
        assert (example["what"], example["where"]) == ("body", "/mark")
        assert example["base"] != example["variant"]
        assert "/mark" in run.out

    def test_an_answer_that_is_wrong_one_time_in_a_thousand_is_found(self, surefoot, branch):
        wrong = shop(price="13 if next(calls) % 1000 == 0 else 12")
        copy = branch(shop(), wrong)
        run = surefoot("prove", "--with", copy, "--python", sys.executable, "--seconds", "60")
        assert run.result["verdict"] == "wrong-answers", run.out
        example = run.result["answers"]["examples"][0]
        assert example["where"] == "/price"
        assert ("12" in example["base"], "13" in example["variant"]) == (True, True)

    def test_what_is_new_each_time_may_not_be_given_again(self, surefoot, branch):
        branch(shop(waste=1500, price="os.urandom(8).hex()"), "")
        run = surefoot("prove", "--set", KEPT, *QUICK)
        assert run.result["verdict"] == "wrong-answers", run.out
        assert {each["where"] for each in run.result["answers"]["examples"]} == {"/price"}


class TestState:
    def test_a_counter_in_the_process_refuses_more_processes_and_is_named(self, surefoot, branch):
        branch(shop(price="next(calls)"), "")
        run = surefoot("prove", "--set", "server.replicas=2", *QUICK)
        assert run.result["verdict"] == "wrong-answers", run.out
        files = [(finding["file"], finding["line"]) for finding in run.result["findings"]]
        assert files[0][0] == "shop.py"
        assert files[0][1] > 0


@pytest.mark.usefixtures("quiet")
class TestKeptAnswers:
    def test_giving_an_answer_again_is_better_and_the_same(self, surefoot, branch):
        branch(shop(waste=3000), "")
        run = surefoot("prove", "--set", KEPT, *QUICK)
        assert run.result["verdict"] == "better", run.out
        assert run.result["capacity_ratio"]["low"] > 1
        assert run.result["answers"]["differing"] == 0

    def test_a_page_that_reads_the_session_is_never_kept_so_nothing_is_gained(
        self, surefoot, branch
    ):
        reads = "app.before_request(lambda: flask.session.get('name') and None)"
        source = shop(waste=1500).replace("import hashlib", "import flask, hashlib")
        branch(f"{source}\napp.secret_key = 'k'\n{reads}\n", "")
        run = surefoot("prove", "--set", KEPT, *UNDECIDED)
        # Looking on while answers are made costs a little, which may be seen as worse.
        assert run.result["verdict"] in {"no-difference", "inconclusive", "worse"}, run.out


class TestBadInput:
    def test_a_variant_that_does_not_start_is_said_to_be_that(self, surefoot, branch):
        # It imports once, when it is looked at, and never again.
        at_start = (
            "if os.path.exists('seen'): raise SystemExit('no second time')\nopen('seen', 'w')"
        )
        run = surefoot("prove", "--with", branch(shop(), shop(at_start=at_start)), *QUICK)
        assert run.result["verdict"] == "worse", run.out
        assert "does not start" in run.result["why"]

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ((), "there is no variant"),
            (("--set", "server.threads"), "KEY=VALUE"),
            (("--set", "cache.url=redis://u:pw@h/0"), "holds a password"),
            (("--set", "server.thread=8"), "threads"),
            (("--variant", "nowhere.toml"), "nowhere.toml"),
            (("--with", "nowhere"), "nowhere"),
            (("--set", "server.threads=8", "--on", "beauty"), "beauty"),
            (("--set", "server.threads=8", "--seconds", "1"), "too short"),
        ],
    )
    def test_what_cannot_be_proven_is_one_line(self, surefoot, branch, words, said):
        branch(shop(), shop())
        run = surefoot("prove", "--python", sys.executable, *words)
        assert run.code == 2
        assert said in run.err
        assert run.result is None

    def test_an_interrupt_leaves_no_process_and_no_result_of_nothing(self, surefoot, branch):
        copy = branch(shop(), shop())
        process = surefoot.start("prove", "--with", copy, "--python", sys.executable)
        end = time.monotonic() + 30
        while len(surefoot.left()) < 6 and time.monotonic() < end:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 130
        assert not surefoot.wait_until_nobody_is_left()

    def test_two_at_once_on_one_project_are_refused(self, surefoot, branch):
        copy = branch(shop(), shop())
        words = ("prove", "--with", copy, "--python", sys.executable, "--seconds", "60")
        first = surefoot.start(*words)
        end = time.monotonic() + 30
        while len(surefoot.left()) < 6 and time.monotonic() < end:
            time.sleep(0.05)
        second = surefoot(*words)
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)
        assert second.code == 1
        assert f"process {first.pid}" in second.err
