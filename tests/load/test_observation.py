"""What a run remembers of its answers, and that requests are dealt to the addresses in turn."""

import asyncio
import contextlib
import gzip
import itertools
import zlib

import pytest

from surefoot.toolbox.answers import Variation
from surefoot.toolbox.load import Closed, Generator, Observation, parse_workload


@pytest.fixture
def watch(serve, short_path):
    """Serve handlers, run plans on them all, return the results and what each was asked."""

    def run(handlers, document, *plans, judge=None, seeds=(), **options):
        async def main():
            workload = parse_workload(document, "test.toml")
            async with contextlib.AsyncExitStack() as up:
                served = [
                    await up.enter_async_context(serve(each, f"unix:{short_path}/{number}"))
                    for number, each in enumerate(handlers)
                ]
                addresses = [each.address for each in served]
                observe = Observation(judge, **options)
                generator = await up.enter_async_context(
                    Generator(workload, addresses, observe=observe)
                )
                pairs = itertools.zip_longest(plans, seeds)
                return [await generator.run(plan, seed=seed) for plan, seed in pairs], served

        return asyncio.run(main())

    return run


LOGGED_IN = {
    "users": 2,
    "session": [
        {
            "login": True,
            "request": [{"path": "/form"}, {"path": "/login", "method": "POST", "body": "x"}],
        },
        {"request": [{"path": f"/{step}"} for step in "abc"]},
    ],
}


def test_requests_go_to_the_addresses_strictly_in_turn(watch, answers):
    order = []

    def replica(number):
        async def handler(asked):
            order.append((number, asked.path))
            return answers(b"", "200 OK", "Set-Cookie: a=b")

        return handler

    handlers = [replica(number) for number in range(2)]
    (result,), _ = watch(handlers, LOGGED_IN, Closed(1, 20.0, requests=5))
    # Two log-ins of two requests each, then five sessions of three.
    assert len(order) == 2 * 2 + 5 * 3
    assert [number for number, _ in order] == [n % 2 for n in range(len(order))]
    seen = result.answers.answers
    assert [answered.replica for answered in seen] == [number for number, _ in order]
    assert [answered.request.split()[1] for answered in seen] == [path for _, path in order]


def test_every_answer_is_kept_with_its_place_and_whose_it_is(watch, answers):
    async def site(asked):
        body = f"{asked.method} {asked.path}".encode()
        return answers(body, "404 Not Found" if asked.path == "/c" else "200 OK", "X-A: 1")

    (result,), _ = watch([site], LOGGED_IN, Closed(1, 20.0, requests=3))
    seen = result.answers.answers
    assert [answered.at for answered in seen] == [
        *((arrival, step) for arrival in range(2) for step in range(2)),
        *((arrival, step) for arrival in range(2, 5) for step in range(3)),
    ]
    assert [answered.who for answered in seen if answered.at[1] == 0] == [
        "user 0", "user 1", "user 0", "user 1", "user 0",
    ]  # fmt: skip
    assert all(answered.body.decode() == answered.request for answered in seen)
    assert all(("x-a", "1") in answered.headers for answered in seen)
    assert [answered.status for answered in seen[-3:]] == [200, 200, 404]


def test_each_flow_is_done_before_the_mix_begins(watch, answers):
    async def site(_):
        return answers()

    document = {"request": [{"path": "/often", "weight": 999}, {"path": "/rare"}]}
    (result,), _ = watch([site], document, Closed(1, 20.0, requests=8, each=2))
    names = [answered.name for answered in result.answers.answers]
    assert names[:4] == ["GET /often", "GET /rare"] * 2
    assert names.count("GET /often") == 6


def test_one_seed_asks_the_same_whatever_ran_before_and_whatever_fails(watch, answers):
    async def fine(_):
        return answers()

    def failing():
        count = itertools.count()

        async def site(_):
            return answers(b"", "500 Oops" if next(count) % 3 == 0 else "200 OK")

        return site

    document = {
        "request": [{"path": "/books/{1..1000000}"}],
        "session": [
            {"weight": 4, "request": [{"path": "/a/{1..1000000}"}, {"path": "/b/{1..1000000}"}]}
        ],
    }
    plan = Closed(1, 20.0, requests=20)
    (one,), _ = watch([fine], document, plan, seeds=[7])
    (_, other), _ = watch([failing()], document, Closed(1, 20.0, requests=9), plan, seeds=[3, 7])
    asked = {answered.at: answered.request for answered in one.answers.answers}
    again = {(at - 9, step): text for (at, step), text in (
        (answered.at, answered.request) for answered in other.answers.answers
    )}  # fmt: skip
    assert 20 < len(again) < len(asked)
    assert again.items() <= asked.items()


def test_bytes_are_counted_as_they_came(watch, answers):
    reply = answers(b"x" * 100, "200 OK", "X-Long: " + "y" * 50)

    async def site(_):
        return reply

    for judge in (None, Variation()):
        results, _ = watch(
            [site, site], {"request": [{"path": "/"}]}, *[Closed(2, 20.0, requests=10)] * 2,
            judge=judge,
        )  # fmt: skip
        assert [result.received for result in results] == [10 * len(reply)] * 2


