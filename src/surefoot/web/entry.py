"""What every server is given to serve: ``surefoot.web.entry:wsgi``, ``:asgi`` or ``:tornado``.

In this order: settings, sizes of pools and copies, telemetry's hooks, import of the user's
application, wrapping, the collector's rest. Threads and sockets start after the fork, in the worker
that serves its first request. What is not configured is not loaded.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from surefoot import config
from surefoot.core.target import Target, parse_target
from surefoot.errors import ConfigError, SurefootError, TargetError
from surefoot.web.application import application_frames, import_application, interface

__all__ = [
    "INTERFACES",
    "VARIABLE",
    "Plan",
    "WorkerSettings",
    "apply",
    "plan",
    "prepared",
    "worker_settings",
]

VARIABLE: Final = "SUREFOOT_SETTINGS"
INTERFACES: Final = MappingProxyType({"wsgi": "WSGI", "asgi": "ASGI", "tornado": "Tornado"})
"""What this module serves, to what people call it."""
# gunicorn's master starts a worker anew after any other exit code, without end.
_NO_RETRY: Final = 3


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What one worker process is told."""

    config: config.Config
    directory: Path
    replica: str = ""
    records: str = ""
    """Path of the datagram socket that records are sent to; empty turns telemetry off."""
    every: bool = False
    """One record per request instead of sums only."""
    code: tuple[str, ...] = ()
    """Directories and top-level packages whose frames are the application's own."""
    witness: str = ""
    """Directory of the list of lines to look for; empty for none, as in production."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What telemetry is installed with."""

    records: str
    every: bool
    sample_hz: int
    code: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Watching:
    """What a witness is installed with."""

    directory: str
    replica: str
    code: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Checking:
    """What the process's health is told from."""

    described: config.Health
    database_url_env: str
    cache_url: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What ``apply`` will do, in the order of its fields."""

    recording: Recording | None
    directory: Path
    target: Target
    keywords: Mapping[str, Any]
    watching: Watching | None = None
    pools: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    """Connections by name of the database."""
    ages: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    """Seconds that a connection stays open, by name of the database."""
    caching: config.Cache | None = None
    """What is kept, and where; ``None`` where nothing is."""
    local: int = 0
    """Bytes of copies in the process, of each cache that does not say; 0 for none."""
    health: Checking | None = None
    compress: bool = False
    freeze: bool = False


def worker_settings(environ: Mapping[str, str], directory: Path) -> WorkerSettings:
    """From the toolbox's variable, or else from the ``surefoot.toml`` of ``directory``.

    Raises:
        ConfigError: Either cannot be understood.
    """
    text = environ.get(VARIABLE)
    if not text:
        loaded = config.load(directory, environ=environ)
        return WorkerSettings(loaded.config, loaded.path(loaded.config.app.directory))
    try:
        told = json.loads(text)
        described = config.from_mapping(told["config"], VARIABLE)
        return WorkerSettings(
            config=described,
            directory=(directory / described.app.directory).resolve(),
            replica=str(told.get("replica", "")),
            records=str(told.get("records", "")),
            every=bool(told.get("every", False)),
            code=tuple(map(str, told.get("code", ()))),
            witness=str(told.get("witness", "")),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(
            f"{VARIABLE} does not hold what Surefoot writes there: {error!r}",
            do="unset it; it is meant for processes that surefoot starts",
        ) from error


def plan(settings: WorkerSettings) -> Plan:
    """Decide what serving with these settings takes; nothing is imported or changed.

    Raises:
        TargetError: No target is given, or it cannot be read.
    """
    app = settings.config.app
    if not app.target:
        raise TargetError(
            "no target is configured", do='write target = "shop.wsgi:application" under [app]'
        )
    target = parse_target(app.target)
    code = settings.code or (str(settings.directory), target.package)
    recording = watching = None
    if settings.records:
        sample = settings.config.telemetry.sample
        recording = Recording(settings.records, settings.every, sample, code)
    if settings.witness:
        watching = Watching(settings.witness, settings.replica, code)
    databases = settings.config.database.items()
    sizes = {name: entry.pool_size for name, entry in databases if entry.pool_size}
    ages = {name: entry.max_age for name, entry in databases if entry.max_age}
    return Plan(
        recording=recording,
        directory=settings.directory,
        target=target,
        keywords=app.settings,
        watching=watching,
        pools=MappingProxyType(sizes),
        ages=MappingProxyType(ages),
        caching=_caching(settings.config.cache),
        local=settings.config.cache.local,
        health=_checking(settings.config),
        compress=settings.config.response.compress,
        freeze=settings.config.server.gc_freeze,
    )


def _caching(cache: config.Cache) -> config.Cache | None:
    return cache if cache.response or cache.fingerprinted else None


def _checking(described: config.Config) -> Checking | None:
    if not described.health.prefix:
        return None
    return Checking(described.health, described.data.url_env, described.cache.url)


def apply(planned: Plan, wanted: str) -> Callable[..., Any]:
    """Do what is to be done before the import, import the application, wrap it, let it rest.

    Args:
        planned: What ``plan`` decided.
        wanted: ``"wsgi"``, ``"asgi"`` or ``"tornado"``, as the server was told.

    Raises:
        TargetError: The application is of the other kind, or nothing that can be served.
        Exception: Whatever the application raises while it is imported.
    """
    wrap = prepared(planned, wanted)
    return wrap(_imported(planned, wanted))


def prepared(planned: Plan, wanted: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Do what is to be done before the import of the application.

    Returns:
        What wraps the application, once it is imported.

    Raises:
        ConfigError: Something that is configured cannot be had.
    """
    if planned.pools or planned.ages:
        _late("pools").install(planned.pools, planned.ages)
    if planned.local:
        importlib.import_module("surefoot.cache.unsaid").unsaid.local = planned.local
    cached = _responses(planned, wanted)
    recorder = _installed(planned.recording)
    if recorder is not None or cached is not None or planned.watching is not None:
        _late("frameworks").hook()
    # Before the import: it marks what is imported.
    watch = _watching(planned.watching, wanted)
    answering = _health(planned.health, planned.directory, wanted)

    def wrap(application: Callable[..., Any]) -> Callable[..., Any]:
        application = watch(application)
        if cached is not None:
            # Compressed once, kept so; what is given again is recorded as any other request.
            application = cached(_compressed(planned, application, wanted))
        if recorder is not None:
            application = _recorded(application, wanted, recorder)
        if cached is None:
            # Outermost: what was recorded is what the application did.
            application = _compressed(planned, application, wanted)
        application = answering(application)
        if planned.freeze:
            _late("frozen").freeze()
        return application

    return wrap


