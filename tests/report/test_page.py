"""The page says what was measured, whatever was measured, and lets nothing through."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import math
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from surefoot.core.records import Capacity, Finding, Slo, StackSample, Station
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.report.page import page
from surefoot.toolbox.report.validity import Origin

ORIGIN = Origin(datetime(2026, 11, 21, 4, 0, tzinfo=UTC), "3.12.1", "Linux x86_64")
HOSTILE = "</script></style><img src=x onerror=alert(1)>\"'&{{ 7 * 7 }}"
VOID = {"meta", "link", "img", "input", "br", "hr"}


class Reader(HTMLParser):
    """What a browser would see: words, elements, and whether they are closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            self.scripts.append(data)
        elif self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\N{NO-BREAK SPACE}", " ").split())


def read(measurement) -> Reader:
    reader = Reader()
    reader.feed(page(measurement, ORIGIN))
    reader.close()
    assert reader.open == []
    return reader


def test_the_headline_says_capacity_interval_promise_and_bottleneck(build):
    text = read(build.measurement()).text
    assert (
        "It serves 96 requests a second (the limit lies between 92 and 100) and keeps its promise: "
        "99 of 100 answers within 250 ms, at most 0.1 % errors. What limits it is the "
        "application's Python code." in text
    )
    assert "Sure: first in 97 % of 1,000 resamples of this run" in text


def test_every_change_shows_gain_place_reason_risk_and_what_to_do(build):
    text = read(build.measurement()).text
    for said in (
        "\N{MULTIPLICATION SIGN}1.50",
        "eager-load shop/views.py:4",
        "Why: 2 become 1",
        "Mind: it may not help",
        "server.replicas = 2",
        "was 1",
        "CREATE INDEX i ON b (c)",
        "DROP INDEX i",
    ):
        assert said in text


def test_evidence_names_statement_file_and_line(build):
    reader = read(build.measurement())
    assert "80 times SELECT name FROM author at shop/views.py:4 shop/views.py:4" in reader.text


def test_prediction_and_outcome_stand_side_by_side(build):
    text = read(build.measurement()).text
    assert "highest rate that keeps the SLO 100/s 96/s (92/s to 100/s) +4 % within 20 %" in text
    assert "most it completes however much is offered 120/s 150/s -20 % within 20 %" in text


def test_a_difference_that_the_model_cannot_explain_is_said(build):
    text = read(build.measurement(unexplained=0.43)).text
    assert "Unexplained: near the capacity the workers used +43 % CPU" in text


def test_a_capacity_above_what_was_completed_at_most_is_doubted(build):
    points = (build.point(92), build.point(99, "fail", beyond=True, completed=800))
    assert "measure again" in read(build.measurement({"points": points})).text


def test_the_validity_box_tells_how_it_was_measured(build):
    text = read(build.measurement()).text
    for said in (
        "A valid run",
        "Flask (WSGI)",
        "1 x 4 threads",
        "2 cores, Linux x86_64",
        "one at a time: 400 requests in 4 blocks of a second",
        "4, of 920 to 1,500 requests each",
        "on Python 3.12.1",
        "other programs kept 1.0 of 2 cores busy",
        "surefoot measure shop.wsgi:application --slo 250ms --quantile 0.99",
        "--replicas 1 --threads 4 --html report.html",
    ):
        assert said in text


def test_the_command_to_repeat_it_survives_a_shell(build):
    reader = read(build.measurement({"target": "shop.app:create_app('a b')"}))
    assert """surefoot measure 'shop.app:create_app('"'"'a b'"'"')'""" in reader.text


def test_what_ran_already_is_repeated_by_its_address(build):
    run = {"interface": "url", "target": "http://127.0.0.1:8000", "framework": ""}
    text = read(build.measurement(run)).text
    assert "surefoot measure --url http://127.0.0.1:8000 --slo 250ms" in text
    assert "--replicas" not in text


def test_names_that_are_no_text_do_not_keep_the_page_from_being_written(build, tmp_path):
    finding = Finding("caf\udce9.py is slow", "caf\udce9.py", 3, 0.5)
    text = page(build.measurement(findings=(finding,)), ORIGIN)
    (tmp_path / "report.html").write_text(text, encoding="utf-8")
    assert "caf?.py:3" in text


