"""How a server is started: its arguments, and what its processes are told."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from surefoot.config import Config, to_mapping
from surefoot.toolbox.target import Application

__all__ = ["server_command", "worker_environment"]

# The first gunicorn that opens a control socket unless it is told not to.
_CONTROL_SOCKET: Final = (25, 1)


def server_command(
    application: Application, config: Config, fds: Sequence[int], pid_file: Path
) -> list[str]:
    """Arguments that serve the application on these listening sockets."""
    server = application.server
    words = _gunicorn(server.version, config, fds, pid_file)
    module = "gunicorn"
    if server.kind == "uvicorn":
        module, words = "surefoot.web.serve", _looped(config, fds)
    elif server.kind == "tornado":
        module, words = "surefoot.web.tornado.serve", _looped(config, fds)
    elif server.kind == "granian":
        module, words = "surefoot.web.granian", _granian(application.interface, config, fds)
    return application.interpreter.command(application.appended, module, *words)


def _gunicorn(version: str, config: Config, fds: Sequence[int], pid_file: Path) -> list[str]:
    words = ["--worker-class", "gthread", "--workers", str(config.server.workers)]
    words += ["--preload"] if config.server.workers > 1 else []
    words += ["--threads", str(config.server.threads)]
    words += ["--keep-alive", str(math.ceil(config.server.keep_alive))]
    words += ["--graceful-timeout", str(math.ceil(config.server.graceful_timeout))]
    # A gunicorn.conf.py of the application's is read for its hooks; two replicas cannot share the
    # process id file it may name. An empty name would not do: gunicorn then makes a file of a
    # random name in the working directory, which stays there when it is killed.
    words += ["--log-level", "warning", "--pid", str(pid_file)]
    # With an inherited socket among its binds gunicorn drops every path, so all are inherited.
    for fd in fds:
        words += ["--bind", f"fd://{fd}"]
    if _numbers(version) >= _CONTROL_SOCKET:
        words.append("--no-control-socket")
    return [*words, "surefoot.web.entry:wsgi"]


def _looped(config: Config, fds: Sequence[int]) -> list[str]:
    words = ["--keep-alive", str(math.ceil(config.server.keep_alive))]
    words += ["--graceful-timeout", str(math.ceil(config.server.graceful_timeout))]
    for fd in fds:
        words += ["--fd", str(fd)]
    return words


def _granian(interface: str, config: Config, fds: Sequence[int]) -> list[str]:
    words = ["--interface", interface, "--threads", str(config.server.threads)]
    words += ["--keep-alive", str(math.ceil(config.server.keep_alive))]
    for fd in fds:
        words += ["--fd", str(fd)]
    return words


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def worker_environment(
    application: Application,
    config: Config,
    replica: str,
    records: str,
    *,
    every: bool,
    witness: str = "",
) -> str:
    """The JSON that ``surefoot.web.entry`` reads in the worker."""
    app = dataclasses.replace(
        config.app,
        target=application.target,
        directory=str(application.directory),
        python=str(application.interpreter.path),
        env_file="",
    )
    return json.dumps(
        {
            "config": to_mapping(dataclasses.replace(config, app=app)),
            "replica": replica,
            "records": records,
            "every": every,
            "code": list(application.code),
            "witness": witness,
        }
    )
