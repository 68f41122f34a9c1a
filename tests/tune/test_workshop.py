"""What earlier runs and others decide about a project is known before anything is tried."""

from __future__ import annotations

import asyncio
import dataclasses
import sys

import pytest

from surefoot import config
from surefoot.core.journal import Facts, Host
from surefoot.core.proof import Outcome
from surefoot.errors import OutputError
from surefoot.toolbox.journal import Journal
from surefoot.toolbox.tune.rank import identity
from surefoot.toolbox.tune.workshop import Workshop, dropped_before, held_elsewhere

FACTS = Facts("code", "packages", 1000, Host("cpu", 2, 10**9, "Linux 6.1"))


@pytest.fixture
def project(tmp_path):
    (tmp_path / "surefoot.toml").write_text('[app]\ntarget = "shop:app"\n')
    return tmp_path


def workshop(directory, journal):
    flags = {"app.python": sys.executable}
    return Workshop(directory, flags, journal, FACTS, lambda _: None, asyncio.Event())


def test_a_kept_change_is_in_force_at_once_and_a_dropped_one_never(make, project):
    with Journal.open(config.load(project), exclusive=True) as journal:
        shop = workshop(project, journal)
        assert shop.record(make.change("replicas", 1.5, "server.replicas", 2), make.verdict()) == 1
        assert shop.settings.config.server.replicas == 2
        worse = make.verdict(Outcome.WORSE, 0.8)
        assert shop.record(make.change(), worse) == 2
        assert shop.settings.config.server.threads == 4
        assert [entry.kept for entry in journal.entries] == [True, False]


def test_what_was_dropped_on_the_same_code_is_refused_and_on_other_code_is_not(make, project):
    change = make.change()
    with Journal.open(config.load(project), exclusive=True) as journal:
        workshop(project, journal).record(change, make.verdict(Outcome.NO_DIFFERENCE, 1.0))
    again = Journal.open(config.load(project))
    assert "dropped as change 1" in dropped_before(again, FACTS)[identity(change)]
    assert "no-difference" in dropped_before(again, FACTS)[identity(change)]
    for other in (
        dataclasses.replace(FACTS, code="other"),
        dataclasses.replace(FACTS, dependencies="other"),
        dataclasses.replace(FACTS, host=Host("other", 2, 10**9, "Linux 6.1")),
    ):
        assert dropped_before(again, other) == {}


def test_a_proof_without_enough_pairs_is_no_decision(make, project):
    with Journal.open(config.load(project), exclusive=True) as journal:
        workshop(project, journal).record(make.change(), make.verdict(Outcome.INCONCLUSIVE))
    assert dropped_before(Journal.open(config.load(project)), FACTS) == {}


def test_keys_that_the_environment_or_a_flag_sets_are_held(project):
    environ = {"SUREFOOT_SERVER_THREADS": "8"}
    settings = config.load(project, environ=environ, flags={"slo.latency": "1s"})
    held = held_elsewhere(settings)
    assert held["server.threads"] == "environment"
    assert held["slo.latency"] == "flag"
    assert "app.target" not in held


def test_a_configuration_that_cannot_be_written_keeps_nothing(make, project, monkeypatch):
    with Journal.open(config.load(project), exclusive=True) as journal:
        shop = workshop(project, journal)
        before = (project / "surefoot.toml").read_bytes()

        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.write", full)
        with pytest.raises(OutputError):
            shop.record(make.change(), make.verdict())
        monkeypatch.undo()
        assert (project / "surefoot.toml").read_bytes() == before
        assert journal.entries == ()
        assert shop.settings.config.server.threads == 4


def test_a_variant_that_cannot_be_made_is_worse_and_says_why(make, project):
    (project / "shop.py").write_text("def app(environ, start_response):\n    return []\n")
    impossible = make.change("threads", 1.5, "server.threads", 9999)
    with Journal.open(config.load(project), exclusive=True) as journal:
        shop = workshop(project, journal)
        verdict = asyncio.run(shop.prove(impossible, 40.0))
        assert verdict.outcome is Outcome.WORSE
        assert "cannot be made" in verdict.why
        assert "server.threads" in verdict.why
        assert shop.record(impossible, verdict) == 1
        assert "threads" not in (project / "surefoot.toml").read_text()
