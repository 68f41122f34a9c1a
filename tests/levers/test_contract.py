"""Every lever that is built in keeps the contract."""

import dataclasses
import re
import subprocess
from pathlib import Path

import pytest

from diagnosed import case_of, reads, statements, waits
from surefoot.core.function import Function
from surefoot.core.measures import Measure
from surefoot.core.records import Reusable
from surefoot.core.worker import POSSIBLE, POSSIBLE_UNHEARD, CacheTotal
from surefoot.testing import LeverContract
from surefoot.toolbox.levers import (
    LEVERS,
    add_index,
    background_task,
    blocking_call,
    cache_response,
    cache_result,
    compression,
    eager_load,
    gc_freeze,
    keep_alive,
    local_tier,
    pool_size,
    preload_group,
    replicas,
    server,
    shared_state,
    threads,
)

SCAN = "SELECT title FROM book WHERE book.title_key LIKE ? LIMIT ?"
BUSY = {"cpu": 0.010}
IDLE = {"cpu": 0.001, "outside": 0.099}


class TestThreads(LeverContract):
    lever = threads

    def cases(self):
        pooled = case_of(**IDLE, uses=[waits("http.prices:9001", 0.099)], pool=4, held=0.001)
        return [case_of(**IDLE), pooled]

    def strangers(self):
        return [case_of(**BUSY), case_of(**IDLE, interface="asgi", slots=32)]


class TestReplicas(LeverContract):
    lever = replicas

    def cases(self):
        return [
            case_of(**BUSY),
            case_of(**BUSY, memory=10**9, probe={"memory": 60_000_000}),
        ]

    def strangers(self):
        return [
            case_of(**BUSY, replicas=2),
            case_of(**BUSY, memory=10_000_000, probe={"memory": 60_000_000}),
        ]

    # Each would keep its own, and a write through one be unknown to the other.
    def test_several_share_the_answers_that_one_kept_in_its_memory(self):
        kept = {"cache.response[GET /a].ttl": 5.0, "cache.response[GET /a].everybody": False}
        asked = [
            case_of(keys, **BUSY)
            for keys in (kept, {**kept, "cache.url": "memory://?max_bytes=1MB"}, {})
        ]
        edits = [self._changes(case)[0].action for case in asked]
        assert [[edit.key for edit in each] for each in edits] == [
            ["cache.url", "server.replicas"], ["cache.url", "server.replicas"], ["server.replicas"]
        ]  # fmt: skip
        assert edits[1][0].before == "memory://?max_bytes=1MB"
        assert edits[1][0].after == "sqlite:///responses.db"

    def test_those_that_share_a_store_already_go_on_sharing_it(self):
        keys = {"cache.response[GET /a].ttl": 5.0, "cache.url": "redis://cache"}
        (change,) = self._changes(case_of(keys, **BUSY))
        assert [edit.key for edit in change.action] == ["server.replicas"]


class TestServer(LeverContract):
    lever = server

    def cases(self):
        return [case_of(cpu=0.0003, server_cpu=0.0002)]

    def strangers(self):
        return [
            case_of(cpu=0.0003, server_cpu=0.0002, server="granian"),
            case_of(cpu=0.0003, server_cpu=0.0002, interface="asgi", slots=32),
            case_of(cpu=0.010, server_cpu=0.0002),
            case_of({"server.workers": 2}, cpu=0.0003, server_cpu=0.0002),
        ]


class TestKeepAlive(LeverContract):
    lever = keep_alive

    def cases(self):
        return [case_of({"server.keep_alive": 0.0}, cpu=0.0003, server_cpu=0.0003)]

    def strangers(self):
        return [
            case_of(cpu=0.0003, server_cpu=0.0003),
            case_of({"server.keep_alive": 0.0}, cpu=0.0003, server_cpu=0.0003, server=""),
        ]


class TestGcFreeze(LeverContract):
    lever = gc_freeze

    def cases(self):
        return [case_of(cpu=0.010, probe={"collecting": 0.1})]

    def strangers(self):
        return [
            case_of(cpu=0.010, probe={"collecting": 0.001}),
            case_of({"server.gc_freeze": True}, cpu=0.010, probe={"collecting": 0.1}),
        ]


