"""Invalidations that wait for a commit, with SQLAlchemy's sessions on a real database."""

import asyncio
import contextlib
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)

from surefoot.cache import AsyncCache, Cache
from surefoot.errors import UsageError


class Base(DeclarativeBase):
    pass


class Book(Base):
    __tablename__ = "book"
    number: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


@pytest.fixture
def engine(tmp_path):
    engine = sa.create_engine(f"sqlite:///{tmp_path}/shop.db")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add(Book(number=7, title="old"))
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine):
    with Session(engine) as session:
        yield session


@pytest.fixture
def cache():
    cache = Cache.from_url("memory://", local="1MB")
    cache.set("a", "old", ttl=60, tags=["book:7"])
    cache.set("b", "old", ttl=60)
    yield cache
    cache.close()


def change(cache, session):
    session.get(Book, 7).title = "new"
    assert cache.invalidate(tags=["book:7"])
    assert cache.delete("b")


def test_sqlalchemy_without_greenlet_is_followed_too(cache, session, monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy.ext.asyncio", None)
    with cache.after_commit(session):
        change(cache, session)
        session.commit()
    assert cache.get("b") is None


def kept(cache):
    return cache.get_many(["a", "b"])


ALL = {"a": "old", "b": "old"}


def test_nothing_is_forgotten_before_the_commit(cache, session):
    with cache.after_commit(session):
        change(cache, session)
        assert kept(cache) == ALL
    assert kept(cache) == ALL
    session.commit()
    assert kept(cache) == {}


def test_a_commit_in_the_block_is_one(cache, session):
    with cache.after_commit(session):
        change(cache, session)
        session.commit()
        assert kept(cache) == {}
        cache.set("b", "again", ttl=60)
        cache.delete("b")
        assert kept(cache) == {"b": "again"}
    session.commit()
    assert kept(cache) == {}


def test_what_is_rolled_back_is_not_told(cache, session):
    with cache.after_commit(session):
        change(cache, session)
    session.rollback()
    session.get(Book, 7).title = "other"
    session.commit()
    assert kept(cache) == ALL


def test_an_error_in_the_block_does_not_forget_the_commit_after_it(cache, session):
    with contextlib.suppress(ValueError), cache.after_commit(session):
        change(cache, session)
        raise ValueError
    session.commit()
    assert kept(cache) == {}


def test_a_savepoint_is_no_commit(cache, session):
    with cache.after_commit(session):
        with session.begin_nested():
            change(cache, session)
        assert kept(cache) == ALL
    session.commit()
    assert kept(cache) == {}


def test_outside_of_a_block_and_of_other_caches_nothing_waits(cache, session):
    other = Cache.from_url("memory://", name="other")
    other.set("k", 1, ttl=60)
    with cache.after_commit(session):
        other.delete("k")
        assert other.get("k") is None
    cache.delete("b")
    assert kept(cache) == {"a": "old"}
    other.close()


def test_blocks_in_blocks(cache, session, engine):
    with Session(engine) as inner, cache.after_commit(session):
        cache.delete("a")
        with cache.after_commit(inner):
            cache.delete("b")
        inner.get(Book, 7)
        inner.commit()
        assert kept(cache) == {"a": "old"}
    session.get(Book, 7)
    session.commit()
    assert kept(cache) == {}


def test_a_session_that_lives_long_collects_nothing(cache, session):
    for _ in range(50):
        with cache.after_commit(session):
            change(cache, session)
        session.commit()
    assert session.info["surefoot.cache"] == []


def test_scoped_sessions(cache, engine):
    scoped = scoped_session(sessionmaker(engine))
    with cache.after_commit(scoped):
        change(cache, scoped)
        scoped.commit()
    assert kept(cache) == {}
    scoped.remove()


def test_what_is_no_session_is_refused(cache):
    with pytest.raises(UsageError, match="no session"), cache.after_commit(object()):
        pass


def test_a_reader_of_before_the_commit_cannot_put_the_old_value_back(cache, engine):
    """Read before the commit, kept after it: whatever the order, nothing old is left."""

    def title():
        with Session(engine) as session:
            return session.get(Book, 7).title

    with ThreadPoolExecutor(2) as pool:
        for number in range(150):
            new = f"title {number}"
            reading = [
                pool.submit(cache.get_or_compute, "t", title, ttl=60, tags=["book:7"])
                for _ in range(2)
            ]
            with Session(engine) as session, cache.after_commit(session):
                session.get(Book, 7).title = new
                cache.invalidate(tags=["book:7"])
                session.commit()
            assert cache.get_or_compute("t", title, ttl=60, tags=["book:7"]) == new
            for each in reading:
                each.result()
            assert cache.get_or_compute("t", title, ttl=60, tags=["book:7"]) == new


def test_sessions_of_event_loops(tmp_path, engine):
    async def main():
        cache = AsyncCache.from_url("memory://", local="1MB")
        await cache.set("a", "old", ttl=60, tags=["book:7"])
        loops = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/shop.db")
        async with AsyncSession(loops) as session:
            async with cache.after_commit(session):
                (await session.get(Book, 7)).title = "new"
                await cache.invalidate(tags=["book:7"])
                assert await cache.get("a") == "old"
                await session.commit()
            assert await cache.get("a") is None
            await cache.set("a", "old", ttl=60, tags=["book:7"])
            async with cache.after_commit(session):
                (await session.get(Book, 7)).title = "newer"
                await cache.invalidate(tags=["book:7"])
            await session.rollback()
            assert await cache.get("a") == "old"
        await loops.dispose()
        await cache.close()

    asyncio.run(main())
