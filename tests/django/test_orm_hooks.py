"""What Django's ORM asks is booked with the application's line, on each of its drivers."""

from __future__ import annotations

import pytest

from surefoot.testing import HookContract


class TestSqlite(HookContract):
    exercise = "exercises.py:orm"
    resource = "db.cpu"
    what = 'FROM "orm_book"'
    count = 3


class WithPostgres(HookContract):
    __test__ = False
    resource = "db.wait"
    what = 'FROM "orm_book"'
    count = 3

    @pytest.fixture(autouse=True)
    def _server(self, postgres):
        self.url = postgres

    def arguments(self):
        return (self.url,)


class TestPsycopg3(WithPostgres):
    __test__ = True
    exercise = "exercises.py:psycopg3"


class TestPsycopg2(WithPostgres):
    __test__ = True
    exercise = "exercises.py:psycopg2"