class TestPreloadGroup(LeverContract):
    lever = preload_group

    def cases(self):
        memory = {"memory": 120_000_000}
        return [
            case_of({"server.replicas": 2}, **BUSY, replicas=2, probe=memory),
            case_of(
                {"server.replicas": 2, "server.gc_freeze": True}, **BUSY, replicas=2, probe=memory
            ),
        ]

    def strangers(self):
        memory = {"memory": 120_000_000}
        return [
            case_of(**BUSY, probe=memory),
            case_of({"server.replicas": 2}, **BUSY, replicas=2, server="granian", probe=memory),
            case_of({"server.replicas": 2}, **BUSY, replicas=2),
        ]


class TestCompression(LeverContract):
    lever = compression

    def cases(self):
        return [case_of(**BUSY, sizes=(20_000.0, 5_000.0))]

    def strangers(self):
        return [
            case_of(**BUSY),
            case_of(**BUSY, sizes=(20_000.0, 19_000.0)),
            case_of({"response.compress": True}, **BUSY, sizes=(20_000.0, 5_000.0)),
        ]


class TestPoolSize(LeverContract):
    lever = pool_size

    def cases(self):
        held = {"cpu": 0.001, "other": 0.020, "held": 0.021, "pool": 1}
        return [
            case_of(**held),
            case_of({"database.default.pool_size": 1}, **held),
            case_of({"database.shop.pool_size": 1}, **held),
        ]

    def strangers(self):
        return [case_of(**BUSY), case_of(cpu=0.010, other=0.001, held=0.001, pool=4)]


class TestEagerLoad(LeverContract):
    lever = eager_load

    def cases(self):
        stacks = [("driver", "shop.py:7", 80), ("cpu", "shop.py:90", 20)]
        return [
            case_of(cpu=0.012, db_cpu=0.001, uses=[statements(80, 0.0000125)], stacks=stacks),
            case_of(
                cpu=0.012, other=0.010, uses=[statements(80, 0.000125, "db.wait")], stacks=stacks,
                lines=[("shop.py:7", "    return [book.author.name for book in books]")],
            ),
        ]  # fmt: skip

    def strangers(self):
        return [case_of(**BUSY), case_of(cpu=0.012, db_cpu=0.001, uses=[statements(1, 0.001)])]


class TestAddIndex(LeverContract):
    lever = add_index

    def cases(self):
        return [
            case_of(cpu=0.002, db_cpu=0.020, uses=[statements(1, 0.020, what=SCAN)]),
            case_of(cpu=0.002, other=0.020, uses=[statements(1, 0.020, "db.wait", SCAN)]),
        ]

    def strangers(self):
        return [case_of(**BUSY), case_of(cpu=0.012, db_cpu=0.0001, uses=[statements(1, 0.0001)])]


class TestBackgroundTask(LeverContract):
    lever = background_task

    def cases(self):
        use = [waits("smtp.localhost:25", 0.060)]
        line = [("shop.py:21", "    send_mail(order.email, text)")]
        return [
            case_of(cpu=0.002, outside=0.060, uses=use),
            case_of(cpu=0.002, outside=0.060, uses=use, lines=line),
        ]

    def strangers(self):
        return [case_of(**BUSY), case_of(**IDLE, uses=[waits("http.prices:9001", 0.099)])]


class TestBlockingCall(LeverContract):
    lever = blocking_call

    def cases(self):
        stands = {
            "cpu": 0.002, "other": 0.020, "loop": 0.022, "interface": "asgi", "slots": 32,
            "stacks": [("wait", "shop.py:50", 90), ("cpu", "shop.py:60", 10)],
        }  # fmt: skip
        line = [("shop.py:50", "    price = requests.get(url, timeout=2)")]
        return [case_of(**stands), case_of(**stands, lines=line)]

    def strangers(self):
        return [case_of(**BUSY), case_of(cpu=0.002, other=0.020, interface="asgi", slots=32)]


def asked_again(share, kept=4, why="", **alike):
    """What was seen of the only route: this share of its requests finds a kept answer."""
    curve = ((8, share / 2), (16384, share))
    return {"reusable": (Reusable("GET /", 4, kept, why, curve, **alike),)}


