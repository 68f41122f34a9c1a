"""A flow under way: who does it, and at which step it is."""

from __future__ import annotations

import random
from collections.abc import Sequence

from surefoot.toolbox.load.prepared import Prepared
from surefoot.toolbox.load.users import User
from surefoot.toolbox.load.workload import Flow, Row

__all__ = ["Journey", "PreparedFlow"]


class PreparedFlow:
    """A flow with its requests compiled.

    Args:
        flow: What the workload says.
        steps: Its requests.
        tables: The data tables that it takes values from.
        has_user: Whether one of the workload's users does it.
    """

    __slots__ = ("flow", "has_user", "plain", "session", "steps", "tables")

    def __init__(
        self,
        flow: Flow,
        steps: Sequence[Prepared],
        tables: Sequence[Sequence[Row]],
        *,
        has_user: bool,
    ) -> None:
        self.flow = flow
        self.steps = steps
        self.tables = tables
        self.has_user = has_user
        self.session = flow.session
        # A plain flow remembers nothing: it goes the short way.
        self.plain = not (has_user or flow.session or tables or steps[0].captures)


class Journey:
    """One doing of a flow.

    Attributes:
        arrival: Which one of a run it is, where answers are observed.
        trail: A hash of what it asked so far, likewise.
        draw: Randomness of its own, if it is long: what it draws is then the same whatever else is
            under way.
    """

    __slots__ = ("arrival", "draw", "flow", "step", "trail", "user", "values")

    def __init__(
        self,
        flow: PreparedFlow,
        user: User,
        drawn: dict[str, str],
        draw: random.Random | None = None,
    ) -> None:
        self.flow = flow
        self.arrival = -1
        self.trail = b""
        self.draw = draw
        self.user = user
        self.step = 0
        # What the user has for good wins over what this one doing happens to draw.
        self.values = drawn | user.values

    @property
    def current(self) -> Prepared:
        """The request it is at."""
        return self.flow.steps[self.step]
