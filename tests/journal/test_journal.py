"""The journal and the configuration change together, or not at all."""

import json
import os
import random
import resource
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from surefoot import config
from surefoot.core.journal import State
from surefoot.core.records import CodeEdit, OutsideAction
from surefoot.errors import ConfigError, JournalError, OutputError, RefusedError, UsageError
from surefoot.toolbox.journal import Journal, journal_file

SUPPORT = str(Path(__file__).resolve().parents[1] / "support")
THREADS = ("server.threads", 4, 8)
TEXT = """\
# Why this is here.
[server]
threads = 4  # one for each core and a few

[slo]
latency = "250ms"
"""


def names(directory):
    return sorted(path.name for path in directory.iterdir())


def states(settings):
    journal = Journal.open(settings)
    in_file = journal.in_file()
    return [str(journal.history.state(entry, in_file)) for entry in journal.entries]


def test_what_is_kept_is_in_the_journal_and_in_the_configuration(project, keep, tmp_path):
    settings = project(TEXT)
    entry = keep(settings, THREADS, ("server.replicas", 1, 2))
    assert (entry.id, entry.parent, entry.proven) == (1, 0, 1.8)
    text = (tmp_path / "surefoot.toml").read_text()
    assert text == TEXT.replace("threads = 4", "threads = 8").replace(
        "few\n", "few\nreplicas = 2\n"
    )
    told = json.loads((tmp_path / "surefoot.journal.jsonl").read_text())
    assert told["change"]["set"][1] == {
        "key": "server.replicas",
        "before": 1,
        "after": 2,
        "was_set": False,
        "stays_set": True,
    }
    assert "ann@example.org" not in json.dumps(told)
    assert names(tmp_path) == ["surefoot.journal.jsonl", "surefoot.toml"]


def test_what_is_dropped_leaves_the_configuration_alone(project, keep, tmp_path):
    settings = project(TEXT)
    keep(settings, THREADS, kept=False)
    assert (tmp_path / "surefoot.toml").read_text() == TEXT
    assert states(settings) == ["dropped"]


def test_a_revert_brings_the_file_back_to_the_letter(project, keep, facts, tmp_path):
    settings = project(TEXT)
    keep(settings, THREADS, ("server.replicas", 1, 2), ("database.main.pool_size", 5, 20))
    assert config.load(tmp_path, environ={}).config.database["main"].pool_size == 20
    with Journal.open(settings, exclusive=True) as journal:
        undone = journal.revert(1, facts)
    assert (undone.reverts, undone.parent) == (1, 1)
    assert (tmp_path / "surefoot.toml").read_text() == TEXT
    assert states(settings) == ["reverted", ""]


def test_a_revert_of_what_was_edited_by_hand_is_refused(project, keep, facts, tmp_path):
    settings = project(TEXT)
    keep(settings, THREADS)
    file = tmp_path / "surefoot.toml"
    file.write_text(file.read_text().replace("threads = 8", "threads = 12"))
    with (
        Journal.open(settings, exclusive=True) as journal,
        pytest.raises(RefusedError, match=r"server.threads is 12 in surefoot.toml, and change 1"),
    ):
        journal.revert(1, facts)
    assert "threads = 12" in file.read_text()
    assert states(settings) == ["not in force"]


def test_what_is_outside_or_in_the_code_is_recorded_and_taken_back(project, keep, facts):
    settings = project(TEXT)
    keep(settings, action=OutsideAction("CREATE INDEX i", "DROP INDEX i"), lever="add-index")
    keep(settings, action=CodeEdit("views.py", 41, "load the tags at once"), lever="eager-load")
    with Journal.open(settings, exclusive=True) as journal:
        assert journal.revert(1, facts).action.forward == "DROP INDEX i"
        assert journal.revert(2, facts).action.line == 41
    assert states(settings) == ["reverted", "reverted", "", ""]


def test_each_configuration_has_a_journal_of_its_own(project, tmp_path):
    assert journal_file(project()).name == "surefoot.journal.jsonl"
    (tmp_path / "staging.toml").write_text("")
    staging = config.load(tmp_path, environ={"SUREFOOT_CONFIG": "staging.toml"})
    assert journal_file(staging) == tmp_path / "staging.journal.jsonl"


def test_a_table_of_pyproject_is_changed_in_its_place(tmp_path, keep):
    text = (
        '[project]\nname = "shop"\n\n[tool.surefoot.server]\nthreads = 4\n\n[tool.other]\nx = 1\n'
    )
    (tmp_path / "pyproject.toml").write_text(text)
    settings = config.load(tmp_path, environ={})
    keep(settings, THREADS)
    assert journal_file(settings).name == "surefoot.journal.jsonl"
    assert (tmp_path / "pyproject.toml").read_text() == text.replace("= 4", "= 8")


