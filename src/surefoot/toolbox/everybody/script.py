"""Who asks for what, so that it shows whether answers are the same for everybody.

Pure. Each request is asked by nobody, by each of the users, and once more by nobody: what differs
between the first and the last varies by itself, a clock say; what else a user gets is the user's.
Nobody is somebody else each time, who never was there before.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote

from surefoot.core.http_cache import names
from surefoot.core.http_cache.template import Template as Route
from surefoot.errors import RefusedError
from surefoot.toolbox.load import Workload
from surefoot.toolbox.load.targets import Target, targets
from surefoot.toolbox.load.template import Place, Template
from surefoot.toolbox.load.users import DataSource
from surefoot.toolbox.load.workload import Flow, Request
from surefoot.toolbox.state.script import Step

__all__ = ["Round", "Script", "route_of", "script"]

_USERS: Final = 4
_LOOKED: Final = 100  # users among whom as many with log-ins of their own are looked for
_ROUNDS: Final = 20  # of each route; fewer would miss what a page says now and then
_DRAWN: Final = 10_000
_DO: Final = (
    "give the workload users = 2 or more, and a log-in (login = true) that takes its account from "
    "[data]; or leave everybody out"
)


@dataclass(frozen=True, slots=True)
class Round:
    """One request as everybody asks it, by the numbers of the steps."""

    route: str
    nobody: int
    users: tuple[int, ...]
    again: int
    """Nobody, once more."""


@dataclass(frozen=True, slots=True)
class Script:
    """What is asked, in its order."""

    steps: tuple[Step, ...]
    log_ins: int
    """How many of the steps, at the beginning, log users in."""
    users: tuple[int, ...]
    """Their numbers in the workload."""
    rounds: tuple[Round, ...]


def script(workload: Workload, routes: Mapping[str, Route]) -> Script:
    """Everything that is asked to see whether these routes are the same for everybody.

    Args:
        workload: Whose requests and users they are; what writes is not asked, but for log-ins.
        routes: By their names.

    Raises:
        RefusedError: The workload has no two users who log in as somebody else each.
    """
    users = _users(workload)
    if len(users) < 2:
        raise RefusedError(_too_few(workload), do=_DO)
    log_ins = [step for user in users for step in _log_in(workload, user)]
    wanted = _requests(workload, routes)
    strangers = itertools.count(-1, -1)
    steps, rounds = list(log_ins), []
    for turn in range(_ROUNDS):
        for route, requests in wanted.items():
            request = requests[turn % len(requests)]
            first = len(steps)
            visitors = (next(strangers), *users, next(strangers))
            flow = Flow(request.name, (request,))
            steps += [Step(request, visitor, 0, flow) for visitor in visitors]
            last = len(steps) - 1
            rounds.append(Round(route, first, tuple(range(first + 1, last)), last))
    return Script(tuple(steps), len(log_ins), tuple(users), tuple(rounds))


def route_of(target: str, routes: Mapping[str, Route]) -> str:
    """The first route whose template fits a path; another may serve it. Empty for none."""
    path = unquote(target.partition("?")[0])
    return next((route for route, each in routes.items() if each.matches(path)), "")


def _too_few(workload: Workload) -> str:
    if workload.users < 2:
        what = f"{workload.source} has " + ("one user" if workload.users else "no users")
    elif not workload.login:
        what = f"the users of {workload.source} do not log in"
    else:
        what = f"all users of {workload.source} log in as the same one"
    return f"whether answers are the same for everybody cannot be asked: {what}"


# --- Who ------------------------------------------------------------------------------------------


def _users(workload: Workload) -> list[int]:
    """Some of the workload's users, no two of whom send the same to log in."""
    found: dict[str, int] = {}
    if workload.login:
        for number in range(min(workload.users, _LOOKED)):
            found.setdefault(_sent(workload, number), number)
    return list(found.values())[:_USERS]


def _sent(workload: Workload, user: int) -> str:
    source = DataSource(workload, random.Random(user))  # noqa: S311 - no secrets
    values = source.of_user(user, workload.login)
    steps = [step.request for step in _log_in(workload, user)]
    return "\n".join(_known(part, values) for step in steps for part in _parts(step))


def _parts(request: Request) -> Iterator[str | Place]:
    yield from request.path.parts
    for _, value in request.headers:
        yield from value.parts
    if request.body is not None:
        yield from request.body.text.parts


def _known(part: str | Place, values: Mapping[str, str]) -> str:
    # What an answer supplies is not known before, and is nothing that the user brings along.
    return part if isinstance(part, str) else values.get(part.name, part.name)


def _log_in(workload: Workload, user: int) -> Iterator[Step]:
    draw = random.Random(user)  # noqa: S311 - values of a test
    for flow in workload.login:
        for request in flow.steps:
            yield Step(_settled(request, draw), user, 0, flow)


def _settled(request: Request, draw: random.Random) -> Request:
    """The same with its ranges drawn: a user of its own for each of ``user{1..500}``."""
    body = request.body
    return replace(
        request,
        path=_drawn(request.path, draw),
        headers=tuple((name, _drawn(value, draw)) for name, value in request.headers),
        body=body and replace(body, text=_drawn(body.text, draw)),
    )


def _drawn(template: Template, draw: random.Random) -> Template:
    parts = (
        part.fill({}, draw) if isinstance(part, Place) and not part.name else part
        for part in template.parts
    )
    return Template(tuple(parts))


# --- What -----------------------------------------------------------------------------------------


def _requests(workload: Workload, routes: Mapping[str, Route]) -> dict[str, Sequence[Request]]:
    """Requests for each route as the workload draws them, filled in, each of them once."""
    found: dict[str, dict[Request, None]] = {route: {} for route in routes}
    draw = random.Random(0)  # noqa: S311 - values of a test
    for target in itertools.islice(targets(workload), _DRAWN):
        route = route_of(target.text, routes)
        if route and len(found[route]) < _ROUNDS and _anybody_s(target):
            found[route].setdefault(_filled(target, draw))
    return {route: tuple(requests) for route, requests in found.items() if requests}


def _anybody_s(target: Target) -> bool:
    """Whether it says nothing of who asks: with a cookie of the workload's own nobody is somebody.

    What says so is the application's own to answer, for everybody or not.
    """
    request = target.request
    headers = {name.lower() for name, _ in request.headers}
    telling = names.COOKIE in headers or any(map(names.telling, headers))
    known = all(value.names <= target.values.keys() for _, value in request.headers)
    return request.method == "GET" and request.body is None and known and not telling


def _filled(target: Target, draw: random.Random) -> Request:
    request = target.request
    headers = tuple(
        (name, Template((value.render(target.values, draw),))) for name, value in request.headers
    )
    return Request(request.name, request.method, Template((target.text,)), headers)
