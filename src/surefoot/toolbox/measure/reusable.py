"""Which answers could be given again: tried on the application, and counted on the workload.

A replica of its own, all of whose routes are cached, is asked the same twice. What it then answers
from its cache may be kept, and where it does not it says why; how much that would spare follows
from how soon the workload asks for the same again.

Where it passes requests by because they carry a session, the same is asked as nobody and as several
users. Routes that answer all of them alike are tried once more, kept for everybody.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from surefoot import config
from surefoot.core.http_cache.asked import SESSION_CARRIED
from surefoot.core.http_cache.reuse import Asking, curves
from surefoot.core.http_cache.status import FIELD, Status, read_status
from surefoot.core.http_cache.template import Template
from surefoot.core.proof import Alike
from surefoot.core.records import Reusable
from surefoot.errors import ConfigError, SurefootError
from surefoot.toolbox.everybody import same_for_everybody
from surefoot.toolbox.everybody.script import route_of
from surefoot.toolbox.load import Closed, Generator, Workload
from surefoot.toolbox.load.observation import Answered, Observation
from surefoot.toolbox.load.targets import targets
from surefoot.toolbox.measure.subject import bare
from surefoot.toolbox.target import Application

__all__ = ["Tried", "reusable"]

_EACH: Final = 4
_SECONDS: Final = 3.0
_ASKING_SECONDS: Final = 10.0
_USERS: Final = 2
"""Whose requests are like those of all others: their log-ins take time."""
_KEPT: Final = 8_000_000  # bytes of bodies
_DRAWN: Final = 40_000
_TTL: Final = 60.0
_SOME: Final = 0.1  # of the requests carry a session: for fewer it is not worth its risk


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it."""

    routes: tuple[Reusable, ...] = ()
    """One for each route of GET that is not cached yet; none where it could not be tried."""
    notes: tuple[str, ...] = ()
    """What could not be tried, and why."""


async def reusable(
    application: Application,
    settings: config.Settings,
    workload: Workload,
    routes: Iterable[str],
    stop: asyncio.Event,
) -> Tried:
    """Try which routes' answers may be kept, and count how often they would be asked for again.

    Args:
        application: What is measured.
        settings: Its configuration.
        workload: What is asked; requests that write are not sent.
        routes: As the framework calls them, ``"GET /books/<int:book_id>"``.
        stop: Ends it early.
    """
    if application.interface == "tornado":
        return Tried(notes=("answers of a Tornado application cannot be kept: none was tried",))
    cached = {entry.route for entry in settings.config.cache.response}
    templates = _templates(route for route in routes if route not in cached)
    reading = [name for name in workload.requests if name not in workload.writes]
    if not templates or not reading:
        return Tried()
    trial = _Trial(application, settings, workload.without(workload.writes), stop)
    try:
        found = await trial.asked(templates)
    except SurefootError as error:
        # It was measured and answers well: that this one does not is no reason to end the run.
        return Tried(notes=(f"which answers may be kept was not tried: {error.message}",))
    same, notes = await _for_everybody(trial, templates, found)
    lives = await asyncio.to_thread(lambda: curves(list(_stream(workload, templates))))
    tried = (
        Reusable(route, each.asked, each.kept, each.why, lives.get(route, ()), *same.get(route, ()))
        for route, each in found.items()
    )
    return Tried(tuple(tried), notes)


async def _for_everybody(
    trial: _Trial, templates: Mapping[str, Template], found: dict[str, _Outcome]
) -> tuple[dict[str, tuple[int, int]], tuple[str, ...]]:
    """Try routes that sessions kept from being kept for everybody; ``found`` is what came of it.

    Returns:
        For each route that may be: the answers that were compared, and of how many users.
    """
    routes = [route for route, each in found.items() if each.with_session > _SOME * each.asked]
    if not routes or trial.stop.is_set():
        return {}, ()
    try:
        asked = await same_for_everybody(
            trial.application, trial.settings, trial.workload, routes,
            seconds=_ASKING_SECONDS, stop=trial.stop,
        )  # fmt: skip
        same = {each.route: each for each in asked if each.proven}
        for each in asked:
            found[each.route].personal = "" if each.proven else _different(each)
        again = await trial.asked({r: templates[r] for r in same}, everybody=True) if same else {}
    except SurefootError as error:
        return {}, (f"answers to requests with a session were not tried: {error.message}",)
    found.update(again)
    kept = {route: same[route] for route, each in again.items() if each.kept}
    return {route: (each.answers.compared, each.users) for route, each in kept.items()}, ()


