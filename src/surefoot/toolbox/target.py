"""Finds the application: its directory, interpreter, environment, interface and routes."""

from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from surefoot import __version__
from surefoot.config import Settings
from surefoot.core.target import Target, parse_target
from surefoot.errors import InterpreterError, TargetError
from surefoot.toolbox.env_file import read_env_file
from surefoot.toolbox.interpreter import Interpreter, find_interpreter, link_directory
from surefoot.toolbox.process.once import TookTooLong, run_once
from surefoot.toolbox.search import MANAGE, search
from surefoot.toolbox.server_package import ServerPackage, server_package

__all__ = ["LOOPED", "Application", "Route", "find_application"]

LOOPED: Final = frozenset({"asgi", "tornado"})
"""Interfaces whose requests share an event loop in each process."""

_KEYWORDS: Final = "SUREFOOT_FACTORY"
_IMPORT_SECONDS: Final = 120.0
_TAIL: Final = 15


@dataclass(frozen=True, slots=True)
class Route:
    """One route and method, as the application's framework declares it."""

    method: str
    template: str
    """As the framework writes it, ``"/books/<int:id>"`` or ``"/books/{id}"``."""
    rule_parameters: tuple[tuple[str, str], ...]
    """Name and kind of each: ``"int"``, ``"str"``, ``"float"``, ``"uuid"``, ``"path"``, or own."""
    endpoint: str


@dataclass(frozen=True, slots=True)
class Application:
    """An application that imports, and all that is needed to start it."""

    target: str
    """As the server's workers import it, ``"shop:create_app()"``."""
    interface: str
    """``"wsgi"``, ``"asgi"`` or ``"tornado"``."""
    framework: str
    """``"flask"``, ``"django"`` and so on, as it is installed; empty where none is known."""
    framework_version: str
    interpreter: Interpreter
    server: ServerPackage
    directory: Path
    """Absolute; the working directory it is started in."""
    code: tuple[str, ...]
    """Directories and top-level packages whose frames are its own."""
    routes: tuple[Route, ...]
    appended: tuple[Path, ...]
    """What goes to the end of the interpreter's path."""
    environment: Mapping[str, str] = dataclasses.field(repr=False)
    """Of its processes, with the env file's values; never to be shown."""
    debug: bool = False
    """Whether its framework runs it in debug mode."""


def find_application(settings: Settings, environ: Mapping[str, str] = os.environ) -> Application:
    """Find and import the application once, in its own interpreter.

    Raises:
        TargetError: It is not found, does not import, or is nothing that can be served.
        InterpreterError: Its Python or its server is missing.
        ConfigError: The env file or the server's kind is wrong.
    """
    target, directory = _located(settings)
    app = settings.config.app
    environment = dict(environ)
    environment.pop("__PYVENV_LAUNCHER__", None)
    if app.env_file:
        environment |= read_env_file(settings.path(app.env_file))
    interpreter = find_interpreter(settings, directory, environ)
    appended = (link_directory(environ),)
    found = _inspected(target, app.settings, interpreter, appended, directory, environment)
    wanted = settings.config.server
    server = server_package(
        found["interface"], wanted.kind, found["servers"], interpreter, environ, wanted.workers
    )
    return Application(
        target=found["target"],
        interface=found["interface"],
        framework=found["framework"],
        framework_version=found["framework_version"],
        interpreter=interpreter,
        server=server,
        directory=directory,
        code=(str(directory), found["package"]),
        routes=tuple(_route(route) for route in found["routes"]),
        appended=(*appended, *server.appended),
        environment=environment | found["environment"],
        debug=found["debug"],
    )


def _route(told: Mapping[str, Any]) -> Route:
    parameters = tuple((str(name), str(kind)) for name, kind in told["parameters"])
    return Route(told["method"], told["template"], parameters, told["endpoint"])


def _located(settings: Settings) -> tuple[Target, Path]:
    app = settings.config.app
    directory = settings.path(app.directory)
    if not directory.is_dir():
        raise TargetError(
            f"there is no directory {directory}", do="check app.directory or --directory"
        )
    text = app.target or search(directory)
    project = _project(directory, text)
    if project is not None:
        return project
    file, colon, name = text.partition(":")
    if not file.endswith(".py"):
        return _described(parse_target(text), directory), directory
    path = (directory / file).resolve()
    if not path.is_file():
        raise TargetError(f"there is no file {path}", do="check the target's path")
    # A script outside any package finds its neighbours only from its own directory.
    home = path.parent
    while (home / "__init__.py").is_file():
        home = home.parent
    if (home == directory) or directory in home.parents:
        directory = home
    dotted = ".".join(path.relative_to(home).with_suffix("").parts).removesuffix(".__init__")
    return parse_target(dotted + colon + name), home


def _described(target: Target, directory: Path) -> Target:
    if target.file and not (directory / target.file).is_file():
        raise TargetError(
            f"there is no file {directory / target.file}", do="check the target's path"
        )
    return target


def _project(directory: Path, text: str) -> tuple[Target, Path] | None:
    """A Django project by its folder or its ``manage.py``, with ``#settings`` behind it or not."""
    place, mark, settings = text.partition("#")
    path = directory / place
    file = path / MANAGE if path.is_dir() else path
    if file.name != MANAGE or not (file.is_file() or mark):
        return None
    if not file.is_file():
        raise TargetError(f"there is no file {file}", do="check the target's path")
    return parse_target(MANAGE + mark + settings), file.parent.resolve()


def _inspected(
    target: Target,
    keywords: Mapping[str, Any],
    interpreter: Interpreter,
    appended: Sequence[Path],
    directory: Path,
    environment: Mapping[str, str],
) -> dict[str, Any]:
    with tempfile.TemporaryFile() as answer:
        words = [str(target), "--fd", str(answer.fileno()), "--settings", _KEYWORDS]
        try:
            done = run_once(
                interpreter.command(appended, "surefoot.web.inspect", *words),
                seconds=_IMPORT_SECONDS,
                directory=directory,
                environment={**environment, _KEYWORDS: json.dumps(dict(keywords))},
                fds=(answer.fileno(),),
            )
        except TookTooLong as error:
            raise TargetError(
                f"{target} was still importing after {_IMPORT_SECONDS:.0f} s"
                + _quoted(str(error), _TAIL),
                do="move what waits for other services out of the import",
            ) from None
        except OSError as error:
            raise InterpreterError(
                f"{interpreter.path} cannot be started: {error.strerror}",
                do="check that there is room and that the limit on processes is not reached",
            ) from error
        answer.seek(0)
        try:
            found: dict[str, Any] = json.loads(answer.read())
        except ValueError:
            raise TargetError(
                f"{target} ended its process while it was imported (exit code {done.code})"
                + _quoted(done.output, _TAIL),
                do=f"import it by hand, with {interpreter.path}",
            ) from None
    if "error" in found:
        told = found["error"]
        raise TargetError(
            told["message"] + _quoted(told["traceback"]),
            do=told["do"] or f"it was imported with {interpreter}; --python names another",
        )
    if found["surefoot"] != __version__:
        raise InterpreterError(
            f"{interpreter.path} has Surefoot {found['surefoot']} installed, this is {__version__}",
            do="install the same version in both places, or remove it there",
        )
    return found


def _quoted(text: str, last: int = 0) -> str:
    return "".join(f"\n  | {line}" for line in text.splitlines()[-last:])