def _compressed(planned: Plan, application: Callable[..., Any], wanted: str) -> Callable[..., Any]:
    if not planned.compress:
        return application
    compressed: Callable[..., Any] = _late(f"compression.{wanted}").Compressed(application)
    return compressed


def _responses(planned: Plan, wanted: str) -> Callable[..., Callable[..., Any]] | None:
    """What wraps the application where answers are kept; its hooks are in before the import."""
    if planned.caching is None:
        return None
    if wanted == "tornado":
        raise ConfigError(
            "answers of a Tornado application cannot be kept",
            do="take [[cache.response]] out; surefoot.cache keeps what its handlers compute",
        )
    wrap: Callable[..., Callable[..., Any]] = _late("responses.installed").install(
        planned.caching, wanted, planned.directory, encoded=planned.compress
    )
    return wrap


def _late(name: str) -> Any:
    return importlib.import_module(f"surefoot.web.{name}")


def _imported(planned: Plan, wanted: str) -> Callable[..., Any]:
    home = str(planned.directory)
    if home not in sys.path:
        sys.path.insert(0, home)
    application = import_application(planned.target, planned.keywords)
    found = interface(application)
    if found != wanted:
        raise TargetError(
            f"{planned.target} is an application for {INTERFACES[found]}, "
            f"asked for as one for {INTERFACES[wanted]}",
            do=f"serve surefoot.web.entry:{found}",
        )
    return application


def _watching(
    wanted: Watching | None, kind: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What wraps the application where it is to be watched, or leaves it as it is."""
    if wanted is None:
        return lambda application: application
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]] = _late("witness").install(
        kind, Path(wanted.directory), wanted.replica, wanted.code
    )
    return wrap


def _health(
    checking: Checking | None, directory: Path, wanted: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What answers for the process in front of everything else."""
    if checking is None:
        return lambda application: application
    around = importlib.import_module("surefoot.health.configured").Surroundings(
        directory, checking.database_url_env, checking.cache_url
    )
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]] = _late("health").install(
        checking.described, around, wanted
    )
    return wrap


def _installed(recording: Recording | None) -> Any:
    if recording is None:
        return None
    try:
        # Late: without records a worker loads nothing of telemetry.
        from surefoot import telemetry  # noqa: PLC0415

        return telemetry.install(
            telemetry.Options(
                records=recording.records,
                every=recording.every,
                sample_hz=recording.sample_hz,
                code=recording.code,
            )
        )
    except Exception as error:  # noqa: BLE001 - observing must never keep anybody from serving
        return _without(error)


def _recorded(application: Callable[..., Any], kind: str, recorder: Any) -> Callable[..., Any]:
    try:
        wrapped: Callable[..., Any] = _late(kind).Recorded(application, recorder)
    except Exception as error:  # noqa: BLE001 - as above
        _without(error)
        return application
    return wrapped


def _without(error: Exception) -> None:
    sys.stderr.write(f"surefoot: serving without telemetry: {type(error).__name__}: {error}\n")


@functools.cache
def _application(wanted: str) -> Callable[..., Any]:
    return apply(plan(worker_settings(os.environ, Path.cwd())), wanted)


def __getattr__(name: str) -> Callable[..., Any]:
    if name not in INTERFACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return _application(name)
    except SurefootError as error:
        # A server would print a traceback of ours for what is a plain mistake of configuration.
        sys.stderr.write(f"surefoot: {error}\n")
        raise SystemExit(_NO_RETRY) from None
    except AttributeError as error:
        # Servers take an AttributeError from here for "there is no such name" and hide the cause.
        error.with_traceback(application_frames(error))
        raise ImportError(f"the application does not import: {error}") from error
    except Exception as error:
        # The server prints the traceback: without our frames the application's own are near.
        error.with_traceback(application_frames(error))
        raise
