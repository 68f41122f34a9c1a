"""What a workload asks for, drawn without sending any of it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from surefoot.toolbox.load.template import Missing
from surefoot.toolbox.load.users import DataSource
from surefoot.toolbox.load.workload import READING, Flow, Request, Workload

__all__ = ["Target", "targets"]


@dataclass(frozen=True, slots=True)
class Target:
    """One request of the mix."""

    request: Request
    text: str
    """Path and query; empty where a value is needed that only an answer supplies."""
    values: Mapping[str, str]
    """Those that were drawn for it."""
    user: int = -1
    """Which of the workload's users asks; -1 for none of them."""

    @property
    def name(self) -> str:
        """Of the request, as the workload calls it."""
        return self.request.name

    @property
    def writes(self) -> bool:
        """Whether it may change data."""
        return self.request.method not in READING


def targets(workload: Workload, seed: int = 1) -> Iterator[Target]:
    """Requests of the mix, without end; the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311 - a mix of requests, no secrets
    source = DataSource(workload, draw)
    flows = [(flow, source.tables(flow)) for flow in workload.flows]
    weights = [flow.weight / len(flow.steps) for flow, _ in flows]
    cumulated = list(itertools.accumulate(weights))
    numbers = range(max(1, workload.users))
    while True:
        flow, tables = draw.choices(flows, cum_weights=cumulated)[0]
        values, user = source.drawn(tables), -1
        if flow.as_user and workload.users:
            user = draw.choice(numbers)
            values |= source.of_user(user, [*workload.login, *workload.flows])
        yield from _asked(flow, values, user, draw)


def _asked(flow: Flow, values: dict[str, str], user: int, draw: random.Random) -> Iterator[Target]:
    for step in flow.steps:
        try:
            text = step.path.render(values, draw)
        except Missing:
            text = ""
        yield Target(step, text, values, user)
