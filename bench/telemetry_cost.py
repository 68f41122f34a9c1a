"""What telemetry costs a worker, side by side with the same worker without it.

    python bench/telemetry_cost.py [--rounds N]

Two processes per case do the same work in turns, one with telemetry and one that does not load it;
the CPU time of the whole process is compared, so encoding, sending and the sampler are in it. The
receiver is a process of its own. Turns are short, and each is compared with its neighbour: median
of the ratios with the first and last tenth, ratio of the two least, and ratio of the two sums.

Two processes of the same program differ by 2 or 3 % for as long as they live (where their memory
lies, how names fall into the interpreter's caches): a figure of a few percent needs several runs.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from diagnosis.bookshop import postgresql

Run = Callable[[int], int]
STATEMENT = "select book.id, book.title from book where book.id = ?"


def flask_view(recorder: Any) -> Run:
    import flask

    from surefoot.web.wsgi import Recorded

    app: Any = flask.Flask("bench")
    app.add_url_rule("/bare", "bare", lambda: "x")
    return wsgi_requests(Recorded(app, recorder) if recorder else app.wsgi_app, "/bare")


def wsgi_requests(called: Any, path: str) -> Run:
    base = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.input": io.BytesIO(),
    }

    def run(count: int) -> int:
        start = time.process_time_ns()
        for _ in range(count):
            body = called(base.copy(), lambda *_: None)
            for _ in body:
                pass
            if hasattr(body, "close"):
                body.close()
        return time.process_time_ns() - start

    return run


def fastapi_view(recorder: Any) -> Run:
    from fastapi import FastAPI

    from surefoot.web.asgi import Recorded

    app: Any = FastAPI()

    @app.get("/bare")
    async def bare() -> dict[str, int]:
        return {}

    called = Recorded(app, recorder) if recorder else app
    base = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/bare",
        "raw_path": b"/bare",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    loop = asyncio.new_event_loop()

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: dict[str, Any]) -> None:
        pass

    async def many(count: int) -> None:
        for _ in range(count):
            await asyncio.create_task(called(base.copy(), receive, send))

    def run(count: int) -> int:
        start = time.process_time_ns()
        loop.run_until_complete(many(count))
        return time.process_time_ns() - start

    return run


def django_view(recorder: Any, url: str = "") -> Run:
    """A request whose view asks for 50 rows by Django's ORM, one by one."""
    import types

    import django
    from django.conf import settings

    place = urlsplit(url)
    database: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    if url:
        told = {"USER": place.username, "HOST": place.hostname, "PORT": place.port}
        database = {"ENGINE": "django.db.backends.postgresql", "NAME": place.path[1:], **told}
    urls: Any = types.ModuleType("urls")
    settings.configure(
        DATABASES={"default": {**database, "CONN_MAX_AGE": None}},
        ROOT_URLCONF=urls,
        ALLOWED_HOSTS=["*"],
        MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        USE_TZ=True,
    )
    django.setup()
    from django.core.handlers.wsgi import WSGIHandler
    from django.db import connection, models
    from django.http import HttpResponse
    from django.urls import path

    from surefoot.web import frameworks
    from surefoot.web.wsgi import Recorded

    fields = {"title": models.TextField(), "__module__": "bench"}
    book: Any = type("Book", (models.Model,), {**fields, "Meta": type("", (), {"app_label": "b"})})
    with connection.schema_editor() as editor:
        if "b_book" not in connection.introspection.table_names():
            editor.create_model(book)
            book.objects.bulk_create(book(id=n, title=f"t{n}") for n in range(1000))

    def view(_: Any) -> Any:
        return HttpResponse(str([book.objects.get(id=number).title for number in range(50)]))

    urls.urlpatterns = [path("books", view)]
    if recorder:
        frameworks.hook()
    called: Any = Recorded(WSGIHandler(), recorder) if recorder else WSGIHandler()
    return wsgi_requests(called, "/books")


def pyramid_view(recorder: Any, url: str = "sqlite://") -> Run:
    """A request whose view asks for 50 rows by SQLAlchemy's ORM, in pyramid_tm's transaction."""
    import sqlalchemy as sa
    import zope.sqlalchemy
    from pyramid.config import Configurator
    from pyramid.response import Response
    from sqlalchemy import orm

    from surefoot.web import frameworks
    from surefoot.web.wsgi import Recorded

    if recorder:
        frameworks.hook()
    base = orm.declarative_base()
    fields = {"id": sa.Column(sa.Integer, primary_key=True), "title": sa.Column(sa.Text)}
    # Both arms begin at once, and on PostgreSQL in the same database.
    table = f"b_pyramid_{os.getpid()}"
    book: Any = type("Book", (base,), {"__tablename__": table, **fields})
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    base.metadata.create_all(engine)
    with orm.Session(engine) as session:
        session.add_all(book(id=n, title=f"t{n}") for n in range(1000))
        session.commit()

    def view(request: Any) -> Any:
        session = orm.Session(engine)
        zope.sqlalchemy.register(session, transaction_manager=request.tm)
        return Response(str([session.get(book, number).title for number in range(50)]))

    config = Configurator()
    config.include("pyramid_tm")
    config.add_route("books", "/books")
    config.add_view(view, route_name="books")
    app = config.make_wsgi_app()
    return wsgi_requests(Recorded(app, recorder) if recorder else app, "/books")


