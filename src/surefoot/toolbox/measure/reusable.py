"""Which answers could be given again: tried on the application, and counted on the workload.

A replica of its own, all of whose routes are cached, is asked the same twice. What it then answers
from its cache may be kept, and where it does not it says why; how much that would spare follows
from how soon the workload asks for the same again.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote

from surefoot import config
from surefoot.core.http_cache.reuse import Asking, curves
from surefoot.core.http_cache.status import FIELD, Status, read_status
from surefoot.core.http_cache.template import Template
from surefoot.core.records import Reusable
from surefoot.errors import ConfigError, SurefootError
from surefoot.toolbox.load import Closed, Generator, Workload
from surefoot.toolbox.load.observation import Answered, Observation
from surefoot.toolbox.load.targets import targets
from surefoot.toolbox.measure.subject import bare
from surefoot.toolbox.target import Application

__all__ = ["reusable"]

_EACH: Final = 4
_SECONDS: Final = 3.0
_USERS: Final = 2
"""Whose requests are like those of all others: their log-ins take time."""
_KEPT: Final = 8_000_000  # bytes of bodies
_DRAWN: Final = 40_000
_TTL: Final = 60.0


async def reusable(
    application: Application,
    settings: config.Settings,
    workload: Workload,
    routes: Iterable[str],
    stop: asyncio.Event,
) -> tuple[Reusable, ...]:
    """Try which routes' answers may be kept, and count how often they would be asked for again.

    Args:
        application: What is measured.
        settings: Its configuration.
        workload: What is asked; requests that write are not sent.
        routes: As the framework calls them, ``"GET /books/<int:book_id>"``.
        stop: Ends it early.

    Returns:
        One for each route of GET that is not cached yet; none where it could not be tried.
    """
    cached = {entry.route for entry in settings.config.cache.response}
    templates = _templates(route for route in routes if route not in cached)
    reading = [name for name in workload.requests if name not in workload.writes]
    if not templates or not reading:
        return ()
    try:
        tried = await _tried(
            application,
            _trying(settings, templates),
            replace(workload.without(workload.writes), users=min(workload.users, _USERS)),
            stop,
        )
    except SurefootError:
        # It was measured and answers well: that this one does not is no reason to end the run.
        return ()
    found = _outcomes(tried, templates)
    lives = await asyncio.to_thread(lambda: curves(list(_stream(workload, templates))))
    return tuple(
        Reusable(route, each.asked, each.kept, each.why, lives.get(route, ()))
        for route, each in found.items()
    )


def _templates(routes: Iterable[str]) -> dict[str, Template]:
    found = {}
    for route in routes:
        try:
            found[route] = Template.read(route)
        except ConfigError:
            # It is not GET, or the framework told no route.
            continue
    return found


def _trying(settings: config.Settings, templates: Iterable[str]) -> config.Settings:
    """The same with one replica that keeps what it may in its own memory, and says what it did."""
    entries = tuple(config.CachedResponse(route, _TTL) for route in templates)
    known = settings.config
    cache = replace(known.cache, url="memory://", status=True, response=entries)
    server = replace(known.server, replicas=1, workers=1)
    return replace(settings, config=replace(known, cache=cache, server=server))


async def _tried(
    application: Application, settings: config.Settings, workload: Workload, stop: asyncio.Event
) -> tuple[tuple[Answered, ...], tuple[Answered, ...]]:
    """The answers to the same requests, asked twice, one after the other."""
    observe = Observation(bytes=_KEPT)
    plan = Closed(1, _SECONDS, requests=_EACH * len(workload.flows), each=_EACH)
    async with (
        bare(application, settings) as subject,
        Generator(workload, subject.addresses, observe=observe) as generator,
    ):
        first = await generator.run(plan, stop=stop, seed=1)
        second = await generator.run(plan, stop=stop, seed=1)
    return first.answers.answers, second.answers.answers


@dataclass(slots=True)
class _Outcome:
    asked: int = 0
    kept: int = 0
    whys: Counter[str] = field(default_factory=Counter)

    @property
    def why(self) -> str:
        return self.whys.most_common(1)[0][0] if self.whys else ""


def _outcomes(
    tried: Sequence[Sequence[Answered]], templates: Mapping[str, Template]
) -> dict[str, _Outcome]:
    first = {(each.who, each.request): each for each in reversed(tried[0])}
    found = {route: _Outcome() for route in templates}
    for each in tried[1]:
        method, _, target = each.request.partition(" ")
        route = _route(target, templates) if method == "GET" else ""
        if not route or each.status < 200:
            continue
        outcome = found[route]
        outcome.asked += 1
        if _said(each).hit:
            outcome.kept += 1
        else:
            before = first.get((each.who, each.request), each)
            outcome.whys[_said(before).why or f"its status is {each.status}"] += 1
    return {route: outcome for route, outcome in found.items() if outcome.asked}


def _said(answer: Answered) -> Status:
    return read_status(", ".join(value for name, value in answer.headers if name == FIELD))


def _route(target: str, templates: Mapping[str, Template]) -> str:
    """The first route whose template fits; another may have served it, which then says so."""
    path = unquote(target.partition("?")[0])
    return next((route for route, each in templates.items() if each.matches(path)), "")


def _stream(workload: Workload, templates: Mapping[str, Template]) -> Iterable[Asking]:
    drawn = itertools.islice(targets(workload), _DRAWN)
    for number, each in enumerate(drawn):
        path = each.text.partition("?")[0]
        if each.writes:
            yield Asking("", "", writes=path)
        else:
            # What is not known yet is taken for something new.
            target = each.text or f"{number}"
            yield Asking(_route(path, templates), target, path=path)
