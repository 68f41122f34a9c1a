"""sqlite3: every statement with its place, in ``execute`` and in the fetching that follows.

SQLite does much of a scan while rows are fetched, so both count. Connections and cursors become
instances of subclasses, mixed with those that the application passes as its factories.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, Any

from surefoot.telemetry.calls import measured
from surefoot.telemetry.hooks.sqlite3_cursor import RESOURCE, measured_cursor

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

MODULE = "sqlite3"
UNMEASURED = "surefoot_unmeasured"
"""Attribute of a class of connections whose work is measured elsewhere, as that of a cache."""


def install(module: ModuleType, recorder: Recorder) -> None:
    """Wrap ``connect`` wherever the package offers it."""
    package: Any = module
    classes = _Classes(package, recorder)
    for holder in (package, package.dbapi2):
        holder.connect = _connecting(holder.connect, classes, recorder)


class _Classes:
    """The measured classes, and those mixed from the application's own and these.

    A class of the application stays in front, so its overrides are called as before, and what it
    passes on to ``super()`` arrives here.
    """

    def __init__(self, module: Any, recorder: Recorder) -> None:
        self._mixed: dict[Any, Any] = {}
        self.known = self._mixed.get
        self.plain: Any = module.Connection
        self.cursor: Any = _named(measured_cursor(module.Cursor, recorder), module.Cursor)
        connection: Any = _named(_connection_class(self.plain, self, recorder), self.plain)
        self._bases: dict[Any, Any] = {module.Cursor: self.cursor, self.plain: connection}
        self._mixed.update(self._bases)

    def measured(self, factory: Any) -> Any:
        """A measured class in place of a class; any other factory as it is."""
        known = self._mixed.get(factory)
        if known is not None:
            return known
        if not isinstance(factory, type):
            return factory
        for plain, base in self._bases.items():
            if issubclass(factory, plain):
                made = self._mixed[factory] = _named(type("", (factory, base), {}), factory)
                return made
        return factory


def _connecting(
    connect: Callable[..., Any], classes: _Classes, recorder: Recorder
) -> Callable[..., Any]:
    plain = connect
    connect = measured(recorder, connect, _named_call("(connect)"), connects=True)

    def measured_connect(*args: Any, **kwargs: Any) -> Any:
        if getattr(kwargs.get("factory"), UNMEASURED, False):
            return plain(*args, **kwargs)
        if len(args) > 5:
            args = (*args[:5], classes.measured(args[5]), *args[6:])
        else:
            kwargs["factory"] = classes.measured(kwargs.get("factory", classes.plain))
        return connect(*args, **kwargs)

    return measured_connect


def _connection_class(plain: Any, classes: _Classes, recorder: Recorder) -> type:
    default = classes.cursor
    cursor = plain.cursor
    known = classes.known
    commit = measured(recorder, plain.commit, _named_call("COMMIT"))
    leave = measured(recorder, plain.__exit__, _named_call("COMMIT"))

    class MeasuredConnection(plain):  # type: ignore[misc]
        """A connection whose cursors and commits are measured."""

        def cursor(self, factory: Any = default) -> Any:
            if factory is not default:
                factory = known(factory) or classes.measured(factory)
            return cursor(self, factory)

        def execute(self, *args: Any) -> Any:
            return cursor(self, default).execute(*args)

        def executemany(self, *args: Any) -> Any:
            return cursor(self, default).executemany(*args)

        def executescript(self, *args: Any) -> Any:
            return cursor(self, default).executescript(*args)

        def commit(self) -> Any:
            return commit(self) if self.in_transaction else super().commit()

        def __exit__(self, *args: object) -> Any:
            return leave(self, *args) if self.in_transaction else super().__exit__(*args)

    return MeasuredConnection


def _named_call(what: str) -> Callable[..., Any]:
    def described(*_: Any, **__: Any) -> Any:
        return RESOURCE, what, 1, None

    return described


def _named(made: type, base: type) -> type:
    """The subclass under the name of what it stands for, as tracebacks and reprs show it."""
    made.__name__, made.__qualname__, made.__module__ = (
        base.__name__,
        base.__qualname__,
        base.__module__,
    )
    return made
