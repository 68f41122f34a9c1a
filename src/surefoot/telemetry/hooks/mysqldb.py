"""mysqlclient (``MySQLdb``): statements, commits, new connections, rows fetched one by one."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured
from surefoot.telemetry.hooks import mysql_names

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

# The package imports it with the first connection only.
MODULE = "MySQLdb.connections"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap the methods of cursors and connections; those written in C get ours in front."""
    package: Any = module
    cursor, unbuffered = package.cursors.BaseCursor, package.cursors.CursorUseResultMixIn
    connection = package.Connection
    statement = mysql_names.Named()
    for name in ("execute", "executemany", "callproc"):
        setattr(cursor, name, measured(recorder, getattr(cursor, name), statement))
    for name in ("fetchone", "fetchmany", "fetchall"):
        setattr(unbuffered, name, measured(recorder, getattr(unbuffered, name), mysql_names.fetch))
    connection.commit = measured(recorder, connection.commit, mysql_names.commit)
    connection.__init__ = measured(
        recorder, connection.__init__, mysql_names.connect, connects=True
    )
