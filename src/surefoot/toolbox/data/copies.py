"""One copy of the data for each of the stacks that a proof runs side by side."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol, TypeVar

from surefoot.config import Settings
from surefoot.errors import ConfigError, DataError
from surefoot.toolbox.data.command import CommandCopies
from surefoot.toolbox.data.sqlite import SqliteCopies
from surefoot.toolbox.data.url import Kind, Url, databases_in, services_in
from surefoot.toolbox.target import Application

__all__ = ["Copier", "Copies", "copies"]

Say = Callable[[str], None]
T = TypeVar("T")
_LABEL: Final = re.compile("[a-z0-9-]{1,20}")


class Copier(Protocol):
    """Makes copies of one database."""

    notes: tuple[str, ...]
    size: int
    """Of the source, in bytes; 0 where it is not known."""

    def prepare(self, count: int) -> None:
        """Take the state that ``count`` copies will start from."""

    def make(self, label: str) -> Url:
        """A fresh copy; one of the same label is replaced."""

    def used(self, label: str) -> bool | None:
        """Whether anybody but Surefoot has opened this copy; ``None`` where that cannot be told."""

    def cancel(self) -> None:
        """Let what another thread does here end soon."""

    def close(self) -> None:
        """Take every copy away."""


class Copies:
    """The data of each stack.

    Attributes:
        writable: Whether requests that write may be sent.
        size: Of the database in bytes; 0 where it is not known.
        notes: What is shared, what could not be copied, and what would help.
        variable: The environment variable that names the database; empty where none is known.
    """

    def __init__(
        self,
        application: Application,
        variable: str,
        copier: Copier | None,
        *,
        writable: bool,
        notes: Sequence[str],
    ) -> None:
        self.writable = writable
        self.size = 0
        self.notes = tuple(notes)
        self._application = application
        self.variable = variable
        self._copier = copier
        self._urls: dict[str, Url] = {}

    @property
    def embedded(self) -> bool:
        """Whether the copies are files that the application reads itself, without a server."""
        return isinstance(self._copier, SqliteCopies)

    @property
    def copied(self) -> bool:
        """Whether each label has a copy of its own."""
        return self._copier is not None

    def environment(self, label: str) -> dict[str, str]:
        """The variables that let an application find the copy of this label."""
        url = self._urls.get(label)
        return {self.variable: url.text} if url is not None else {}

    def application(self, label: str) -> Application:
        """The application on the copy of this label; as it is where there is none."""
        environment = {**self._application.environment, **self.environment(label)}
        return dataclasses.replace(self._application, environment=environment)

    async def reset(self, label: str) -> None:
        """Make the copy of this label fresh again; nothing may be using it.

        Raises:
            DataError: It cannot be made.
        """
        if self._copier is not None:
            self._urls[label] = await _in_thread(self._copier, self._copier.make, label)

    async def used(self, label: str) -> bool | None:
        """Whether the application has opened the copy of this label.

        One that takes its database's address from elsewhere would work on its own data, and what
        is written would not go to the copy. To be asked after some requests that read.

        Returns:
            ``None`` where there is no copy or it cannot be told.

        Raises:
            DataError: The server of the copy does not answer.
        """
        if self._copier is None:
            return None
        return await _in_thread(self._copier, self._copier.used, label)

    async def _make(self, labels: Sequence[str], say: Say) -> None:
        if self._copier is None:
            return
        say("copying the data")
        await _in_thread(self._copier, self._copier.prepare, len(labels))
        for number, label in enumerate(labels, 1):
            say(f"copying the data ({number} of {len(labels)})")
            await self.reset(label)
        self.size = self._copier.size
        self.notes += self._copier.notes

    async def _close(self, say: Say) -> None:
        if self._copier is None:
            return
        try:
            # In a task of its own, so that a second Ctrl-C does not leave copies behind.
            await asyncio.shield(asyncio.to_thread(self._copier.close))
        except DataError as error:
            # What was found out with the copies is worth more than they are.
            say(str(error))


@asynccontextmanager
async def copies(
    application: Application,
    settings: Settings,
    labels: Sequence[str] = ("base", "variant"),
    say: Say = lambda _: None,
) -> AsyncIterator[Copies]:
    """A copy of the data for each label, for as long as the context lasts.

    ::

        async with copies(application, settings, ("base", "variant"), say) as data:
            base = data.application("base")

    Args:
        application: Whose data; its environment holds the URL that ``[data] url_env`` names.
        settings: Of the application.
        labels: Words of lower-case letters, digits and hyphens.
        say: Is told how far it is.

    Raises:
        DataError: There is a database, and it cannot be copied.
        ConfigError: ``[data] copy`` without ``url_env``.
    """
    assert all(_LABEL.fullmatch(label) for label in labels), labels
    # Choosing a copier connects to a server, which may take a while.
    data = await asyncio.to_thread(_chosen, application, settings)
    try:
        await data._make(labels, say)
        yield data
    finally:
        await data._close(say)  # noqa: SLF001


async def _in_thread(copier: Copier, function: Callable[..., T], *arguments: object) -> T:
    task = asyncio.ensure_future(asyncio.to_thread(function, *arguments))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        copier.cancel()
        # A copy that is still being made could not be taken away.
        with suppress(Exception):
            await task
        raise


def _chosen(application: Application, settings: Settings) -> Copies:
    data = settings.config.data
    if data.copy and not data.url_env:
        raise ConfigError(
            "data.copy needs data.url_env",
            do="name the variable from which the application reads its database URL",
        )
    text = application.environment.get(data.url_env, "") if data.url_env else ""
    copier = _copier(Url(text), application, settings) if text else None
    if copier is not None:
        notes = ["only the database is copied: files, caches and other services are shared"]
        services = sorted(set(services_in(application.environment)) - {data.url_env})
        if services:
            notes = [f"only the database is copied; what {', '.join(services)} name is shared"]
        return Copies(application, data.url_env, copier, writable=True, notes=notes)
    if text and Url(text).kind is Kind.SQLITE:
        note = "the database is in memory: every worker has one of its own"
        return Copies(application, data.url_env, None, writable=True, notes=[note])
    why = _why_none(data.url_env, text, application.environment)
    if data.disposable:
        notes = [f"requests that write go to the application's own data ({why})"]
    else:
        notes = [f"requests that write are left out: {why}"]
    return Copies(application, data.url_env, None, writable=data.disposable, notes=notes)


def _copier(url: Url, application: Application, settings: Settings) -> Copier | None:
    data = settings.config.data
    if data.copy:
        return CommandCopies(
            url, data.copy, data.reset, settings.directory, application.environment
        )
    if url.kind is Kind.POSTGRES:
        from surefoot.toolbox.data.postgres import (  # noqa: PLC0415 - psycopg only when asked
            PostgresCopies,
        )

        return PostgresCopies(url)
    if url.kind is Kind.SQLITE and not url.in_memory:
        return SqliteCopies(url, application.directory)
    return None


def _why_none(variable: str, text: str, environment: Mapping[str, str]) -> str:
    if text:
        return (
            f"Surefoot cannot copy the database that {variable} names "
            f"({Url(text).scheme}); [data] copy and reset commands would"
        )
    if variable:
        return f"{variable} is not set, so there is nothing to copy"
    named = list(databases_in(environment))
    if len(named) == 1:
        return (
            f'{named[0]} looks like a database URL; with [data] url_env = "{named[0]}" '
            "each side gets a copy of it"
        )
    return "[data] url_env names no database that could be copied"