class TestCacheResponse(LeverContract):
    lever = cache_response

    def cases(self):
        return [
            case_of(**BUSY, **asked_again(0.9)),
            case_of(**BUSY, **asked_again(0.9, kept=3, why="it carries a session")),
            case_of(**BUSY, replicas=2, **asked_again(0.9)),
            case_of({"cache.url": "redis://cache"}, **BUSY, replicas=2, **asked_again(0.9)),
            case_of(cpu=0.002, db_cpu=0.004, uses=[statements(3, 0.0013)], **asked_again(0.9)),
            case_of(**BUSY, **asked_again(0.9, alike=40, users=2)),
            case_of(**BUSY, **asked_again(0.9, kept=3, why="its status is 404", alike=40, users=2)),
        ]

    def strangers(self):
        return [
            case_of(**BUSY),
            case_of(**BUSY, **asked_again(0.9, kept=1, why="the session was read")),
            case_of(**BUSY, **asked_again(0.9, kept=0, why="it carries a session")),
            # To look it up costs as much as to make it.
            case_of(cpu=0.00003, **asked_again(0.9)),
            case_of(cpu=0.00005, **asked_again(1e-9)),
        ]

    def test_half_of_the_requests_spared_is_twice_the_rate_where_they_are_all_there_is(self):
        case = case_of(cpu=0.020, reusable=(Reusable("GET /", 4, 4, "", ((8, 0.5), (16, 0.5))),))
        change = next(iter(cache_response.steps(case))).change("cache-response", case.model)
        assert change.predicted_gain == pytest.approx(2.0, rel=0.03)

    def test_it_takes_the_shortest_life_that_nearly_does_it(self):
        alike = case_of(**BUSY, reusable=(Reusable("GET /", 4, 4, "", ((8, 0.9), (16, 0.9))),))
        rare = case_of(**BUSY, reusable=(Reusable("GET /", 4, 4, "", ((2000, 0.0), (4000, 0.9))),))
        lives = [next(iter(cache_response.steps(case))).stale for case in (alike, rare)]
        assert lives == [1.0, 60.0]

    def test_no_answer_lives_longer_than_is_allowed(self):
        rare = {"reusable": (Reusable("GET /", 4, 4, "", ((200, 0.3), (4000, 0.9))),)}
        for allowed in (7.0, 3600.0):
            case = case_of({"slo.stale": allowed}, **BUSY, **rare)
            assert next(iter(cache_response.steps(case))).stale <= allowed

    def test_what_users_were_answered_alike_is_for_everybody(self):
        alike, apart = (
            self._changes(case_of(**BUSY, **asked_again(0.9, alike=count, users=2)))[0]
            for count in (40, 0)
        )
        told = {edit.key: edit.after for edit in alike.action}
        assert told["cache.response[GET /].everybody"] is True
        assert "cache.response[GET /].everybody" not in {edit.key for edit in apart.action}
        assert "whether logged in or not" in alike.how
        assert "40 answers to 2 users" in alike.risk
        assert "everybody" not in apart.how + apart.risk

    def test_replicas_share_what_they_keep(self):
        one, two = self.cases()[0], self.cases()[2]
        keys = [[edit.key for edit in self._changes(case)[0].action] for case in (one, two)]
        assert "cache.url" not in keys[0]
        assert keys[1] == ["cache.url", *keys[0]]


ASKS = IDLE | {"uses": [waits("http.prices:9001", 0.099)]}
SHOP = """import json
import httpx

def price(number: int) -> int:
    return json.loads(httpx.get(f"http://prices:9001/{number}").text)
"""
KEPT = """import json
import httpx
from surefoot.cache import Cache

results = Cache.from_url("memory://", name="results")

@results.cached(ttl="1s")
def price(number: int) -> int:
    return json.loads(httpx.get(f"http://prices:9001/{number}").text)
"""


def asked_for(share, **facts):
    """A function at ``shop.py:4``: this share of its calls finds a result that is still kept."""
    known = {
        "line": 4, "sites": ("shop.py:21",), "imports": 2, "routes": ("GET /",),
        "told_by": "the whole address", "reuse": ((8, share), (1 << 14, share)),
    }  # fmt: skip
    return {"functions": (Function("price", "shop.py", **known | facts),)}


