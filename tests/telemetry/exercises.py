"""What the hook contracts run: each function uses one driver as an application would."""

from __future__ import annotations


def sqlite():
    import sqlite3

    connection = sqlite3.connect(":memory:")
    connection.execute("create table book (id integer, title text)")
    with connection:
        connection.executemany("insert into book values (?, ?)", [(n, "x") for n in range(200)])
    rows = []
    for number in range(3):
        rows += connection.execute("select id from book where id = ?", (number,)).fetchall()
    rows += list(connection.execute("select id from book where id > 150 order by id"))
    connection.close()
    return rows


def sqlite_with_own_classes():
    import sqlite3

    class Own(sqlite3.Connection):
        def cursor(self, factory=sqlite3.Cursor):
            return super().cursor(factory)

    class OwnCursor(sqlite3.Cursor):
        def execute(self, sql, *args):
            return super().execute(sql.replace("%s", "?"), *args)

    connection = sqlite3.connect(":memory:", factory=Own)
    cursor = connection.cursor(OwnCursor)
    cursor.execute("select %s", (7,))
    found = cursor.fetchone()
    kinds = [isinstance(connection, Own), isinstance(cursor, OwnCursor), type(cursor).__name__]
    cursor.close()
    connection.close()
    return [found, kinds]


def sqlite_error():
    import sqlite3

    connection = sqlite3.connect(":memory:")
    try:
        connection.execute("select nothing from nowhere")
    except sqlite3.OperationalError as error:
        return str(error)
    finally:
        connection.close()


async def aiosqlite():
    import aiosqlite

    async with aiosqlite.connect(":memory:") as connection:
        await connection.execute("create table book (id integer)")
        await connection.execute("insert into book values (1)")
        await connection.commit()
        cursor = await connection.execute("select id from book where id = ?", (1,))
        return [tuple(row) for row in await cursor.fetchall()]


def pool(directory):
    from sqlalchemy import create_engine, text

    engine = create_engine(f"sqlite:///{directory}/pool.db", pool_size=1, max_overflow=0)
    for _ in range(2):
        with engine.connect() as connection:
            value = connection.execute(text("select 41 + 1")).scalar()
    engine.dispose()
    return value


async def pool_async(directory):
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(f"sqlite+aiosqlite:///{directory}/async.db")
    for _ in range(2):
        async with engine.connect() as connection:
            value = (await connection.execute(text("select 41 + 1"))).scalar()
    await engine.dispose()
    return value


def psycopg(url):
    import psycopg

    with psycopg.connect(url) as connection:
        connection.execute("create temporary table book (id int)")
        for number in range(3):
            connection.execute("insert into book values (%s)", (number,))
        return connection.execute("select id from book order by id").fetchall()


def psycopg_server_side(url):
    import psycopg

    with psycopg.connect(url) as connection, connection.cursor("named") as cursor:
        cursor.execute("select generate_series(1, 5)")
        return cursor.fetchall()


async def psycopg_async(url):
    import psycopg

    async with await psycopg.AsyncConnection.connect(url) as connection:
        cursor = await connection.execute("select generate_series(1, 3)")
        return await cursor.fetchall()


def psycopg2(url):
    import psycopg2
    import psycopg2.extras

    connection = psycopg2.connect(url, connection_factory=psycopg2.extras.DictConnection)
    with connection, connection.cursor() as cursor:
        for number in range(3):
            cursor.execute("select %s as n", (number,))
        found = [cursor.fetchone()["n"], type(cursor).__name__]
    connection.close()
    return found


def psycopg_pool(url):
    from psycopg_pool import ConnectionPool

    with ConnectionPool(url, min_size=1, max_size=2) as connections:
        connections.wait(20)
        for _ in range(2):
            with connections.connection() as connection:
                found = connection.execute("select 42").fetchone()
    return found


def httpx(server):
    import httpx

    with httpx.Client() as client:
        return [client.get(f"http://{server}/price").text for _ in range(2)]


async def httpx_async(server):
    import httpx

    async with httpx.AsyncClient() as client:
        return [(await client.get(f"http://{server}/price")).text for _ in range(2)]


def requests(server):
    import requests

    with requests.Session() as session:
        return [session.get(f"http://{server}/price", timeout=10).text for _ in range(2)]