def _different(alike: Alike) -> str:
    if not alike.answers.differing:
        return f"{SESSION_CARRIED}; whether it is for everybody cannot be seen: {alike.unclear}"
    examples = alike.answers.examples
    # That a header tells of a session is a consequence; the page itself is what its owner knows.
    example = next((each for each in examples if each.what == "body"), examples[0])
    where = f" at {example.where}" if example.where else ""
    return f"it is not the same for everybody: {example.request} differs in {example.what}{where}"


def _templates(routes: Iterable[str]) -> dict[str, Template]:
    found = {}
    for route in routes:
        try:
            found[route] = Template.read(route)
        except ConfigError:
            # It is not GET, or the framework told no route.
            continue
    return found


@dataclass(frozen=True, slots=True)
class _Trial:
    application: Application
    settings: config.Settings
    workload: Workload
    """Without what writes."""
    stop: asyncio.Event

    async def asked(
        self, templates: Mapping[str, Template], *, everybody: bool = False
    ) -> dict[str, _Outcome]:
        """What comes of asking the same twice, one after the other, with these routes kept."""
        plan = Closed(1, _SECONDS, requests=_EACH * len(self.workload.flows), each=_EACH)
        observe = Observation(bytes=_KEPT)
        workload = replace(self.workload, users=min(self.workload.users, _USERS))
        async with (
            bare(self.application, self._keeping(templates, everybody=everybody)) as subject,
            Generator(workload, subject.addresses, observe=observe) as generator,
        ):
            first = await generator.run(plan, stop=self.stop, seed=1)
            second = await generator.run(plan, stop=self.stop, seed=1)
        return _outcomes((first.answers.answers, second.answers.answers), templates)

    def _keeping(self, templates: Iterable[str], *, everybody: bool) -> config.Settings:
        """With one replica that keeps what it may in its own memory, and says what it did."""
        entries = tuple(
            config.CachedResponse(route, _TTL, everybody=everybody) for route in templates
        )
        known = self.settings.config
        cache = replace(known.cache, url="memory://", status=True, response=entries)
        server = replace(known.server, replicas=1, workers=1)
        return replace(self.settings, config=replace(known, cache=cache, server=server))


@dataclass(slots=True)
class _Outcome:
    asked: int = 0
    kept: int = 0
    whys: Counter[str] = field(default_factory=Counter)
    personal: str = ""
    """Why it is not for everybody, where that was asked."""

    @property
    def why(self) -> str:
        return self.personal or self.whys.most_common(1)[0][0] if self.whys else ""

    @property
    def with_session(self) -> int:
        """Requests that were passed by for their session."""
        return self.whys[SESSION_CARRIED]


def _outcomes(
    tried: Sequence[Sequence[Answered]], templates: Mapping[str, Template]
) -> dict[str, _Outcome]:
    first = {(each.who, each.request): each for each in reversed(tried[0])}
    found = {route: _Outcome() for route in templates}
    for each in tried[1]:
        method, _, target = each.request.partition(" ")
        route = route_of(target, templates) if method == "GET" else ""
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


def _stream(workload: Workload, templates: Mapping[str, Template]) -> Iterable[Asking]:
    drawn = itertools.islice(targets(workload), _DRAWN)
    for number, each in enumerate(drawn):
        path = each.text.partition("?")[0]
        if each.writes:
            yield Asking("", "", writes=path)
        else:
            # What is not known yet is taken for something new.
            target = each.text or f"{number}"
            yield Asking(route_of(path, templates), target, path=path)