class TestCacheResult(LeverContract):
    lever = cache_result

    def cases(self):
        query = "SELECT stars FROM review WHERE book_id = ?"
        return [
            case_of(**ASKS, **asked_for(0.9)),
            case_of(**ASKS, **asked_for(0.9, unfit="it is decorated, as a view is")),
            case_of(**ASKS, **asked_for(0.9, names=("results",))),
            case_of(**ASKS, replicas=2, **asked_for(0.9, asynchronous=True)),
            case_of({"slo.stale": 3.0}, **ASKS, **asked_for(0.9, told_by="number")),
            case_of(
                cpu=0.002, db_cpu=0.020, uses=[statements(4, 0.005, what=query)],
                **asked_for(0.5, sites=("shop.py:7",), tables=("review",), told_by="nothing"),
            ),
            case_of(
                cpu=0.020, stacks=[("cpu", "shop.py:21", 80), ("cpu", "shop.py:50", 20)],
                **asked_for(0.5, tables=("*", "review"), counted=False),
            ),
        ]  # fmt: skip

    def strangers(self):
        mail = case_of(**IDLE, uses=[waits("smtp.localhost:25", 0.099)], **asked_for(0.9))
        unknown = "POST /orders is sent what may tell its results apart"
        return [
            case_of(**BUSY),
            case_of(**ASKS),
            mail,
            case_of(**ASKS, **asked_for(0.0)),
            case_of(**ASKS, **asked_for(0.9, unknown=unknown)),
        ]

    def test_what_is_found_is_neither_waited_for_nor_computed(self):
        asked = self.cases()[0]
        (step,) = cache_result.steps(asked)
        assert step.model.alone.outside == pytest.approx(0.0099)
        computed = self.cases()[-1]
        (step,) = cache_result.steps(computed)
        # Half of what four fifths of the samples saw, and what looking it up costs.
        assert step.model.alone.app == pytest.approx(0.020 * 0.6, rel=0.01)

    def test_no_result_lives_longer_than_is_allowed(self):
        rare = asked_for(0.9, reuse=((200, 0.3), (4000, 0.9)))
        for allowed in (7.0, 3600.0):
            (step,) = cache_result.steps(case_of({"slo.stale": allowed}, **ASKS, **rare))
            assert step.stale <= allowed

    def test_what_is_asked_seldom_is_found_seldom(self):
        often, seldom = (
            case_of(**ASKS, **asked_for(0.9, times=calls, reuse=((8, 0.01), (1 << 14, 0.99))))
            for calls in (1.0, 0.1)
        )
        gains = [self._changes(case)[0].predicted_gain for case in (often, seldom)]
        assert gains[0] > gains[1] > 1.0

    def test_its_diff_is_the_file_with_the_results_kept(self, tmp_path):
        (tmp_path / "shop.py").write_text(SHOP)
        (change,) = self._changes(self.cases()[0])
        (tmp_path / "change.diff").write_text(change.action.diff)
        command = ["git", "apply", "--unidiff-zero", "change.diff"]
        subprocess.run(command, cwd=tmp_path, check=True, timeout=30)
        assert (tmp_path / "shop.py").read_text() == KEPT

    def test_tags_are_the_tables_it_reads_where_all_are_known(self):
        advices = [self._changes(case)[0].action.advice for case in self.cases()[-2:]]
        assert 'tags=["review"]' in advices[0]
        assert "tags" not in advices[1]

    def test_where_nothing_is_known_no_figure_is_given(self):
        (note,) = cache_result.unpredicted(self.strangers()[-1])
        assert note == (
            "cache-result at shop.py:4, where each request of the mix waits 99.0 ms, is not "
            "predicted: POST /orders is sent what may tell its results apart"
        )
        assert list(cache_result.unpredicted(self.cases()[0])) == []


def copies(share, tier=POSSIBLE, name="books", size=100_000):
    """What copies would have served of a hundred reads, in both probes."""
    hits = round(100 * share)
    total = CacheTotal(name, tier, hits=hits, misses=100 - hits, entries=9, bytes=size)
    return {"caches": (CacheTotal(name, "shared", hits=100), total)}


READS = {"cpu": 0.004, "outside": 0.002, "uses": [reads("books", 10, 0.0003)]}


