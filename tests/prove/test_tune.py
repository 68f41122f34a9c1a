"""The whole loop on real stacks: a change that helps is kept, and whatever ends it is told."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
import tomllib
from dataclasses import replace

import pytest

from surefoot import config
from surefoot.core.measures import Measure
from surefoot.core.proof import Outcome
from surefoot.core.records import Capacity, Change, ConfigEdit
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.fingerprint import fingerprint
from surefoot.toolbox.journal import Journal
from surefoot.toolbox.tune.run import Hands, tune
from surefoot.toolbox.tune.state import Found, Goal, State, Stopped
from surefoot.toolbox.tune.workshop import Workshop, dropped_before, held_elsewhere

WAITING = """
import time, flask
app = flask.Flask(__name__)

@app.get("/")
def index():
    time.sleep(0.02)
    return "at last"
"""
COUNTING = """
import flask
app = flask.Flask(__name__)
visits = 0

@app.get("/")
def index():
    return "fine"

@app.get("/visits")
def count():
    global visits
    visits += 1
    return flask.jsonify(visits=visits)
"""


def change(key, before, after, gain=2.0):
    return Change(
        lever=key.rpartition(".")[2],
        where=key,
        relieves=Resource(Kind.APP_THREADS),
        stage="server",
        action=(ConfigEdit(key, before, after),),
        predicted_gain=gain,
        how=f"set {key} = {after}",
        arithmetic="made up",
        on=(Measure.CAPACITY,),
    )


def go(directory, *proposed, measured=True):
    """Tune for real with short measurements, or none, that propose what the test wants tried."""
    (directory / "surefoot.toml").write_text(
        '# mine\n[app]\ntarget = "shop:app"\n[workload]\nfile = "workload.toml"\n'
        "[server]\nthreads = 1   # for now\n"
    )
    flags = {"app.python": sys.executable}
    stop = asyncio.Event()

    async def run(journal):
        facts = fingerprint(config.load(directory, flags=flags))
        shop = Workshop(directory, flags, journal, facts, lambda _: None, stop)

        async def measure(_):
            found = await shop.measure(4.0) if measured else Found(Capacity(9.0, 8.0, 10.0))
            return replace(found, changes=proposed)

        async def prove(one, _):
            return await shop.prove(one, 30.0)

        state = State(
            Goal(1e9, 600.0),
            refused=dropped_before(journal, facts),
            fixed=held_elsewhere(shop.settings),
        )
        return await tune(state, Hands(measure, prove, shop.record), lambda _: None, stop)

    with Journal.open(config.load(directory, flags=flags), exclusive=True) as journal:
        done = asyncio.run(run(journal))
        return done, journal.entries


@pytest.mark.in_pairs
def test_more_threads_for_what_waits_are_kept_and_written_down(application):
    directory = application(WAITING)
    done, entries = go(directory, change("server.threads", 1, 4))
    assert [step.verdict.outcome for step in done.state.steps] == [Outcome.BETTER]
    assert done.state.steps[0].verdict.gain > 1.5
    assert done.end.capacity.rps > 1.5 * done.start.capacity.rps
    text = (directory / "surefoot.toml").read_text()
    assert tomllib.loads(text)["server"] == {"threads": 4}
    assert "# mine" in text
    assert "# for now" in text
    assert [(entry.kind.value, entry.kept) for entry in entries] == [
        ("measured", False),
        ("change", True),
        ("measured", False),
    ]


def test_a_second_process_is_refused_where_one_counts_and_never_tried_again(application):
    directory = application(COUNTING, "/", "/visits")
    replicas = change("server.replicas", 1, 2)
    done, _ = go(directory, replicas, measured=False)
    step = done.state.steps[0]
    assert step.verdict.outcome is Outcome.WRONG_ANSWERS
    assert not step.kept
    assert [(f.file, f.line) for f in step.verdict.findings][:1] == [("shop.py", 13)]
    assert b"replicas" not in (directory / "surefoot.toml").read_bytes()
    assert done.stopped is Stopped.NOTHING_LEFT
    again, _ = go(directory, replicas, measured=False)
    assert again.state.steps == ()
    assert "dropped as change 1" in again.state.skipped[0].why


class TestCommand:
    def test_ctrl_c_leaves_a_valid_configuration_and_no_process(self, surefoot, application):
        directory = application(WAITING)
        before = (directory / "surefoot.toml").read_bytes()
        words = ("tune", "--python", sys.executable, "--minutes", "5")
        with surefoot.start(*words, "--json", "out.json", cwd=directory) as process:
            time.sleep(12)
            process.send_signal(signal.SIGINT)
            said, complained = process.communicate(timeout=60)
        assert process.returncode == 130, said + complained
        assert "Traceback" not in complained
        assert surefoot.wait_until_nobody_is_left() == []
        assert (directory / "surefoot.toml").read_bytes() == before
        assert not list(directory.glob("*.lock"))

    def test_two_runs_at_once_are_refused(self, surefoot, application):
        directory = application(WAITING)
        with Journal.open(config.load(directory), exclusive=True):
            run = surefoot("tune", "--python", sys.executable, cwd=directory)
        assert run.code == 1
        assert "another surefoot is at work" in run.err

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("--minutes", "0.2"), "too short"),
            (("--minutes", "nan"), "too short"),
            (("--until", "0"), "nothing to reach"),
            (("--until", "fast"), "not a rate"),
        ],
    )
    def test_what_cannot_be_done_is_an_error_of_one_line(self, surefoot, application, words, said):
        run = surefoot("tune", *words, cwd=application(WAITING))
        assert run.code == 2
        assert said in run.err

    @pytest.mark.in_pairs
    def test_a_dry_run_tries_and_writes_nothing(self, surefoot, application):
        directory = application(WAITING)
        (directory / "surefoot.toml").write_text(
            '[app]\ntarget = "shop:app"\n[workload]\nfile = "workload.toml"\n'
            "[server]\nthreads = 1\n"
        )
        names = {path.name for path in directory.iterdir()}
        words = ("--python", sys.executable, "--dry-run", "--minutes", "1")
        run = surefoot("tune", *words, cwd=directory)
        assert run.code == 0, run.err
        assert [change["lever"] for change in run.result["untried"]][:1] == ["threads"]
        assert run.result["steps"] == []
        assert "would be tried next" in run.out
        left = {p.name for p in directory.iterdir() if p.suffix not in {".json", ".pyc"}}
        assert left - {"__pycache__"} == names - {"__pycache__"}
