"""Who sends: users with cookies and values of their own, and the rows of data they use."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from surefoot.toolbox.load.cookies import CookieJar
from surefoot.toolbox.load.workload import Flow, Row, Workload

__all__ = ["DataSource", "User"]


class User:
    """One user: a cookie jar, and the values known to it by name.

    Args:
        values: Those it has from the start.
        number: Which of the workload's users it is; -1 for none of them.
    """

    __slots__ = ("jar", "number", "values")

    def __init__(self, values: Mapping[str, str] | None = None, number: int = -1) -> None:
        self.number = number
        self.jar: Final = CookieJar()
        self.values: dict[str, str] = dict(values or {})


class DataSource:
    """Draws rows from the data tables."""

    def __init__(self, workload: Workload, draw: random.Random) -> None:
        self._data = workload.data
        self._draw = draw

    def tables(self, flow: Flow) -> list[Sequence[Row]]:
        """The tables that the flow asks for."""
        wanted = frozenset().union(*(step.names for step in flow.steps))
        return [rows for rows in self._data.values() if wanted & rows[0].keys()]

    def drawn(self, tables: Iterable[Sequence[Row]]) -> dict[str, str]:
        """A random row of each table."""
        values: dict[str, str] = {}
        for rows in tables:
            values.update(rows[int(self._draw.random() * len(rows))])
        return values

    def of_user(self, number: int, flows: Iterable[Flow]) -> dict[str, str]:
        """The rows that the user of this number has for good."""
        values: dict[str, str] = {}
        for flow in flows:
            for rows in self.tables(flow):
                values.update(rows[number % len(rows)])
        return values
