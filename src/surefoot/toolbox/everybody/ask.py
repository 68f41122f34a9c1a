"""Asks an application that keeps nothing, as nobody and as several users."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from surefoot.config import Settings
from surefoot.core.http_cache.template import Template
from surefoot.core.proof import Alike
from surefoot.errors import RefusedError
from surefoot.toolbox.everybody.compare import alike
from surefoot.toolbox.everybody.script import Script, script
from surefoot.toolbox.load import Workload
from surefoot.toolbox.load.observation import Answered
from surefoot.toolbox.stack import Stack
from surefoot.toolbox.state.walk import walk
from surefoot.toolbox.target import Application

__all__ = ["same_for_everybody"]

_RIGHT: Final = frozenset(range(200, 300)) | {304}


async def same_for_everybody(
    application: Application,
    settings: Settings,
    workload: Workload,
    routes: Sequence[str],
    *,
    seconds: float,
    stop: asyncio.Event,
    seed: int = 1,
) -> tuple[Alike, ...]:
    """Ask for the same as nobody and as several users, and compare what each is answered.

    Args:
        application: It is started, asked without anything being kept, and ended.
        settings: Its configuration.
        workload: Whose requests and users they are; nothing is written but by log-ins.
        routes: As the framework calls them, ``"GET /books/<int:book_id>"``.
        seconds: How long asking may take; what is left then is not asked.
        stop: Ends it early.
        seed: Of what is drawn.

    Raises:
        ConfigError: A route is none whose answers can be kept.
        RefusedError: There are no two users, or one cannot log in.
        ServerError: The application does not start.
    """
    templates = {route: Template.read(route) for route in routes}
    planned = await asyncio.to_thread(script, workload, templates)
    async with Stack(application, _keeping_nothing(settings)) as stack:
        answers = await walk(
            [replica.address for replica in stack.replicas],
            planned.steps, workload, seed=seed, stop=stop, seconds=seconds,
        )  # fmt: skip
        if stack.failure.done():
            raise stack.failure.result()
    if not stop.is_set():
        _refuse_strangers(planned, answers)
    return await asyncio.to_thread(alike, planned, answers, routes)


def _keeping_nothing(settings: Settings) -> Settings:
    known = settings.config
    server = replace(known.server, replicas=1, workers=1)
    cache = replace(known.cache, response=())
    return replace(settings, config=replace(known, server=server, cache=cache))


def _refuse_strangers(planned: Script, answers: Sequence[Answered]) -> None:
    """Users who are not logged in are nobody, and prove nothing."""
    carried: dict[int, set[str]] = {user: set() for user in planned.users}
    for step, answer in zip(planned.steps[: planned.log_ins], answers, strict=False):
        if answer.status not in (step.request.expect or _RIGHT):
            told = answer.error or f"answered {answer.status}"
            raise RefusedError(
                f"user {step.visitor + 1} could not log in: {step.request.name}: {told}",
                do="see the workload's log-in, and the accounts that it takes",
            )
        carried[step.visitor].update(_given(answer))
    if len(answers) < planned.log_ins:
        # There was no time for more, and nothing was compared.
        return
    if not all(carried.values()) or len(set(map(frozenset, carried.values()))) < len(carried):
        raise RefusedError(
            "whether answers are the same for everybody cannot be asked: after their log-ins users "
            "carry no cookies of their own",
            do="see whether the workload's log-in logs in; without a session everybody gets kept "
            "answers anyhow",
        )


def _given(answer: Answered) -> Iterator[str]:
    """Cookies that may stand for a user; what guards a form is given to strangers too."""
    for field, value in answer.headers:
        name = value.partition("=")[0].lower()
        if field == "set-cookie" and not ("csrf" in name or "xsrf" in name):
            yield value.partition(";")[0]
