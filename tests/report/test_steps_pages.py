"""The pages of a proof, a tune and a plan: what they say, and how a browser takes them."""

from __future__ import annotations

import dataclasses
import random
from datetime import UTC, date, datetime
from types import MappingProxyType

import pytest

from surefoot.core.ab import Question, judge
from surefoot.core.measures import Measure
from surefoot.core.proof import Answers, Difference, Outcome, Pair, Side, Verdict
from surefoot.core.records import Capacity, CodeEdit, ConfigEdit, Finding
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.plan.arithmetic import Wanted
from surefoot.toolbox.plan.connections import Room
from surefoot.toolbox.plan.measured import from_document
from surefoot.toolbox.plan.plan import make_plan
from surefoot.toolbox.report.document import document
from surefoot.toolbox.report.pairs_plot import closing, pairs_plot
from surefoot.toolbox.report.plan_page import plan_page
from surefoot.toolbox.report.prove_page import prove_page
from surefoot.toolbox.report.tune_page import tune_page
from surefoot.toolbox.report.validity import Origin
from surefoot.toolbox.tune.run import Tuned
from surefoot.toolbox.tune.state import Found, Goal, Skipped, State, Step, Stopped

ORIGIN = Origin(datetime(2026, 11, 21, 4, 0, tzinfo=UTC), "3.12.1", "Linux x86_64")
HOSTILE = "</style><img src=x onerror=alert(1)>\"'&{{ 7 * 7 }}"
ASKED = Question(on=(Measure.CAPACITY,))
SCRIPTS = {
    "overflowing": """
[...document.querySelectorAll('main, main *')].filter((node) => {
  if (node.closest('.scroll, pre, svg') || !node.getClientRects().length) return false;
  const box = node.getBoundingClientRect();
  return box.right > document.documentElement.clientWidth + 1 || box.left < -1;
}).map((node) => node.tagName + '.' + node.className)
""",
    "words that are cut": """
[...document.querySelectorAll('svg.plot')].filter((svg) => svg.getClientRects().length)
  .flatMap((svg) => {
    const [, , width, height] = svg.getAttribute('viewBox').split(' ').map(Number);
    return [...svg.querySelectorAll('text')].filter((text) => {
      const box = text.getBBox();
      return box.x < -1 || box.y < -1 || box.x + box.width > width + 1
        || box.y + box.height > height + 1;
    }).map((text) => text.textContent);
  })
""",
}


def pairs(gain, count=8, noise=0.03):
    chance = random.Random(count)

    def side(factor):
        rate = 200 * factor * (1 + chance.gauss(0, noise))
        return Side(
            requests=200,
            completed=200,
            rate=rate,
            errors=0,
            cpu=1.2,
            p95=8 / rate,
            neighbours=0.05,
        )

    return tuple(Pair(side(1.0), side(gain), bool(k % 2)) for k in range(count))


def verdict(taken, **changes):
    judgement = judge(ASKED, taken, final=True)
    found = Verdict(
        outcome=judgement.outcome,
        decided_on=judgement.decided_on,
        why=judgement.why,
        ratios=judgement.ratios,
        pairs=taken,
        answers=Answers(5120, 0),
        seconds=44.0,
        noise=judgement.noise,
    )
    return dataclasses.replace(found, **changes)


def wrong(text="two replicas count apart"):
    return verdict(
        (),
        outcome=Outcome.WRONG_ANSWERS,
        why="3 of 5,120 answers differ",
        ratios=MappingProxyType({}),
        answers=Answers(5120, 3, (Difference("GET /visits", "body", "/count", "17", text),)),
        findings=(Finding(f"VISITS is kept in the process: {text}", "shop/visits.py", 12),),
    )


def tuned(build, verdicts, *, name="shop.wsgi:application", stopped=Stopped.EDITS_LEFT):
    first = build.changes()[1]
    config = tuple(
        dataclasses.replace(
            first, lever=f"{first.lever}-{k}", action=(ConfigEdit(f"server.key_{k}", 1, name),)
        )
        for k in range(len(verdicts) + 1)
    )
    steps = tuple(Step(config[k], found, k + 2) for k, found in enumerate(verdicts))
    kept = sum(step.kept for step in steps)
    founds = tuple(
        Found(
            Capacity(96.0 * 1.4**k, 92.0 * 1.4**k, 100.0 * 1.4**k),
            build.cpu,
            (*config, *build.changes()),
        )
        for k in range(kept + 1)
    )
    state = State(Goal(500.0, 600.0), found=founds, fresh=True, steps=steps)
    return Tuned(state, stopped, seconds=412.0)


def planned(build, *, runs=1, growth=0.15, **evidence):
    documents = []
    for count in range(1, runs + 1):
        found = document(build.measurement(evidence))
        rate = 96.0 * count / (1 + 0.05 * (count - 1))
        found["replicas"] = count
        found["capacity"] = {"rps": rate, "low": rate * 0.96, "high": rate * 1.04}
        documents.append(from_document(found, f"{count}.json"))
    room = Room(40, 3, "asked of the database")
    wanted = Wanted(2000.0, most_connections=40)
    return make_plan(documents, wanted, room, growth, date(2026, 11, 21))


