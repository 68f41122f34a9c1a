"""A project with a configuration, and changes that were decided."""

from __future__ import annotations

import functools

import pytest
from hypothesis import settings

from command import run_surefoot
from decided import FACTS, make_change, make_verdict
from surefoot import config
from surefoot.core.proof import Outcome
from surefoot.toolbox.journal import Journal

settings.register_profile("surefoot", deadline=None)
settings.load_profile("surefoot")


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
    return functools.partial(run_surefoot, tmp_path)


@pytest.fixture
def facts():
    return FACTS
