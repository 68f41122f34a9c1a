"""psycopg 3, sync and async: statements, commits and new connections.

Rows of ordinary cursors have arrived when ``execute`` returns; those of server-side cursors are
fetched later, and that is measured as ``(fetch)``. ``copy`` and ``stream`` are not measured here.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured, measured_async

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "psycopg"

_RESOURCE = "db.wait"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap the methods of cursors and connections in both colours."""
    package: Any = module

    def statement(_: Any, query: Any, *__: Any, **___: Any) -> Any:
        found = recorder.statements.get(query)
        return _RESOURCE, found.text, 1, found

    for name in ("Cursor", "ServerCursor", "AsyncCursor", "AsyncServerCursor"):
        wrap: Any = measured_async if name.startswith("Async") else measured
        kind = getattr(package, name)
        _replace(kind, "execute", lambda call, wrap=wrap: wrap(recorder, call, statement))
        _replace(kind, "executemany", lambda call, wrap=wrap: wrap(recorder, call, statement))
    for name in ("ServerCursor", "AsyncServerCursor"):
        wrap = measured_async if name.startswith("Async") else measured
        kind = getattr(package, name)
        for method in ("fetchone", "fetchmany", "fetchall"):
            _replace(kind, method, lambda call, wrap=wrap: wrap(recorder, call, _fetch))
    for name in ("Connection", "AsyncConnection"):
        wrap = measured_async if name.startswith("Async") else measured
        kind = getattr(package, name)
        _replace(kind, "commit", lambda call, wrap=wrap: wrap(recorder, call, _commit))
        connect = kind.connect.__func__
        kind.connect = classmethod(wrap(recorder, connect, _connect, connects=True))
    package.connect = package.Connection.connect


def _replace(kind: Any, method: str, wrapped: Any) -> None:
    """Only where the class has the method itself; what it inherits is wrapped where it is."""
    if method in vars(kind):
        setattr(kind, method, wrapped(vars(kind)[method]))


def _fetch(*_: Any, **__: Any) -> Any:
    return _RESOURCE, "(fetch)", 0, None


def _commit(*_: Any, **__: Any) -> Any:
    return _RESOURCE, "COMMIT", 1, None


def _connect(*_: Any, **__: Any) -> Any:
    return _RESOURCE, "(connect)", 1, None
