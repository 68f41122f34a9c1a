"""The tables and keys of ``surefoot.toml``: one frozen dataclass per table, one field per key."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from surefoot.config.balancer import Balancer
from surefoot.config.cache import Cache
from surefoot.config.health import Health
from surefoot.config.rules import COMMAND, command, duration, key, plain_table
from surefoot.core.records import Slo

__all__ = [
    "App",
    "Balancer",
    "Config",
    "Data",
    "Database",
    "Response",
    "Server",
    "Settings",
    "SloConfig",
    "Telemetry",
    "Workload",
]


@dataclass(frozen=True, slots=True)
class App:
    """Where the application is."""

    target: str = key(
        "",
        'What to serve: "shop.wsgi:application", "shop:create_app()" or a file. '
        "Looked for in the working directory when not given.",
    )
    directory: str = key("", "Working directory of the application; also where its own code lies.")
    python: str = key(
        "",
        "The application's interpreter. Default: its .venv, then VIRTUAL_ENV, then Surefoot's own.",
    )
    env_file: str = key(
        "", "File of KEY=value lines put into the application's environment; never shown."
    )
    settings: Mapping[str, Any] = key(
        types.MappingProxyType({}),
        "Keyword arguments of a factory target.",
        parse=plain_table,
        allowed="a table of text, numbers, true or false, lists and tables",
    )


@dataclass(frozen=True, slots=True)
class Server:
    """The server processes."""

    kind: str = key(
        "",
        "Which server. Default: gunicorn for WSGI, uvicorn for ASGI.",
        choices=("", "gunicorn", "uvicorn", "granian"),
    )
    replicas: int = key(
        1, "Server process groups of one worker process each.", minimum=1, maximum=256
    )
    workers: int = key(
        1,
        "Worker processes of each replica, forked after the import and so sharing its memory; more "
        "than one with gunicorn only.",
        minimum=1,
        maximum=64,
    )
    threads: int = key(4, "Requests a WSGI replica works on at once.", minimum=1, maximum=1024)
    keep_alive: float = duration(
        75.0, "How long an idle connection is kept open.", minimum=0.0, maximum=3600.0
    )
    graceful_timeout: float = duration(
        30.0, "How long a stopping replica may finish its requests.", minimum=0.0, maximum=3600.0
    )
    gc_freeze: bool = key(
        False,
        "Whether Python's garbage collector leaves what the import made alone and runs less often.",
    )


@dataclass(frozen=True, slots=True)
class Response:
    """What is done to answers on their way out."""

    compress: bool = key(
        False,
        "Whether text, JSON and the like of 500 bytes and more is sent gzipped to clients that "
        "accept it.",
    )


@dataclass(frozen=True, slots=True)
class SloConfig:
    """What has to hold for a rate to count as carried."""

    latency: float = duration(
        0.250, "Response time that the quantile must stay within.", minimum=1e-6, maximum=600.0
    )
    quantile: float = key(
        0.99, "Which quantile of response time is judged.", minimum=0.5, maximum=0.9999
    )
    errors: float = key(0.001, "Share of requests that may fail.", minimum=0.0, maximum=0.5)
    stale: float = duration(
        0.0,
        "How old an answer may be that is given again; without it, tune gives none again.",
        minimum=0.0,
        maximum=30 * 86400.0,
    )


@dataclass(frozen=True, slots=True)
class Workload:
    """Which requests are sent when measuring."""

    file: str = key(
        "", "Workload file, or a locustfile; made from the application's own routes when not given."
    )


@dataclass(frozen=True, slots=True)
class Data:
    """The data behind the application, and what may be done to it."""

    url_env: str = key(
        "",
        "Environment variable from which the application reads its database URL; a proof copies "
        "the SQLite file or PostgreSQL database that it names.",
    )
    disposable: bool = key(
        False, "Whether requests that write may be sent to the application's own data."
    )
    copy: str = key(
        "",
        "Command that copies any other database: it finds the URL in SUREFOOT_DATABASE_URL, and "
        "prints that of the copy {label} on its last line.",
        parse=command,
        allowed=COMMAND,
    )
    reset: str = key(
        "",
        "Command that makes the copy {label} fresh again; without it copy is run again.",
        parse=command,
        allowed=COMMAND,
    )


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What is observed inside the workers."""

    sample: int = key(
        40,
        "Stack samples a second of each worker; 0 turns the sampler off.",
        minimum=0,
        maximum=200,
    )


@dataclass(frozen=True, slots=True)
class Database:
    """One database connection of the application."""

    pool_size: int = key(
        0,
        "Connections in a pool of SQLAlchemy, psycopg, asyncpg or Django for the database NAME; "
        "default is any database without a table. 0 leaves the application's own.",
        minimum=0,
        maximum=10_000,
    )
    max_age: float = duration(
        0.0,
        "How long a connection of Django's stays open from request to request (CONN_MAX_AGE); not "
        "one of a pool. 0s leaves the application's own.",
        minimum=0.0,
        maximum=86_400.0,
    )


@dataclass(frozen=True, slots=True)
class Config:
    """The whole description; one attribute per table of the file."""

    app: App = field(default_factory=App)
    server: Server = field(default_factory=Server)
    response: Response = field(default_factory=Response)
    balancer: Balancer = field(default_factory=Balancer)
    slo: SloConfig = field(default_factory=SloConfig)
    workload: Workload = field(default_factory=Workload)
    data: Data = field(default_factory=Data)
    telemetry: Telemetry = field(default_factory=Telemetry)
    database: Mapping[str, Database] = field(default_factory=lambda: types.MappingProxyType({}))
    cache: Cache = field(default_factory=Cache)
    health: Health = field(default_factory=Health)

    @property
    def objective(self) -> Slo:
        """The SLO as the rest of the code passes it on."""
        return Slo(self.slo.latency, self.slo.quantile, self.slo.errors)


@dataclass(frozen=True, slots=True)
class Settings:
    """A configuration and where each of its values came from."""

    config: Config
    sources: Mapping[str, str]
    """Dotted key to ``"default"``, ``"surefoot.toml"``, ``"environment"`` or ``"flag"``."""
    directory: Path
    """Relative paths in the configuration start here."""
    file: Path | None = None
    """Where it was read from; ``None`` where there is no file."""

    def path(self, name: str) -> Path:
        """A file or directory that the configuration names, ``~`` and relative ones resolved."""
        return (self.directory / Path(name).expanduser()).resolve()
