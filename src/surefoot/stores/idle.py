"""Connections that nobody uses just now, for whoever needs one next."""

from __future__ import annotations

import os
from collections import deque
from typing import Generic, TypeVar

__all__ = ["Idle"]

_Connection = TypeVar("_Connection")
_getpid = os.getpid


class Idle(Generic[_Connection]):
    """A stack of connections: taken and given back from any thread, without a lock.

    So there are as many as were ever used at once, however many threads come and go, and the last
    one used, which is warm, is used next.
    """

    def __init__(self) -> None:
        self._connections: deque[_Connection] = deque()
        # Closing an inherited connection would say goodbye in the parent's name.
        self._inherited: list[deque[_Connection]] = []
        self._pid = _getpid()

    def take(self) -> _Connection | None:
        """One that is idle; ``None`` if there is none, or if all are a parent's."""
        if self._pid != _getpid():
            self._inherited.append(self._connections)
            self._connections = deque()
            self._pid = _getpid()
        try:
            return self._connections.pop()
        except IndexError:
            return None

    def give(self, connection: _Connection) -> None:
        """Give one back, fit for its next use."""
        self._connections.append(connection)

    def drain(self) -> list[_Connection]:
        """Take all that are idle."""
        taken = []
        while (connection := self.take()) is not None:
            taken.append(connection)
        return taken
