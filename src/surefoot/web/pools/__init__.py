"""Connections of pools, and how long they stay open, set where the application makes them.

Nothing is imported for it: the application's own import of a driver triggers what is set there.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from surefoot.web.pools import asyncpg, django, psycopg_pool, sqlalchemy

__all__ = ["install"]


def install(sizes: Mapping[str, int], ages: Mapping[str, float]) -> None:
    """Have pools and connections made like this from now on.

    Args:
        sizes: Name of a database, or ``"default"`` for those that no other name fits, to the
            connections that a pool of it may hold.
        ages: The same to the seconds that a connection of Django's stays open.
    """
    # Late: without sizes a worker loads nothing for them.
    from surefoot.telemetry.imports import ImportWatch  # noqa: PLC0415

    ImportWatch(
        {
            django.MODULE: partial(django.install, sizes=sizes, ages=ages),
            sqlalchemy.MODULE: partial(sqlalchemy.install, sizes=sizes),
            asyncpg.MODULE: partial(asyncpg.install, sizes=sizes),
            **{
                module: partial(psycopg_pool.install, sizes=sizes)
                for module in psycopg_pool.MODULES
            },
        }
    ).install()
