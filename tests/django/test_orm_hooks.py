"""What Django's ORM asks is booked with the application's line, on each of its drivers."""

from __future__ import annotations

from hooked import WithServer
from surefoot.testing import HookContract


class TestSqlite(HookContract):
    exercise = "exercises.py:orm"
    resource = "db.cpu"
    what = 'FROM "orm_book"'
    count = 3


class WithPostgres(WithServer):
    resource = "db.wait"
    what = 'FROM "orm_book"'
    count = 3
    server = "postgres"


class TestPsycopg3(WithPostgres):
    exercise = "exercises.py:psycopg3"


class TestPsycopg2(WithPostgres):
    exercise = "exercises.py:psycopg2"
