"""PyMySQL: statements, commits, new connections, and the rows that are fetched one by one."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured
from surefoot.telemetry.hooks import mysql_names

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "pymysql"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap the methods of cursors and connections."""
    package: Any = module
    cursor, unbuffered = package.cursors.Cursor, package.cursors.SSCursor
    connection = package.connections.Connection
    statement = mysql_names.Named()
    for name in ("execute", "executemany", "callproc"):
        setattr(cursor, name, measured(recorder, getattr(cursor, name), statement))
    for name in ("fetchone", "fetchmany", "fetchall"):
        setattr(unbuffered, name, measured(recorder, getattr(unbuffered, name), mysql_names.fetch))
    connection.commit = measured(recorder, connection.commit, mysql_names.commit)
    connection.connect = measured(recorder, connection.connect, mysql_names.connect, connects=True)