class TestLocalTier(LeverContract):
    lever = local_tier

    def cases(self):
        return [
            case_of(**READS, probe=copies(0.9)),
            case_of(**READS, probe=copies(0.9, POSSIBLE_UNHEARD)),
            case_of(**READS, replicas=2, probe=copies(0.5)),
            case_of(**READS, interface="asgi", slots=32, probe=copies(0.9)),
            case_of({"slo.stale": 1.0}, **READS, probe=copies(0.9, POSSIBLE_UNHEARD)),
        ]

    def strangers(self):
        kept = copies(0.9)["caches"]
        local = (*kept, CacheTotal("books", "local", hits=9))
        foreign = {"uses": [reads("127.0.0.1:6379", 10, 0.0003)]}
        return [
            case_of(**BUSY),
            case_of(**READS),
            case_of(**READS, probe=copies(0.0)),
            case_of(**READS, probe={"caches": local}),
            case_of({"cache.local": 1_000_000}, **READS, probe=copies(0.9)),
            case_of({"slo.stale": 0.5}, **READS, probe=copies(0.9, POSSIBLE_UNHEARD)),
            # What other clients ask of a Redis is not seen, nor whether it would come again.
            case_of(**READS | foreign),
            case_of(**READS | foreign, probe=copies(0.9)),
        ]

    def test_what_copies_serve_is_not_asked_for(self):
        case = case_of(cpu=0.002, outside=0.098, uses=[reads("books", 1, 0.098)], probe=copies(0.5))
        (step,) = local_tier.steps(case)
        assert step.model.alone.outside == pytest.approx(0.049)

    def test_a_store_that_tells_of_changes_makes_nothing_old(self):
        heard, unheard = self.cases()[:2]
        assert [self._changes(case)[0].stale for case in (heard, unheard)] == [0.0, 1.0]

    @pytest.mark.parametrize(
        ("seen", "size"), [(100, "1MB"), (1_500_000, "4MB"), (3_000_000, "16MB"), (10**9, "64MB")]
    )
    def test_there_is_room_for_twice_what_one_process_asked_for(self, seen, size):
        case = case_of(**READS, probe=copies(0.9, size=seen))
        assert self._changes(case)[0].action[0].after == size

    def test_with_threads_the_calls_that_go_are_spared_their_waits_for_the_interpreter(self):
        slow = {"varied": (1.0,), "probe": copies(1.0)}
        plain = case_of(**READS, **slow)
        (step,) = local_tier.steps(plain)
        crowded = dataclasses.replace(
            plain,
            model=plain.model.changed(full=dataclasses.replace(plain.model.full, app=0.010)),
        )
        (step,) = local_tier.steps(crowded)
        # 6 ms beside 4 ms are the price of 11 turns, of which one stays.
        assert step.model.full.app == pytest.approx(step.model.alone.app + 0.006 / 11)


class TestSharedState(LeverContract):
    lever = shared_state

    def cases(self):
        return [case_of(cpu=0.001, other=0.015, lock_wait=0.043)]

    def strangers(self):
        return [case_of(**BUSY), case_of(**IDLE)]


def test_every_lever_is_under_contract_and_has_a_name_of_its_own():
    under = {kind.lever.NAME for kind in LeverContract.__subclasses__()}
    assert under == {lever.NAME for lever in LEVERS}
    assert len(under) == len(LEVERS)


@pytest.mark.parametrize("kind", LeverContract.__subclasses__(), ids=lambda kind: kind.__name__)
def test_what_is_decided_on_and_guarded_is_what_a_block_measures(kind):
    for change in kind()._all():
        assert {*change.on, *change.guards} <= set(Measure)


def test_the_page_of_the_levers_names_each_with_its_keys():
    page = (Path(__file__).resolve().parents[2] / "docs/reference/levers.md").read_text()
    rows = {row.split("`")[1]: row for row in page.splitlines() if row.startswith("| `")}
    assert set(rows) == {lever.NAME for lever in LEVERS}
    for kind in LeverContract.__subclasses__():
        for edits in kind()._edits():
            for edit in edits:
                key = re.sub(r"database\.\w+", "database.NAME", edit.key)
                key = re.sub(r"\[.*\]", "[ROUTE]", key)
                assert f"`{key}`" in rows[kind.lever.NAME]
