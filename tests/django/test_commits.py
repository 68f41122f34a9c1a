"""Invalidations that wait for Django's commits, on real databases."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections, transaction

from surefoot.cache import AsyncCache, Cache
from surefoot.errors import UsageError

ALL = {"a": "old", "b": "old"}


@pytest.fixture
def row(any_database):
    """A table of one row, which says what was committed last."""
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists book")
        cursor.execute("create table book (title varchar(50))")
        cursor.execute("insert into book values ('old')")
    return any_database


@pytest.fixture
def cache(backend):
    cache = backend({"local": "1MB"})
    cache.set("a", "old", tags=["book"])
    cache.set("b", "old")
    return cache


@pytest.fixture
def url(request, tmp_path):
    return f"sqlite:///{tmp_path}/cache.db"


def write(title):
    with connection.cursor() as cursor:
        cursor.execute("update book set title = %s", [title])


def title():
    with connection.cursor() as cursor:
        cursor.execute("select title from book")
        return cursor.fetchone()[0]


def change(cache):
    write("new")
    assert cache.invalidate(tags=["book"])
    assert cache.delete("b")


def kept(cache):
    return cache.get_many(["a", "b"])


def test_nothing_is_forgotten_before_the_commit(row, cache):
    with transaction.atomic():
        with cache.after_commit():
            change(cache)
            assert kept(cache) == ALL
        assert kept(cache) == ALL
    assert kept(cache) == {}


def test_the_transaction_may_be_inside_of_the_block(row, cache):
    with cache.after_commit("default"):
        with transaction.atomic():
            change(cache)
            assert kept(cache) == ALL
        assert kept(cache) == {}


def test_in_autocommit_they_are_told_at_once(row, cache):
    with cache.after_commit():
        change(cache)
        assert kept(cache) == {}


def test_what_is_rolled_back_is_not_told(row, cache):
    with suppress(ZeroDivisionError), transaction.atomic(), cache.after_commit():
        change(cache)
        raise ZeroDivisionError
    assert title() == "old"
    assert kept(cache) == ALL
    with cache.after_commit():
        with suppress(ZeroDivisionError), transaction.atomic():
            change(cache)
            raise ZeroDivisionError
        with transaction.atomic():
            cache.delete("a")
    assert kept(cache) == {"b": "old"}


def test_a_savepoint_is_no_commit(row, cache):
    with transaction.atomic(), cache.after_commit():
        with transaction.atomic():
            change(cache)
        assert kept(cache) == ALL
    assert kept(cache) == {}


def test_what_is_rolled_back_to_a_savepoint_is_not_told(row, cache):
    with transaction.atomic(), cache.after_commit():
        cache.delete("a")
        with suppress(ZeroDivisionError), transaction.atomic():
            cache.delete("b")
            raise ZeroDivisionError
        write("new")
    assert kept(cache) == {"b": "old"}


def test_after_a_savepoint_that_was_rolled_back_the_next_is_told(row, cache):
    with transaction.atomic(), cache.after_commit():
        with suppress(ZeroDivisionError), transaction.atomic():
            cache.delete("b")
            raise ZeroDivisionError
        cache.delete("a")
    assert kept(cache) == {"b": "old"}


def test_blocks_without_savepoints_roll_back_all(row, cache):
    with transaction.atomic(), cache.after_commit():
        with suppress(ZeroDivisionError), transaction.atomic(savepoint=False):
            change(cache)
            raise ZeroDivisionError
        cache.delete("a")
    assert title() == "old"
    assert kept(cache) == ALL


def test_durable_blocks(row, cache):
    with transaction.atomic(durable=True), cache.after_commit():
        change(cache)
        assert kept(cache) == ALL
    assert kept(cache) == {}


def test_another_database_and_a_connection(row, cache):
    with transaction.atomic(), transaction.atomic("other"):
        with cache.after_commit("other"):
            cache.delete("b")
        with cache.after_commit(connections["default"]):
            cache.delete("a")
        assert kept(cache) == ALL
    assert kept(cache) == {}
    with transaction.atomic():
        cache.set("a", "old")
        with cache.after_commit("other"):
            cache.delete("a")
        assert kept(cache) == {}


def test_outside_of_a_block_and_of_other_caches_nothing_waits(row, cache, backend):
    other = backend({"name": "other"})
    other.set("k", 1)
    with transaction.atomic():
        with cache.after_commit():
            other.delete("k")
            assert other.get("k") is None
        cache.delete("b")
        assert kept(cache) == {"a": "old"}


def test_a_thousand_of_one_transaction_are_told_at_once(row, cache, backend):
    with transaction.atomic(), cache.after_commit():
        for number in range(1000):
            cache.delete(f"k{number}")
            cache.invalidate(tags=[f"t{number}"])
        assert len(connection.run_on_commit) == 1
        transaction.on_commit(lambda: None)
        cache.delete("a")
        assert len(connection.run_on_commit) == 3
    assert kept(cache) == {"b": "old"}


def test_functions_of_after_the_commit_see_what_is_new(row, cache):
    seen = []
    with transaction.atomic(), cache.after_commit():
        change(cache)
        transaction.on_commit(lambda: seen.append(kept(cache)))
    assert seen == [{}]


def test_a_cache_that_is_not_django_s(row):
    cache = Cache.from_url("memory://")
    cache.set("a", "old", ttl=60)
    with transaction.atomic(), cache.after_commit("default"):
        cache.delete("a")
        assert cache.get("a") == "old"
    assert cache.get("a") is None
    cache.close()


def test_what_cannot_be_followed_is_said(row, cache):
    with pytest.raises(UsageError, match="no database 'nothing'"), cache.after_commit("nothing"):
        pass
    with pytest.raises(UsageError, match="session"), cache.after_commit(7):
        pass
    transaction.set_autocommit(False)
    try:
        with cache.after_commit(), pytest.raises(UsageError, match="autocommit"):
            cache.delete("a")
    finally:
        transaction.rollback()
        transaction.set_autocommit(True)


def test_views_of_event_loops_write_in_threads(row, cache):
    def work():
        with transaction.atomic():
            change(cache)
            assert kept(cache) == ALL

    def done():
        work()
        connections.close_all()

    async def main():
        with cache.after_commit("default"):
            await sync_to_async(done)()
        assert await cache.aget_many(["a", "b"]) == {}
        other = AsyncCache.from_url("memory://")
        with pytest.raises(UsageError, match="threads"):
            async with other.after_commit("default"):
                pass

    asyncio.run(main())


def test_a_reader_of_before_the_commit_cannot_put_the_old_value_back(row, cache):
    """It has read what was, and keeps it only after the commit and what follows on it."""
    has_read, may_keep = threading.Event(), threading.Event()

    def slow():
        found = title()
        has_read.set()
        assert may_keep.wait(30)
        return found

    def read():
        try:
            return cache.get_or_set("t", slow, tags=["book"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        assert has_read.wait(30)
        with transaction.atomic(), cache.after_commit():
            write("new")
            cache.invalidate(tags=["book"])
        may_keep.set()
        assert reading.result() == "old"
    assert cache.get("t") is None
    assert cache.get_or_set("t", title, tags=["book"]) == "new"


@pytest.mark.parametrize("by", ["key", "tag"])
def test_readers_that_race_commits_leave_nothing_old(row, cache, by):
    def read(_):
        try:
            return cache.get_or_set("t", title, tags=["book"])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        for number in range(40):
            reading = [pool.submit(read, number) for _ in range(2)]
            with transaction.atomic(), cache.after_commit():
                write(f"title {number}")
                cache.delete("t") if by == "key" else cache.invalidate(tags=["book"])
            assert cache.get_or_set("t", title, tags=["book"]) == f"title {number}"
            for each in reading:
                each.result()
            assert cache.get_or_set("t", title, tags=["book"]) == f"title {number}"
