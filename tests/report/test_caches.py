"""What caches did, on the screen, in the document and on the page."""

from __future__ import annotations

import dataclasses

import pytest

from surefoot.core.records import ResourceUse, RouteUse
from surefoot.core.resources import Kind, Resource
from surefoot.core.worker import CacheTotal
from surefoot.toolbox.analysis.caches import cache_uses
from surefoot.toolbox.report.document import document
from surefoot.toolbox.report.page import page
from surefoot.toolbox.report.screen import screen

SHARED = CacheTotal("books", "shared", hits=1, stale=2, misses=4, computed=4, unanswered=1)
LOCAL = CacheTotal("books", "local", hits=90, misses=10, evictions=7, entries=3, bytes=33_000)


@pytest.fixture
def probes(build):
    spent = ResourceUse(Resource(Kind.CACHE, "books"), 4, 0.0, 0.002, 0.0)
    route = RouteUse("GET /", 4, 0, 0.1, 0.1, 0.4, 0.1, 0.0, 0.0, (spent,))
    second = CacheTotal("books", "shared", hits=1, misses=1)
    return (
        build.probe(1, caches=(SHARED, dataclasses.replace(LOCAL, entries=1)), routes=(route,)),
        build.probe(4, caches=(second, LOCAL), routes=(route,)),
    )


@pytest.fixture
def measurement(build, probes):
    return build.measurement(evidence={"probes": probes})


def test_probes_are_summed_and_what_is_kept_is_that_of_the_end(probes):
    local, shared = cache_uses(probes)
    assert (local.asked, local.hit_ratio, local.calls) == (200, 0.9, 0)
    assert (local.total.entries, local.total.bytes) == (3, 33_000)
    assert (shared.asked, shared.hit_ratio) == (10, 0.4)
    assert (shared.calls, shared.seconds) == (8, pytest.approx(0.004))


def test_the_document_has_them_by_name_and_tier(measurement):
    local, shared = document(measurement)["caches"]
    assert (local["name"], local["tier"], local["hit_ratio"]) == ("books", "local", 0.9)
    assert (local["entries"], local["bytes"], local["evictions"]) == (3, 33_000, 14)
    assert (shared["hits"], shared["stale"], shared["misses"], shared["computed"]) == (2, 2, 5, 4)
    assert (shared["unanswered"], shared["store_calls"], shared["store_ms"]) == (1, 8, 4.0)


def test_the_screen_has_a_line_for_each_tier(measurement):
    lines = [line.split() for line in screen(measurement).splitlines() if "books  " in line]
    assert lines == [
        ["books", "local", "200", "90.0%", "14", "3", "in", "33kB"],
        ["books", "shared", "10", "40.0%", "2", "4", "500us"],
    ]
    assert "1 without the store" in screen(measurement)


def test_the_page_has_a_table(measurement):
    shown = page(measurement)
    assert "<h2>Caches</h2>" in shown
    assert "90.0%" in shown


def test_without_a_cache_there_is_none_of_it(build):
    measurement = build.measurement()
    assert document(measurement)["caches"] == []
    assert "evicted" not in screen(measurement)
    assert "<h2>Caches</h2>" not in page(measurement)


def test_a_name_is_text_and_no_markup(build):
    total = CacheTotal('GET /<script>"', "memory", misses=1)
    shown = page(build.measurement(evidence={"probes": (build.probe(1, caches=(total,)),) * 2}))
    assert "<script>&#34;" not in shown
    assert "GET /&lt;script&gt;&#34;" in shown
