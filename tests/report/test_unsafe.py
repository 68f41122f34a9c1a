"""An application whose requests spoil each other's answers: that is told before any figure."""

from __future__ import annotations

import pytest

from surefoot.core.together import Together
from surefoot.toolbox.report.document import document
from surefoot.toolbox.report.page import page
from surefoot.toolbox.report.screen import screen

EXAMPLE = "GET /a, body line 1: 'Page 1' became 'Page 2'"


@pytest.fixture
def told(build):
    def rendered(together, **evidence):
        measurement = build.measurement({"together": together, **evidence})
        return screen(measurement), document(measurement)["together"], page(measurement)

    return rendered


def test_it_stands_above_everything_with_what_to_do(told):
    text, data, html = told(Together(4, 60, 2, 3, EXAMPLE))
    assert text.startswith("WRONG ANSWERS: with 4 requests at a time 2 of 60 answers are wrong")
    assert "set threads = 1 under [server]" in " ".join(text.split())
    assert data == {
        "population": 4, "compared": 60, "differing": 2, "failed": 3, "example": EXAMPLE,
        "safe": False,
    }  # fmt: skip
    assert "Wrong answers" in html
    assert "Page 2" in html


def test_in_an_event_loop_threads_are_not_to_blame(told):
    text, _, html = told(Together(32, 60, 2), interface="asgi")
    assert "threads" not in text.partition("capacity")[0]
    assert "an event loop has several of them under way" in html


@pytest.mark.parametrize("together", [None, Together(4, 60)])
def test_what_is_safe_or_was_not_tried_is_not_warned_of(told, together):
    text, data, html = told(together)
    assert "WRONG" not in text
    assert "Wrong answers" not in html
    assert (data is None) == (together is None)
