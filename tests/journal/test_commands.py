"""`surefoot log`, `surefoot revert` and `surefoot why`."""

import json

import pytest

from surefoot.core.records import CodeEdit, OutsideAction
from surefoot.toolbox.journal import Journal

THREADS = ("server.threads", 4, 8)
TEXT = "[server]\nthreads = 4\n"


@pytest.fixture
def history(project, keep):
    """Two changes that were kept and one that was dropped."""
    settings = project(TEXT)
    keep(settings, THREADS)
    keep(settings, ("server.replicas", 1, 2), kept=False, lever="replicas")
    keep(settings, ("server.keep_alive", 75.0, "5s"), lever="keep-alive")
    return settings


def words(text):
    return " ".join(text.split())


def test_log_tells_what_why_predicted_proven_and_when(history, surefoot):
    done = surefoot("log")
    assert done.returncode == 0
    shown = words(done.stdout)
    assert "threads 1.90x 1.80x (1.70 to 1.90) kept" in shown
    assert "server.threads 4 -> 8 because workers wait for the database" in shown
    assert "replicas 1.90x 1.80x (1.70 to 1.90) dropped server.replicas 1 -> 2" in shown
    assert "dropped: the whole interval is above 1" in shown
    assert shown.count("20") >= 3


def test_log_marks_what_was_proven_on_other_code(history, surefoot):
    shown = words(surefoot("log").stdout)
    assert "kept (stale)" in shown
    assert "dropped (stale)" not in shown
    assert "stale: since it was proven, the code changed; the dependencies changed" in shown


def test_log_can_be_read_by_programs(history, surefoot, tmp_path):
    told = json.loads(surefoot("log", "--json").stdout)
    assert told["journal"] == str(tmp_path / "surefoot.journal.jsonl")
    first, second, third = told["entries"]
    assert (first["id"], first["state"], first["predicted"], first["proven"]) == (
        1,
        "kept",
        1.9,
        1.8,
    )
    assert (second["state"], second["verdict"]["verdict"]) == ("dropped", "no-difference")
    assert third["parent"] == 1
    assert first["proven_range"] == pytest.approx([1.7, 1.9])
    assert first["stale"] == ["the code changed", "the dependencies changed"]


def test_revert_takes_a_change_back_and_says_so(history, surefoot, tmp_path):
    done = surefoot("revert", "1")
    assert words(done.stdout) == (
        "change 1 is taken back in surefoot.toml: server.threads 8 -> 4 "
        "recorded in the journal as 4"
    )
    assert "threads = 4" in (tmp_path / "surefoot.toml").read_text()
    assert "reverted" in surefoot("log").stdout
    assert surefoot("revert", "1").returncode == 1


def test_a_dry_run_writes_nothing(history, surefoot, tmp_path):
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    done = surefoot("revert", "3", "--dry-run")
    assert words(done.stdout) == (
        'change 3 would be taken back in surefoot.toml: server.keep_alive "5s" -> 75 '
        "nothing was written"
    )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert json.loads(surefoot("revert", "3", "--dry-run", "--json").stdout)["dry_run"] is True


def test_revert_says_what_to_run_or_to_edit(project, keep, surefoot):
    settings = project(TEXT)
    keep(settings, action=OutsideAction("CREATE INDEX i ON b (t)", "DROP INDEX i"))
    keep(settings, action=CodeEdit("views.py", 41, "load the tags at once"))
    assert "run:\n  DROP INDEX i\n" in surefoot("revert", "1").stdout
    assert "views.py:41: take back: load the tags at once" in surefoot("revert", "2").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("revert", "9"), 2, "the journal has no change 9"),
        (("revert", "2"), 2, "change 2 was dropped"),
        (("revert", "one"), 2, "invalid int value"),
        (("why", "server.thread"), 2, "did you mean server.threads?"),
        (("why", "app.settings.secret"), 2, "there is no key app.settings.secret"),
        (("why", "database.pool_size"), 2, "there is no key database.pool_size"),
    ],
)
def test_what_cannot_be_done_is_one_plain_error(history, surefoot, arguments, code, said):
    done = surefoot(*arguments)
    assert done.returncode == code
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("arguments", [("log",), ("revert", "1")])
def test_without_a_journal_it_says_what_writes_one(project, surefoot, arguments):
    project(TEXT)
    done = surefoot(*arguments)
    assert done.returncode == 1
    assert "there is no journal yet (surefoot.journal.jsonl)" in done.stderr
    assert "surefoot tune" in done.stderr


def test_revert_waits_for_nobody_and_says_who_is_at_work(history, surefoot):
    with Journal.open(history, exclusive=True):
        done = surefoot("revert", "1")
    assert done.returncode == 1
    assert "another surefoot is at work on this project (process " in done.stderr


def test_why_gives_the_reason_the_prediction_and_the_proof(history, surefoot):
    shown = words(surefoot("why", "server.threads").stdout)
    assert shown.startswith(
        "server.threads = 8 because workers wait for the database (change 1, 20"
    )
    assert ": predicted 1.90x, proven 1.80x (1.70 to 1.90))" in shown
    assert "the proof is stale: the code changed; the dependencies changed" in shown


def test_why_of_a_default_names_what_was_tried(history, surefoot):
    shown = words(surefoot("why", "server.replicas").stdout)
    assert shown.startswith("server.replicas = 1 is the default; the journal has no kept change")
    assert "tried and dropped: change 2 (20" in shown


def test_why_knows_what_was_set_by_hand(history, surefoot, tmp_path):
    (tmp_path / "surefoot.toml").write_text("[server]\nthreads = 12\n[slo]\nlatency = '1s'\n")
    shown = words(surefoot("why", "server.threads").stdout)
    assert "server.threads = 12 (surefoot.toml) was set by hand after change 1 (20" in shown
    shown = words(surefoot("why", "slo.latency").stdout)
    assert shown == (
        'slo.latency = "1s" is set in surefoot.toml; the journal has no kept change of it'
    )


def test_why_knows_what_the_environment_overrides(history, surefoot):
    shown = words(surefoot("why", "server.threads", SUREFOOT_SERVER_THREADS="3").stdout)
    assert shown.startswith("server.threads = 3, from the environment server.threads = 8 because")


def test_why_knows_what_was_taken_back(history, surefoot):
    surefoot("revert", "1")
    shown = words(surefoot("why", "server.threads").stdout)
    assert shown.startswith("server.threads = 4 (surefoot.toml): change 1 was taken back (entry 4")
    told = json.loads(surefoot("why", "server.threads", "--json").stdout)
    assert told["taken_back_by"]["id"] == 4
    assert (told["key"], told["value"], told["from"]) == ("server.threads", "4", "surefoot.toml")


def test_why_never_shows_a_factory_s_arguments(project, surefoot):
    project("[app.settings]\nsecret_key = 'hunter2'\n")
    done = surefoot("why", "app.settings")
    assert done.returncode == 0
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["log", "revert", "why"])
def test_help_shows_an_example(surefoot, name):
    shown = surefoot(name, "--help").stdout
    assert f"example:\n  surefoot {name}" in shown
    assert "--json" in shown