def test_nothing_is_remembered_where_nobody_asked(load):
    (result,), _ = load(_ok, Closed(1, 20.0, requests=3))
    assert result.answers.answers == ()
    assert result.received == 0


async def _ok(_):
    return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "bare deflate", "br"])
def test_bodies_are_unpacked(watch, answers, coding):
    bare = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(b"hello"),
        "x-gzip": gzip.compress(b"hello"),
        "deflate": zlib.compress(b"hello"),
        "bare deflate": bare.compress(b"hello") + bare.flush(),
        "br": b"unknown",
    }[coding]

    async def site(_):
        return answers(packed, "200 OK", f"Content-Encoding: {coding.rpartition(' ')[2]}")

    (result,), _ = watch([site], {"request": [{"path": "/"}]}, Closed(1, 20.0, requests=1))
    (answered,) = result.answers.answers
    assert (answered.body, answered.packed) == (
        (b"unknown", True) if coding == "br" else (b"hello", False)
    )
    (result,), _ = watch(
        [site], {"request": [{"path": "/"}]}, Closed(1, 20.0, requests=1), judge=Variation()
    )
    assert (len(result.answers.digests), result.answers.packed) == (
        (0, 1) if coding == "br" else (1, 0)
    )


def test_what_there_is_no_room_for_is_counted(watch, answers):
    async def site(_):
        return answers(b"x" * 1000)

    document = {"request": [{"path": "/{1..1000000}"}]}
    (result,), _ = watch([site], document, Closed(1, 20.0, requests=10), bytes=5000)
    assert (len(result.answers.answers), result.answers.over) == (3, 7)


def test_digests_tell_requests_users_and_answers_apart(watch, answers):
    count = itertools.count()

    async def site(asked):
        if asked.path == "/odd":
            return answers(b"%d" % (next(count) % 2))
        if asked.path == "/broken":
            return answers(b"", "500 Oops")
        return answers(asked.path.encode() + asked.headers.get("cookie", "").encode())

    document = {
        "request": [{"path": "/fixed"}, {"path": "/odd"}, {"path": "/broken"}],
        "session": [{"request": [{"path": "/a"}, {"path": "/b/{1..99}"}]}],
    }
    plan = Closed(1, 20.0, requests=40, each=2)
    (result,), _ = watch([site], document, plan, judge=Variation())
    found = result.answers
    requests = {}
    for digested in found.digests.values():
        requests.setdefault(digested.request.split("/")[1], []).append(digested)
    assert len(requests["fixed"]) == len(requests["odd"]) == 1
    assert len(requests["fixed"][0].counts) == 1
    assert len(requests["odd"][0].counts) == 2
    assert len(requests["a"]) == len(requests["b"]) > 2
    assert "broken" not in requests
    assert found.errors == sum(status >= 500 for status in result.samples.status)
    digests = {digest for each in found.digests.values() for digest in each.counts}
    assert found.samples.keys() == digests


def test_the_same_requests_have_the_same_numbers_in_another_generator(watch, answers):
    async def site(asked):
        return answers(asked.path.encode(), "200 OK", "Set-Cookie: id=1")

    document = {
        "users": 3,
        "request": [{"path": "/one/{1..9}"}],
        "session": [
            {"request": [{"path": "/a"}, {"path": "/b/{1..99}"}]},
            {"user": False, "request": [{"path": "/c"}, {"path": "/d/{1..99}"}]},
        ],
    }
    plan = Closed(1, 20.0, requests=30)
    found = []
    for before in (2, 7):
        plans = (Closed(1, 20.0, requests=before), plan)
        (_, result), _ = watch([site], document, *plans, judge=Variation(), seeds=[3, 5])
        found.append({key: each.request for key, each in result.answers.digests.items()})
    assert found[0] == found[1]


def test_users_stay_logged_in_when_only_digests_are_kept_from_now_on(serve, unix, answers):
    async def site(asked):
        return answers(asked.path.encode(), "200 OK", "Set-Cookie: id=1")

    plan = Closed(1, 20.0, requests=4)

    async def main():
        workload = parse_workload(LOGGED_IN, "test.toml")
        async with (
            serve(site, unix) as served,
            Generator(workload, [unix], observe=Observation()) as generator,
        ):
            whole = await generator.run(plan)
            generator.judge_with(Variation())
            return served, whole, [await generator.run(plan) for _ in range(2)]

    served, whole, digested = asyncio.run(main())
    assert sum(asked.path == "/login" for asked in served.asked) == 2
    assert len(whole.answers.answers) == 2 * 2 + 4 * 3
    for result in digested:
        assert result.answers.answers == ()
        counts = [sum(each.counts.values()) for each in result.answers.digests.values()]
        assert sum(counts) == 4 * 3