def urllib3(server):
    import urllib3

    with urllib3.PoolManager() as manager:
        return [manager.request("GET", f"http://{server}/price").data.decode() for _ in range(2)]


def urllib(server):
    from urllib.request import urlopen

    found = []
    for _ in range(2):
        with urlopen(f"http://{server}/price", timeout=10) as response:
            found.append(response.read().decode())
    return found


async def aiohttp(server):
    import aiohttp

    async with aiohttp.ClientSession() as session:
        found = []
        for _ in range(2):
            async with session.get(f"http://{server}/price") as response:
                found.append(await response.text())
        return found


async def tornado_client(server):
    from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

    client = AsyncHTTPClient()
    asked = (f"http://{server}/price", HTTPRequest(f"http://{server}/price"))
    found = [(await client.fetch(request)).body.decode() for request in asked]
    try:
        await client.fetch(f"http://{server}/price", method="PUT", body=b"")
    except HTTPClientError as error:
        found.append(error.code)
    client.close()
    return found


def smtplib(server):
    import smtplib

    host, port = server.split(":")
    with smtplib.SMTP(host, int(port), timeout=10) as client:
        return [client.sendmail("a@example.org", ["b@example.org"], "hello") for _ in range(2)]


async def aiosmtplib(server):
    import aiosmtplib

    host, port = server.split(":")
    async with aiosmtplib.SMTP(hostname=host, port=int(port), use_tls=False) as client:
        for _ in range(2):
            await client.sendmail("a@example.org", ["b@example.org"], "hello")
    return "sent"


def redis(server):
    import redis

    host, port = server.split(":")
    client = redis.Redis(host=host, port=int(port))
    client.set("a", "1")
    found = [client.get("a").decode() for _ in range(2)]
    with client.pipeline() as pipeline:
        pipeline.get("a")
        pipeline.get("b")
        found.append([value and value.decode() for value in pipeline.execute()])
    client.close()
    return found


async def redis_async(server):
    import redis.asyncio

    host, port = server.split(":")
    client = redis.asyncio.Redis(host=host, port=int(port))
    await client.set("a", "1")
    found = [(await client.get("a")).decode() for _ in range(2)]
    await client.aclose()
    return found


def pymemcache(server):
    from pymemcache.client.base import Client

    host, port = server.split(":")
    client = Client((host, int(port)))
    client.set("a", "1", noreply=False)
    found = [client.get("a").decode() for _ in range(2)]
    client.close()
    return found


async def to_thread():
    import asyncio
    import time

    def work():
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass
        return "worked"

    return [await asyncio.to_thread(work) for _ in range(2)]


async def anyio_threads():
    import time

    import anyio.to_thread

    def work():
        end = time.thread_time() + 0.02
        while time.thread_time() < end:
            pass
        return "worked"

    return [await anyio.to_thread.run_sync(work) for _ in range(2)]


def cache(url):
    from surefoot.cache import Cache

    books = Cache.from_url(url, name="books")
    values = [books.get_or_compute("k", lambda: "a book", ttl=60, tags=["t"]) for _ in range(3)]
    values.append(books.invalidate(keys=["k"], tags=["t"]))
    books.close()
    return values


async def cache_async(url):
    from surefoot.cache import AsyncCache

    async def compute():
        return "a book"

    books = AsyncCache.from_url(url, name="books")
    values = [await books.get_or_compute("k", compute, ttl=60, tags=["t"]) for _ in range(3)]
    values.append(await books.invalidate(keys=["k"], tags=["t"]))
    await books.close()
    return values


def pymysql(port):
    import pymysql

    return _books_of_mariadb(pymysql.connect(**_mariadb(port)), pymysql.cursors.SSDictCursor)


def mysqldb(port):
    import MySQLdb
    import MySQLdb.cursors

    return _books_of_mariadb(MySQLdb.connect(**_mariadb(port)), MySQLdb.cursors.SSDictCursor)


def _mariadb(port):
    return {"host": "127.0.0.1", "port": int(port), "user": "tester", "database": "test"}


