"""Connections for threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from surefoot.stores.idle import Idle

__all__ = ["Connections"]

_Connection = TypeVar("_Connection", bound=Any)


class Connections(Generic[_Connection]):
    """As many as threads were ever using one at once.

    Args:
        make: Makes one.
        patience: Not needed, as no thread waits for another's; an event loop's tasks do.
    """

    def __init__(self, make: Callable[[], _Connection], patience: float = 0.0) -> None:
        self._make = make
        self.patience = patience
        self._idle: Idle[_Connection] = Idle()

    def take(self) -> _Connection:
        """One that nobody else uses, to be given back or dropped."""
        while (connection := self._idle.take()) is not None:
            if connection.is_usable():
                return connection
            connection.close()
        return self._make()

    def give(self, connection: _Connection) -> None:
        """Give one back."""
        self._idle.give(connection)

    def drop(self, connection: _Connection) -> None:
        """Close one that is of no more use."""
        connection.close()

    def close(self) -> None:
        """Close those that nobody uses just now."""
        for connection in self._idle.drain():
            connection.close()