def statements(recorder: Any, *, connect: bool) -> Run:
    import sqlalchemy as sa

    engine = sa.create_engine("sqlite://")
    book = sa.Table(
        "book",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String),
    )
    book.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(book), [{"id": n, "title": f"t{n}"} for n in range(1000)])
    query = sa.select(book).where(book.c.id == 500)

    def within(count: int) -> int:
        if connect:
            start = time.process_time_ns()
            for _ in range(count):
                with engine.connect() as connection:
                    connection.execute(query).fetchall()
            return time.process_time_ns() - start
        with engine.connect() as connection:
            start = time.process_time_ns()
            for _ in range(count):
                connection.execute(query).fetchall()
            return time.process_time_ns() - start

    def run(count: int) -> int:
        if not recorder:
            return within(count)
        request = recorder.begin("GET")
        recorder.work(request)
        used = within(count)
        recorder.rest(request)
        recorder.finish(request)
        return used

    return run


CASES: dict[str, tuple[Callable[[Any], Run], int, str]] = {
    "flask": (flask_view, 2000, "request to a bare Flask view"),
    "fastapi": (fastapi_view, 1000, "request to a bare FastAPI view"),
    "core": (
        lambda recorder: statements(recorder, connect=False),
        5000,
        "Core statement, in-memory SQLite, open connection",
    ),
    "core-connect": (
        lambda recorder: statements(recorder, connect=True),
        5000,
        "the same with a connection from the engine each time",
    ),
    "django": (django_view, 6, "request to a Django view with 50 ORM queries, SQLite"),
    "django-postgresql": (
        lambda recorder: django_view(recorder, os.environ["BENCH_URL"]),
        10,
        "the same, PostgreSQL",
    ),
    "pyramid": (pyramid_view, 6, "request to a Pyramid view with 50 SQLAlchemy queries, SQLite"),
    "pyramid-postgresql": (
        lambda recorder: pyramid_view(recorder, os.environ["BENCH_URL"]),
        10,
        "the same, PostgreSQL",
    ),
}


def worker(case: str, records: str) -> None:
    """One arm: reads how many to do, answers nanoseconds of CPU per operation."""
    recorder = None
    if records:
        from surefoot import telemetry

        code = (str(Path(__file__).parent),)
        recorder = telemetry.install(telemetry.Options(records=records, code=code))
    run = CASES[case][0](recorder)
    run(max(20, CASES[case][1] // 4))
    for line in sys.stdin:
        count = int(line)
        sys.stdout.write(f"{run(count) / count}\n")
        sys.stdout.flush()
    if recorder:
        pulse = recorder.pulse
        recorder.close()
        assert not pulse.faults, pulse.first_fault


def drain(path: str) -> None:
    """The receiver: reads and forgets."""
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(path)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            sock.recv(1 << 16)


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def asked(arm: subprocess.Popen[str], count: int) -> float:
    assert arm.stdin is not None
    assert arm.stdout is not None
    arm.stdin.write(f"{count}\n")
    arm.stdin.flush()
    return float(arm.stdout.readline())


def compare(case: str, records: str, rounds: int) -> None:
    _, count, text = CASES[case]
    arms = [started("--worker", case), started("--worker", case, "--records", records)]
    took: list[list[float]] = [[], []]
    for index in range(rounds):
        for arm in (0, 1) if index % 2 else (1, 0):
            took[arm].append(asked(arms[arm], count))
    for each in arms:
        each.communicate()
    without, telling = took
    ratios = [on / off for off, on in zip(without, telling, strict=True)]
    low, *_, high = statistics.quantiles(ratios, n=10)
    print(
        f"{text:55} {statistics.median(without) / 1e3:9.2f} us "
        f"{statistics.median(ratios) - 1:+7.1%} ({low - 1:+.1%} to {high - 1:+.1%}) "
        f"{min(telling) / min(without) - 1:+7.1%} {sum(telling) / sum(without) - 1:+7.1%}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--case", choices=CASES)
    parser.add_argument("--worker")
    parser.add_argument("--records", default="")
    parser.add_argument("--drain")
    given = parser.parse_args()
    if given.drain:
        drain(given.drain)
    elif given.worker:
        worker(given.worker, given.records)
    else:
        measure([given.case] if given.case else list(CASES), given.rounds)


def measure(cases: list[str], rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="sf-") as directory:
        records = f"{directory}/records.sock"
        receiver = started("--drain", records)
        assert receiver.stdout is not None
        receiver.stdout.readline()
        try:
            heads = ("CPU of the process per", "without", "telemetry (p10 to p90)", "least", "sum")
            print("{:55} {:>12} {:>26} {:>7} {:>7}".format(*heads))
            for case in cases:
                if not case.endswith("postgresql"):
                    compare(case, records, rounds)
                    continue
                with postgresql() as url:
                    if url:
                        os.environ["BENCH_URL"] = url
                        compare(case, records, rounds)
        finally:
            receiver.kill()
            receiver.communicate()


if __name__ == "__main__":
    main()
