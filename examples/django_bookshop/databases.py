"""The shop's database as Django describes one, and what Django itself keeps in it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from bookshop import storage
from bookshop.settings import Settings


def described(shop: Settings) -> dict[str, Any]:
    """An entry of ``DATABASES``."""
    url = urlsplit(shop.database_url)
    if url.scheme == "sqlite":
        # Connections stay open; the file is in WAL mode since it was made.
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": url.path[1:],
            "CONN_MAX_AGE": None,
            "OPTIONS": {"timeout": 5, "init_command": "pragma synchronous=normal"},
        }
    pool = {"min_size": 1, "max_size": 1 if shop.has("small-pool") else 10, "timeout": 30}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": url.path[1:],
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": url.hostname or parse_qs(url.query).get("host", [""])[0],
        "PORT": str(url.port or ""),
        "OPTIONS": {"pool": pool},
    }


def prepare(shop: Settings) -> None:
    """Make the shop's tables, and Django's beside them, once however many workers start."""
    from django.core.management import call_command  # noqa: PLC0415 - once Django is set up
    from django.db import connection, connections  # noqa: PLC0415

    storage.prepare(shop.database_url)
    with storage.alone(shop.database_url):
        if "django_session" not in connection.introspection.table_names():
            call_command("migrate", verbosity=0)
    connections.close_all()