def test_two_writers_at_once_are_refused_and_readers_are_not(project, keep):
    settings = project()
    with Journal.open(settings, exclusive=True) as journal:
        with pytest.raises(RefusedError, match=f"process {os.getpid()}"):
            Journal.open(settings, exclusive=True)
        assert Journal.open(settings).entries == ()
        assert journal.notes == ()
    keep(settings, THREADS)


def test_a_lock_that_a_killed_run_left_holds_nobody_up(project, keep, tmp_path):
    settings = project()
    program = f"""
        import os, signal, pathlib
        from surefoot import config
        from surefoot.toolbox.journal import Journal
        Journal.open(config.load(pathlib.Path({str(tmp_path)!r}), environ={{}}), exclusive=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=False)
    assert done.returncode == -9
    assert (tmp_path / "surefoot.journal.lock").exists()
    keep(settings, THREADS)
    assert not (tmp_path / "surefoot.journal.lock").exists()


def test_a_torn_line_is_passed_over_and_kept(project, keep, tmp_path):
    settings = project()
    keep(settings, THREADS)
    journal = tmp_path / "surefoot.journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + whole[:100])
    assert states(settings) == ["kept"]
    assert keep(settings, ("server.threads", 8, 16)).id == 2
    assert journal.read_bytes().startswith(whole + whole[:100] + b"\n")
    assert states(settings) == ["overtaken", "kept"]


def test_a_damaged_journal_is_refused_and_left_as_it_is(project, keep, tmp_path):
    settings = project()
    keep(settings, THREADS)
    journal = tmp_path / "surefoot.journal.jsonl"
    journal.write_bytes(b"oops\n" + journal.read_bytes())
    with pytest.raises(JournalError, match=r"surefoot.journal.jsonl, line 1 is no JSON"):
        keep(settings, ("server.threads", 8, 16))
    assert not (tmp_path / "surefoot.journal.lock").exists()
    assert config.load(tmp_path, environ={}).config.server.threads == 8


def test_a_value_that_is_not_allowed_changes_nothing(project, keep, tmp_path):
    settings = project(TEXT)
    with pytest.raises(ConfigError, match=r"server.threads is 0; allowed is a whole number"):
        keep(settings, ("server.threads", 4, 0))
    assert names(tmp_path) == ["surefoot.toml"]
    assert (tmp_path / "surefoot.toml").read_text() == TEXT


def test_a_lock_that_cannot_be_made_is_said(project, keep, tmp_path):
    settings = project(TEXT)
    (tmp_path / "surefoot.journal.lock").mkdir()
    with pytest.raises(OutputError, match="cannot be made or locked: Is a directory"):
        keep(settings, THREADS)
    assert (tmp_path / "surefoot.toml").read_text() == TEXT


FULL = """
    import pathlib, resource, sys
    sys.path.insert(0, {support!r})
    from decided import FACTS, make_change, make_verdict
    from surefoot import config
    from surefoot.errors import OutputError
    from surefoot.toolbox.journal import Journal
    import tomlkit
    settings = config.load(pathlib.Path({directory!r}), environ={{}})
    with Journal.open(settings, exclusive=True) as journal:
        resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
        change = make_change(("server.threads", 4, 8))
        try:
            journal.append(change, make_verdict(), kept=True, facts=FACTS)
        except OutputError as error:
            print(error)
"""


@pytest.mark.parametrize(
    ("limit", "file"), [(20, "surefoot.toml"), (400, "surefoot.journal.jsonl")]
)
def test_a_full_disk_leaves_both_as_they_were(project, keep, tmp_path, limit, file):
    settings = project(TEXT)
    keep(settings, ("server.replicas", 1, 2), kept=False)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    program = FULL.format(support=SUPPORT, directory=str(tmp_path), limit=limit)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{file} cannot be written: File too large; it is as it was" in done.stdout
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


CRASHES = """
    # One process for each event that the interpreter tells of: it ends before that happens.
    import os, pathlib, shutil, sys
    sys.path.insert(0, {support!r})
    from decided import FACTS, make_change, make_verdict
    from surefoot import config
    from surefoot.toolbox.journal import Journal
    import tomlkit

    clean, work = pathlib.Path({clean!r}), pathlib.Path({work!r})
    count = 0

    def change():
        settings = config.load(work, environ={{}})
        with Journal.open(settings, exclusive=True) as journal:
            journal.append(
                make_change(("server.threads", 4, 8), ("server.replicas", 1, 2)),
                make_verdict(), kept=True, facts=FACTS,
            )

    def crash(at):
        def hook(event, arguments):
            global count
            if event == "open" or event.startswith(("os.", "fcntl.")):
                count += 1
                if count == at:
                    {end}
        sys.addaudithook(hook)

    for at in range(1, 200):
        target = work.with_name(f"crash-{{at}}")
        shutil.copytree(clean, target)
        child = os.fork()
        if not child:
            work = target
            crash(at)
            try:
                change()
            except KeyboardInterrupt:
                os._exit(9)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            break
    print(at - 1)