def test_an_invalid_run_is_said_before_anything_else(build):
    reader = read(build.measurement(valid=False, why_invalid="the generator lagged"))
    assert reader.text.index("Invalid run") < reader.text.index("Capacity")
    assert "An invalid run" in reader.text
    assert "A valid run" not in reader.text


def test_an_interrupted_run_is_said_before_anything_else(build):
    reader = read(build.measurement(interrupted=True))
    assert reader.text.index("Interrupted") < reader.text.index("Capacity")


def test_a_capacity_that_a_lower_quantile_decided_is_said_before_anything_else(build):
    points = (build.point(92, judged=0.5, p99=0.35), build.point(100, "fail"))
    text = read(build.measurement({"points": points})).text
    assert text.index("Judged by p50") < text.index("Capacity")
    assert "to judge p99 at 92/s; p99 was 350 ms there" in text
    assert "keeps its promise, as far as p50 can tell" in text


def test_no_capacity_is_said_plainly_and_resources_are_still_compared(build):
    text = read(build.measurement(capacity=Capacity(0.0, 0.0, 55.0))).text
    assert "No rate that was tried keeps the promise" in text
    assert "even 55/s was too much" in text
    assert "when the tightest is used up" in text
    assert "0 % busy" not in text


def test_resources_that_cannot_be_told_apart_are_named(build):
    text = read(build.measurement(also=(build.database,), confidence=0.6)).text
    assert "Not quite sure: first in 60 %" in text
    assert "cannot be told from db.cpu" in text


def test_a_bottleneck_behind_the_tightest_resource_is_explained(build):
    host = Station(Resource(Kind.HOST_CPU), 0.01, 1.0, 0.9)
    text = read(build.measurement(stations=(host, Station(build.cpu, 0.008, 1.0, 0.7)))).text
    assert "host.cpu is the tightest, and app.cpu uses most of it" in text


EMPTY = {
    "one point": ({"points": ()}, {}),
    "no stacks": ({"probes": ()}, {}),
    "no sampling": ({"probes": (), "sampled": 0.0}, {}),
    "no resources": ({}, {"stations": (), "bottleneck": None, "confidence": 0.0}),
    "no routes": ({}, {"routes": ()}),
    "no changes": ({}, {"changes": ()}),
    "no evidence": ({}, {"findings": ()}),
    "no notes": ({}, {"notes": ()}),
    "no prediction": ({}, {"predicted_slo": 0.0, "predicted_saturation": 0.0, "curve": ()}),
    "a black box": (
        {"interface": "url", "framework": "", "probes": (), "slots": 0, "pool_size": 0},
        {"stations": (), "routes": (), "bottleneck": None, "changes": (), "findings": ()},
    ),
    "nothing at all": (
        {"points": (), "probes": (), "sampled": 0.0, "notes": ()},
        {
            "capacity": Capacity(0.0, 0.0, 0.0),
            "stations": (),
            "routes": (),
            "bottleneck": None,
            "changes": (),
            "findings": (),
            "curve": (),
        },
    ),
    "infinite": (
        {},
        {
            "capacity": Capacity(10.0, 10.0, 10.0),
            "predicted_saturation": math.inf,
            "stations": (Station(Resource(Kind.DB_WAIT), 0.0, 1.0, 0.0),),
            "curve": ((1.0, math.inf, math.inf), (2.0, 0.1, math.inf)),
        },
    ),
}


@pytest.mark.parametrize(("evidence", "diagnosis"), EMPTY.values(), ids=EMPTY.keys())
def test_what_is_missing_leaves_a_whole_page(build, evidence, diagnosis):
    reader = read(build.measurement(evidence, **diagnosis))
    for title in ("What to try first", "Latency against rate", "Resources", "Routes", "Evidence"):
        assert title in reader.text
    for nothing in ("nan", "inf ", "None"):
        assert nothing not in reader.text


def test_answers_that_never_came_are_drawn_and_told(build):
    lost = build.point(40, "fail", p99=math.inf, quantile=math.inf, low=0.3, high=math.inf)
    assert "no answer" in read(build.measurement({"points": (lost,)})).text


def test_routes_beyond_a_dozen_are_kept_in_a_table(build):
    routes = tuple(build.route(f"GET /route-{k}", share=1 / 40) for k in range(40))
    reader = read(build.measurement(routes=routes))
    assert "28 more routes" in reader.text
    assert all(f"GET /route-{k}" in reader.text for k in range(40))