def prove(taken, **changes):
    return prove_page(
        verdict(taken, **changes), ASKED, target="shop", variant="threads 4 -> 8", origin=ORIGIN
    )


PAGES = {
    "better": lambda _: prove(pairs(1.4)),
    "one pair": lambda _: prove(pairs(1.4, 1)),
    "far apart": lambda _: prove(pairs(40.0)),
    "many pairs": lambda _: prove(pairs(1.0, 60, 0.01)),
    "wrong": lambda _: prove_page(wrong(), ASKED, target="s", variant="v", origin=ORIGIN),
    "walk": lambda b: tune_page(
        tuned(b, [verdict(pairs(1.4)), wrong(), verdict(pairs(1.0, 14)), verdict(pairs(1.3))]),
        "shop",
        ORIGIN,
    ),
    "long names": lambda b: tune_page(
        tuned(b, [wrong("x" * 300)], name="granian" * 30), "package" * 12, ORIGIN
    ),
    "nothing tried": lambda b: tune_page(tuned(b, []), "shop", ORIGIN),
    "plan": lambda b: plan_page(planned(b), ORIGIN),
    "curve": lambda b: plan_page(planned(b, runs=5, growth=0.0), ORIGIN),
}


@pytest.fixture(params=PAGES.values(), ids=PAGES.keys())
def written(request, build, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(request.param(build), encoding="utf-8")
    return path


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_sticks_out_and_no_word_is_cut(browser, written, width):
    browser.open(written, width)
    browser.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert {name: browser.evaluate(script) for name, script in SCRIPTS.items()} == {
        name: [] for name in SCRIPTS
    }
    assert browser.happened("Log.entryAdded", "Runtime.exceptionThrown") == []
    asked = {e["request"]["url"][:5] for e in browser.happened("Network.requestWillBeSent")}
    assert asked <= {"file:", "data:"}


def test_the_walk_tells_predicted_beside_proven_and_what_was_dropped(build):
    page = tune_page(tuned(build, [verdict(pairs(1.4)), wrong()]), "shop", ORIGIN)
    for said in (
        "\N{MULTIPLICATION SIGN}1.50",  # predicted
        "\N{MULTIPLICATION SIGN}1.4",  # proven
        "Wrong answers",
        "dropped",
        "kept",
        "change 2 of the journal",
        "shop/visits.py:12",
        "CREATE INDEX i ON b (c)",
        "DROP INDEX i",
        "From 96/s to 134/s",
    ):
        assert said in page


def test_what_was_skipped_is_told_with_its_reason(build):
    state = tuned(build, []).state
    refused = {
        (skipped.lever, tuple((e.key, str(e.before), str(e.after)) for e in skipped.action)): "no"
        for skipped in state.candidates
    }
    state = dataclasses.replace(state, refused=refused)
    assert all(isinstance(one, Skipped) for one in state.skipped)
    assert "Not tried" in tune_page(Tuned(state, Stopped.EDITS_LEFT), "shop", ORIGIN)


def test_a_plan_that_does_not_fit_says_so_at_the_top(build):
    waits = build.route("GET /", demands=((build.cpu, 0.01), (Resource(Kind.DB_WAIT), 0.01)))
    found = document(build.measurement(routes=(waits,)))
    run = from_document(found, "x.json")
    room, wanted = Room(40, 3, "given"), Wanted(2000.0, most_connections=40)
    page = plan_page(make_plan([run], wanted, room, 0.0, date(2026, 11, 21)), ORIGIN)
    assert "Too many connections" in page
    assert "max_connections" in page


def test_no_text_of_an_application_becomes_markup(build):
    change = dataclasses.replace(
        build.changes()[1], lever=HOSTILE, how=HOSTILE, risk=HOSTILE, where=HOSTILE
    )
    edit = dataclasses.replace(change, action=CodeEdit(HOSTILE, 1, HOSTILE, HOSTILE))
    found = Found(Capacity(96.0, 92.0, 100.0), build.cpu, (change, edit))
    state = State(
        Goal(500.0, 600.0), found=(found,), fresh=True, steps=(Step(change, wrong(HOSTILE)),)
    )
    pages = [
        tune_page(Tuned(state, Stopped.FAILED, HOSTILE), HOSTILE, ORIGIN),
        prove_page(wrong(HOSTILE), ASKED, target=HOSTILE, variant=HOSTILE, origin=ORIGIN),
    ]
    for page in pages:
        assert "<img" not in page
        assert page.count("</style>") == 1
        assert "{{ 7 * 7 }}" in page


def test_the_band_is_what_was_known_after_each_pair():
    taken = pairs(1.4, 9)
    known = closing(taken, Measure.CAPACITY, ASKED)
    assert known[0] is None
    assert known[-1] == judge(ASKED, taken).ratios[Measure.CAPACITY]
    reach = [ratio.high / ratio.low for ratio in known if ratio]
    assert reach[-1] < reach[0]


def test_pairs_without_a_figure_draw_nothing():
    assert pairs_plot((), Measure.CAPACITY, ASKED, "none") == {}
    assert pairs_plot(pairs(1.0), Measure.MEMORY, ASKED, "none") == {}
