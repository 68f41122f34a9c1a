"""The cache for event loops: what differs from the one for threads, and that the rest is there."""

import asyncio

import pytest


async def value():
    return [1]


def test_values_tags_and_numbers(make_async):
    async def main():
        cache = make_async()
        assert await cache.set("k", {"a": None}, ttl=60, tags=["t"])
        assert await cache.get("k") == {"a": None}
        assert await cache.get_many(["k", "x"]) == {"k": {"a": None}}
        assert await cache.incr("n", 3, ttl=60) == 3
        await cache.invalidate(tags=["t"])
        assert await cache.get("k", 7) == 7
        assert await cache.get_or_compute("k", value, ttl=60) == [1]
        await cache.delete("k")
        assert await cache.get("k") is None
        await cache.close()

    asyncio.run(main())


@pytest.mark.parametrize("local", [None, "1MB"])
def test_tasks_compute_once(make_async, local):
    calls = []

    async def slow():
        calls.append(1)
        await asyncio.sleep(0.05)
        return "v"

    async def main():
        cache = make_async(local=local)
        found = await asyncio.gather(*(cache.get_or_compute("k", slow, ttl=60) for _ in range(50)))
        assert set(found) == {"v"}
        assert await cache.get_or_compute("k", slow, ttl=60) == "v"
        await cache.close()

    asyncio.run(main())
    assert calls == [1]


def test_the_stale_value_is_served_while_one_computes(make_async):
    async def main():
        cache, go = make_async(), asyncio.Event()

        async def new():
            await go.wait()
            return "new"

        terms = {"ttl": 0.03, "stale": 60}
        await cache.get_or_compute("k", value, **terms)
        await asyncio.sleep(0.04)
        first = asyncio.create_task(cache.get_or_compute("k", new, **terms))
        await asyncio.sleep(0.02)
        assert [await cache.get_or_compute("k", new, **terms) for _ in range(5)] == [[1]] * 5
        go.set()
        assert await first == "new"
        await cache.close()

    asyncio.run(main())


def test_a_client_that_goes_away_does_not_take_the_value_along(make_async):
    async def main():
        cache, go, begun, calls = make_async(), asyncio.Event(), asyncio.Event(), []

        async def slow():
            calls.append(1)
            begun.set()
            await go.wait()
            return "v"

        first = asyncio.create_task(cache.get_or_compute("k", slow, ttl=60))
        await begun.wait()
        second = asyncio.create_task(cache.get_or_compute("k", slow, ttl=60))
        await asyncio.sleep(0.01)
        first.cancel()
        go.set()
        assert await second == "v"
        assert await cache.get("k") == "v"
        assert calls == [1]
        await cache.close()

    asyncio.run(main())


async def rows(n: int) -> list[int]:
    seen.append(n)
    return [n]


def plain(n: int) -> int:
    return n


seen: list[int] = []


@pytest.mark.parametrize("local", [None, "1MB"])
def test_coroutine_functions_are_kept(make_async, local):
    seen.clear()

    async def main():
        cache = make_async(local=local)
        kept = cache.cached(ttl=60, tags=lambda n: [f"n{n}"])(rows)
        for _ in range(3):
            mine = await kept(1)
            assert mine == [1]
            mine.append(2)
        await kept.invalidate(1)
        await kept(1)
        assert await cache.get(kept.key(1), type=list[int]) == [1]
        with pytest.raises(TypeError, match="Cache"):
            cache.cached(ttl=60)(plain)
        await cache.close()

    asyncio.run(main())
    assert seen == [1, 1]