"""


@pytest.mark.parametrize("end", ["os._exit(9)", "raise KeyboardInterrupt"])
def test_a_crash_at_any_moment_leaves_the_old_or_the_new_and_the_next_run_ends_it(
    project, keep, tmp_path, end
):
    clean = tmp_path / "clean"
    clean.mkdir()
    (clean / "surefoot.toml").write_text(TEXT)
    keep(config.load(clean, environ={}), ("slo.errors", 0.001, 0.002))
    old = (clean / "surefoot.toml").read_text()
    new = old.replace("threads = 4", "threads = 8").replace("few\n", "few\nreplicas = 2\n")
    program = CRASHES.format(
        support=SUPPORT, clean=str(clean), work=str(tmp_path / "work"), end=end
    )
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    crashes = int(done.stdout)
    assert crashes > 8
    seen = set()
    for at in range(1, crashes + 1):
        directory = tmp_path / f"crash-{at}"
        settings = config.load(directory, environ={})
        text = (directory / "surefoot.toml").read_text()
        said = states(settings)
        assert (text, said) in [
            (old, ["kept"]),
            (old, ["kept", "not in force"]),
            (new, ["kept", "kept"]),
        ]
        seen.add((text == new, len(said)))
        with Journal.open(settings, exclusive=True) as journal:
            assert len(journal.notes) == ((text == old) and len(said) == 2)
        assert states(settings) == ["kept"] * len(said)
        assert (directory / "surefoot.toml").read_text() == (new if len(said) == 2 else old)
        assert names(directory) == ["surefoot.journal.jsonl", "surefoot.toml"]
    assert seen == {(False, 1), (False, 2), (True, 2)}


LOOP = """
    import pathlib, sys
    sys.path.insert(0, {support!r})
    from decided import FACTS, make_change, make_verdict
    from surefoot import config
    from surefoot.toolbox.journal import Journal
    settings = config.load(pathlib.Path({directory!r}), environ={{}})
    with Journal.open(settings, exclusive=True) as journal:
        print("ready", flush=True)
        while True:
            change = make_change(("server.threads", 4, 8), ("server.replicas", 1, 2))
            entry = journal.append(change, make_verdict(), kept=True, facts=FACTS)
            journal.revert(entry.id, FACTS)
"""


def test_after_kill_9_at_a_random_moment_the_two_agree(project, tmp_path):
    settings = project(TEXT)
    program = LOOP.format(support=SUPPORT, directory=str(tmp_path))
    new = TEXT.replace("threads = 4", "threads = 8").replace("few\n", "few\nreplicas = 2\n")
    for _ in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE
        )
        assert process.stdout.readline() == b"ready\n"
        time.sleep(random.uniform(0, 0.1))
        process.kill()
        process.communicate()
        assert (tmp_path / "surefoot.toml").read_text() in {TEXT, new}
        with Journal.open(settings, exclusive=True) as journal:
            history, in_file = journal.history, journal.in_file()
        assert State.ABSENT not in {history.state(entry, in_file) for entry in history.entries}
        held = history.holders().get("server.threads")
        assert (tmp_path / "surefoot.toml").read_text() == (TEXT if held is None else new)
        left = names(tmp_path)
        # Killed before its first line was due, it has no journal yet.
        assert "surefoot.journal.jsonl" in left or not history.entries
        assert set(left) <= {"surefoot.journal.jsonl", "surefoot.toml"}


def test_what_a_factory_is_called_with_is_never_written_to_the_journal(project, keep, tmp_path):
    settings = project("[app.settings]\nsecret_key = 'hunter2'\n")
    with pytest.raises(UsageError, match=r"the lever threads cannot change app\.settings"):
        keep(settings, ("app.settings", None, "x"))
    assert names(tmp_path) == ["surefoot.toml"]


def test_what_killed_runs_left_beside_a_linked_file_of_any_name_is_cleared(tmp_path, keep):
    real = tmp_path / "real" / "shop*[1].toml"
    real.parent.mkdir()
    real.write_text(TEXT)
    (tmp_path / "shop.toml").symlink_to(real)
    settings = config.load(tmp_path, environ={"SUREFOOT_CONFIG": "shop.toml"})
    keep(settings, THREADS)
    after = real.read_text()
    entry = '{"v":1,"id":2,"parent":1,"at":"","kind":"change","kept":true,"change":{"set":['
    entry += '{"key":"server.threads","before":8,"after":16,"was_set":true,"stays_set":true}]}}\n'
    name = journal_file(settings).name
    with (real.parent / name).open("a") as journal:
        journal.write(entry)
    for mark in ("change-2", "change-9", "4711"):
        (real.parent / f".{real.name}.partial-{mark}").write_text("half a fi")
    with Journal.open(settings, exclusive=True) as opened:
        assert opened.notes == ("finished change 2, which was interrupted",)
    assert real.read_text() == after.replace("threads = 8", "threads = 16")
    assert names(real.parent) == sorted([real.name, name])
