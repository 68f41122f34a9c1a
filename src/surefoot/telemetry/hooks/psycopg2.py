"""psycopg2: statements, commits and new connections.

Its classes are written in C, so connections and cursors become instances of subclasses. A
connection class of the application keeps its place in front, and asks ours for its cursors.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "psycopg2"

_RESOURCE = "db.wait"


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap ``connect``."""
    package: Any = module
    classes = _Classes(package, recorder)
    connect = measured(recorder, package.connect, _connect, connects=True)

    def measured_connect(
        dsn: Any = None, connection_factory: Any = None, cursor_factory: Any = None, **kwargs: Any
    ) -> Any:
        return connect(dsn, classes.connection(connection_factory), cursor_factory, **kwargs)

    package.connect = measured_connect


class _Classes:
    """The subclasses made so far."""

    def __init__(self, package: Any, recorder: Recorder) -> None:
        self._recorder = recorder
        self._plain_connection: Any = package.extensions.connection
        self._plain_cursor: Any = package.extensions.cursor
        self._base = self._connection_base()
        self._connections: dict[Any, Any] = {}
        self._cursors: dict[Any, Any] = {}

    def connection(self, factory: Any) -> Any:
        """A measured class in place of the factory's; a factory that is no class as it is."""
        if factory is None:
            return self._base
        if not isinstance(factory, type) or not issubclass(factory, self._plain_connection):
            return factory
        if factory not in self._connections:
            made = type(factory.__name__, (factory, self._base), {})
            self._connections[factory] = made
        return self._connections[factory]

    def cursor(self, factory: Any) -> Any:
        """The same for cursors."""
        factory = factory or self._plain_cursor
        if not isinstance(factory, type) or not issubclass(factory, self._plain_cursor):
            return factory
        if factory not in self._cursors:
            self._cursors[factory] = self._cursor_class(factory)
        return self._cursors[factory]

    def _connection_base(self) -> Any:
        plain = self._plain_connection
        classes = self

        class MeasuredConnection(plain):  # type: ignore[misc, valid-type]
            """A connection whose cursors and commits are measured."""

            commit = measured(self._recorder, plain.commit, _commit)
            __exit__ = measured(self._recorder, plain.__exit__, _commit)

            def cursor(
                self, name: Any = None, cursor_factory: Any = None, *args: Any, **kwargs: Any
            ) -> Any:
                factory = classes.cursor(cursor_factory or self.cursor_factory)
                return super().cursor(name, factory, *args, **kwargs)

        return MeasuredConnection

    def _cursor_class(self, plain: Any) -> Any:
        def statement(_: Any, query: Any, *__: Any, **___: Any) -> Any:
            found = self._recorder.statements.get(query)
            return _RESOURCE, found.text, 1, found

        class MeasuredCursor(plain):  # type: ignore[misc]
            """A cursor whose statements are measured."""

            execute = measured(self._recorder, plain.execute, statement)
            executemany = measured(self._recorder, plain.executemany, statement)
            callproc = measured(self._recorder, plain.callproc, statement)

        MeasuredCursor.__name__, MeasuredCursor.__module__ = plain.__name__, plain.__module__
        return MeasuredCursor


def _commit(*_: Any, **__: Any) -> Any:
    return _RESOURCE, "COMMIT", 1, None


def _connect(*_: Any, **__: Any) -> Any:
    return _RESOURCE, "(connect)", 1, None
