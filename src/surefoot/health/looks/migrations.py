"""Whether the database has every migration that this code has."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any, Final

from surefoot.core.health import unapplied
from surefoot.health.looks import engines

__all__ = ["Migrations"]

_SHOWN: Final = 3
_SECONDS: Final = 30.0
"""For a connection that an event loop makes; beyond the check's own time it is only waited for."""


class Migrations:
    """Fails until the database has what the code needs; from then on it is not asked again.

    A process does not change its code, so that what a database has, it has for as long as the
    process lives, whether the database answers or not, and whatever a later release adds to it.

    Args:
        directory: Where ``alembic.ini`` lies, where Django is not used.
        url: Of the database that Alembic changes; that of the only engine where none is given.
    """

    def __init__(self, directory: Path, url: str) -> None:
        self._directory = directory
        self._url = url
        self._applied = False

    def __call__(self) -> None:
        """Raises where something is not applied, or cannot be found out."""
        if self._applied:
            return
        missing = _of_django() if _serves_django() else self._of_alembic()
        if missing:
            more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
            raise RuntimeError(f"not applied: {', '.join(missing[:_SHOWN])}{more}")
        self._applied = True

    def _of_alembic(self) -> list[str]:
        file = self._directory / "alembic.ini"
        if not file.is_file():
            raise RuntimeError(f"there is no {file}: say in directory where alembic.ini lies")
        config: Any = importlib.import_module("alembic.config").Config(str(file))
        scripts: Any = importlib.import_module("alembic.script").ScriptDirectory.from_config(config)
        known = {each.revision for each in scripts.walk_revisions()}
        return unapplied(scripts.get_heads(), self._current(), known)

    def _current(self) -> tuple[str, ...]:
        sqlalchemy: Any = importlib.import_module("sqlalchemy")
        if self._url:
            engine = sqlalchemy.create_engine(self._url, poolclass=sqlalchemy.NullPool)
            return engines.ask(engine, _heads, _SECONDS)
        found = engines.known()
        if len(found) != 1:
            raise RuntimeError(
                f"{len(found)} engines are known: name the variable of the URL in url_env"
            )
        return engines.ask(found[0], _heads, _SECONDS)


def _heads(connection: Any) -> tuple[str, ...]:
    context = importlib.import_module("alembic.runtime.migration").MigrationContext
    heads: tuple[str, ...] = context.configure(connection).get_current_heads()
    return heads


def _serves_django() -> bool:
    if "django.db" not in sys.modules:
        return False
    from django.apps import apps  # noqa: PLC0415 - the application has imported Django

    return bool(apps.ready)


def _of_django() -> list[str]:
    # Late: the application has imported Django, but not this.
    from django.db import connection  # noqa: PLC0415
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    # The default one alone, as migrate has it: others may be copies, or nobody's to migrate.
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
