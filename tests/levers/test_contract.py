"""Every lever that is built in keeps the contract."""

import re
from pathlib import Path

import pytest

from diagnosed import case_of, statements, waits
from surefoot.core.measures import Measure
from surefoot.core.records import Reusable
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


class TestCacheResult(LeverContract):
    lever = cache_result

    def cases(self):
        return [case_of(**IDLE, uses=[waits("http.prices:9001", 0.099)])]

    def strangers(self):
        return [case_of(**BUSY), case_of(**IDLE, uses=[waits("smtp.localhost:25", 0.099)])]


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