def test_routes_with_most_of_the_bottlenecks_work_come_first(build):
    routes = (
        build.route("GET /often-cheap", share=0.9, demands=((build.cpu, 0.001),)),
        build.route("GET /rare-dear", share=0.1, demands=((build.cpu, 0.1),)),
    )
    text = read(build.measurement(routes=routes)).text
    assert text.index("GET /rare-dear") < text.index("GET /often-cheap")
    assert "92 % of the work on app.cpu" in text


def test_flame_graphs_are_drawn_for_all_routes_and_for_the_four_seen_most(build):
    stacks = tuple(
        StackSample(1, f"GET /r{k}", "cpu", ("shop/views.py:v",), "shop/views.py:1", k)
        for k in range(1, 8)
    )
    reader = read(build.measurement({"probes": (build.probe(stacks=stacks),)}))
    tabs = [attributes for tag, attributes in reader.elements if tag == "input"]
    assert len(tabs) == 5
    assert "GET /r7 7" in reader.text
    assert "GET /r3 3" not in reader.text


def test_threads_that_served_no_request_are_not_in_the_flame_graph(build):
    assert "all routes 87" in read(build.measurement()).text


def test_hostile_names_stay_text(build):
    stack = StackSample(1, HOSTILE, "cpu", (f"shop/{HOSTILE}.py:f",), "shop/x.py:1", 9)
    change = dataclasses.replace(build.changes()[2], how=HOSTILE, where=HOSTILE, lever=HOSTILE)
    http = Resource(Kind.HTTP, HOSTILE)
    hostile = build.measurement(
        {"target": HOSTILE, "framework": HOSTILE, "probes": (build.probe(stacks=(stack,)),)},
        routes=(build.route(HOSTILE, demands=((http, 0.1),), findings=(Finding(f"`{HOSTILE}`"),)),),
        findings=(Finding(HOSTILE, HOSTILE, 3, 0.5),),
        stations=(Station(http, 0.1, 1.0, 0.5),),
        bottleneck=http,
        changes=(change,),
        notes=(HOSTILE,),
        valid=False,
        why_invalid=HOSTILE,
    )
    reader = read(hostile)
    assert not [tag for tag, _ in reader.elements if tag == "img"]
    assert len([tag for tag, _ in reader.elements if tag == "script"]) == 1
    assert not [
        name for _, attributes in reader.elements for name in attributes if name[:2] == "on"
    ]
    assert "{{ 7 * 7 }}" in reader.text


def test_nothing_outside_the_page_is_asked_for(build):
    reader = read(build.measurement())
    for tag, attributes in reader.elements:
        for name in ("src", "href", "action", "data", "srcset", "xlink:href"):
            target = attributes.get(name)
            assert target in {None, "data:,"}, (tag, name, target)
    assert "@import" not in page(build.measurement())


def test_the_policy_allows_the_pages_own_script_and_nothing_else(build):
    reader = read(build.measurement())
    policy = next(
        attributes["content"]
        for tag, attributes in reader.elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    (script,) = reader.scripts
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert f"script-src 'sha256-{digest}'" in policy


def test_every_picture_has_a_text_of_its_own(build):
    for tag, attributes in read(build.measurement()).elements:
        if tag == "svg" and attributes.get("role") == "img":
            assert attributes["aria-label"]


def test_only_colours_that_the_style_knows_are_used(build):
    every = tuple((Resource(kind), 0.001) for kind in Kind)
    text = page(build.measurement(routes=(build.route("GET /", demands=every),)), ORIGIN)
    style = text[text.index("<style>") : text.index("</style>")]
    used = set(re.findall(r"\b(k-[a-z-]+|o-[a-z]+)\b", text[text.index("</style>") :]))
    assert len([name for name in used if name.startswith("k-")]) == len(Kind)
    assert not [name for name in used if f".{name} " not in style]


@pytest.mark.parametrize(
    ("quantile", "said"),
    [(0.99, "99 of 100"), (0.999, "999 of 1,000"), (0.5, "50 of 100"), (0.95, "95 of 100")],
)
def test_a_quantile_is_said_in_answers(build, quantile, said):
    assert f"{said} answers" in read(build.measurement(slo=Slo(quantile=quantile))).text