def _books_of_mariadb(connection, streaming):
    try:
        with connection.cursor() as cursor:
            cursor.execute("create temporary table book (id int, title text)")
            for number in range(3):
                cursor.execute('insert into book values (%s, "kept \\" apart")', (number,))
            cursor.executemany("insert into book values (%s, %s)", [(7, "a"), (8, "b")])
        connection.commit()
        with connection.cursor(streaming) as cursor:
            cursor.execute("select id from book where id > 5 order by id")
            return list(cursor.fetchall())
    finally:
        connection.close()


def sqlalchemy_mysql(port):
    from sqlalchemy import create_engine, text

    engine = create_engine(f"mysql+pymysql://tester@127.0.0.1:{port}/test", pool_size=1)
    for _ in range(2):
        with engine.connect() as connection:
            found = connection.execute(text("select 41 + :one"), {"one": 1}).scalar()
    engine.dispose()
    return found


async def asyncpg(url):
    import asyncpg

    connection = await asyncpg.connect(url)
    try:
        await connection.execute("create temporary table book (id int)")
        async with connection.transaction():
            for number in range(2):
                await connection.execute("insert into book values ($1)", number)
            await connection.executemany("insert into book values ($1)", [(5,), (6,)])
            rows = [row["id"] async for row in connection.cursor("select id from book")]
        prepared = await connection.prepare("select count(*) from book where id > $1")
        found = [await prepared.fetchval(limit) for limit in range(2)]
        found.append(await connection.fetchval("select max(id) from book"))
        return [rows, found]
    finally:
        await connection.close()


async def asyncpg_pool(url):
    import asyncpg

    async with asyncpg.create_pool(url, min_size=1, max_size=2) as pool:
        async with pool.acquire() as connection:
            found = [await connection.fetchval("select 41 + 1")]
        found.append(await pool.fetchval("select 1"))
    return found


async def sqlalchemy_asyncpg(url):
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(url.replace("postgresql:", "postgresql+asyncpg:"))
    for _ in range(2):
        async with engine.connect() as connection:
            found = (await connection.execute(text("select 41 + 1"))).scalar()
    await engine.dispose()
    return found


def pymongo(port):
    import pymongo

    with pymongo.MongoClient("127.0.0.1", int(port)) as client:
        books = client["shop"]["books"]
        written = books.insert_one({"_id": 1, "title": "kept apart"}).inserted_id
        found = [books.find_one({"title": "kept apart"})["title"] for _ in range(2)]
        try:
            client["shop"].command("fail")
        except pymongo.errors.OperationFailure as error:
            found.append(error.code)
        # The stand-in gives the rows of a cursor in two batches.
        return [written, found, [book["_id"] for book in books.find(batch_size=2)]]


async def pymongo_async(port):
    import pymongo

    async with pymongo.AsyncMongoClient("127.0.0.1", int(port)) as client:
        books = client["shop"]["books"]
        found = [(await books.find_one({"_id": 1}))["title"] for _ in range(2)]
        return [found, [book["_id"] async for book in books.find(batch_size=2)]]


def pylibmc(server):
    import pylibmc

    client = pylibmc.Client([server])
    client.set("a", "1")
    client.set_multi({"b": "2"})
    found = [client.get("a") for _ in range(2)]
    found += [client.get_multi(["a", "b"]), client["a"], "c" in client]
    client.disconnect_all()
    return found


def botocore(server):
    import botocore.session
    from botocore.config import Config

    session = botocore.session.Session()
    session.set_credentials("nobody", "nothing")
    once = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    client = session.create_client(
        "s3", region_name="nowhere", endpoint_url=f"http://{server}", config=once
    )
    found = [client.get_object(Bucket="b", Key="k")["Body"].read().decode() for _ in range(2)]
    client.close()
    return found


def programs():
    import subprocess
    import sys

    found = [
        subprocess.run([sys.executable, "-c", "print(1)"], capture_output=True, check=True).stdout,
        subprocess.check_output("TOKEN=secret echo 2", shell=True),
    ]
    with subprocess.Popen([sys.executable, "-c", "print(3)"], stdout=subprocess.PIPE) as running:
        found.append(running.stdout.read())
    try:
        subprocess.run(["/no/such/program"], check=True)
    except OSError as error:
        found.append(error.strerror.encode())
    return [each.decode() for each in found]
