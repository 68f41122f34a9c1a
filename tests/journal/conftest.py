"""A project with a configuration, and changes that were decided."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import settings

from surefoot import config
from surefoot.core.journal import Facts
from surefoot.core.measures import Measure
from surefoot.core.proof import Answers, Difference, Outcome, Ratio, Verdict
from surefoot.core.records import Change, ConfigEdit
from surefoot.core.resources import Resource
from surefoot.toolbox.journal import Journal

settings.register_profile("surefoot", deadline=None)
settings.load_profile("surefoot")

FACTS = Facts(code="c0de", dependencies="deb5")


def make_change(*edits, lever="threads", action=None):
    return Change(
        lever=lever,
        where="server",
        relieves=Resource.parse("app.threads"),
        stage="server",
        action=action or tuple(ConfigEdit(*edit) for edit in edits),
        predicted_gain=1.9,
        how="more requests at once",
        arithmetic="",
    )


def make_verdict(outcome=Outcome.BETTER, value=1.8):
    return Verdict(
        outcome,
        Measure.CAPACITY,
        "the whole interval is above 1",
        ratios={Measure.CAPACITY: Ratio(value, value - 0.1, value + 0.1)},
        answers=Answers(9, 1, (Difference("GET /me", "body", "/mail", "ann@example.org", "-"),)),
    )


@pytest.fixture
def change():
    return make_change


@pytest.fixture
def verdict():
    return make_verdict


@pytest.fixture
def project(tmp_path):
    """Settings of a project whose configuration has this text."""

    def make(text="[server]\nthreads = 4\n", name="surefoot.toml"):
        (tmp_path / name).write_text(text)
        return config.load(tmp_path, environ={})

    return make


@pytest.fixture
def keep():
    """Keeps a change of keys, each ``(key, before, after)``; returns its entry."""

    def append(settings, *edits, kept=True, **more):
        with Journal.open(settings, exclusive=True) as journal:
            return journal.append(
                make_change(*edits, **more),
                make_verdict(Outcome.BETTER if kept else Outcome.NO_DIFFERENCE),
                kept=kept,
                facts=FACTS,
                evidence=["workers wait for the database"],
            )

    return append


@pytest.fixture
def surefoot(tmp_path):
    """Runs a command in the project's directory."""

    def run(*words, **environ):
        told = {k: v for k, v in os.environ.items() if not k.startswith("SUREFOOT_")}
        done = subprocess.run(
            [sys.executable, "-m", "surefoot", *words],
            cwd=tmp_path,
            env=told | environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return done

    return run


@pytest.fixture
def facts():
    return FACTS
