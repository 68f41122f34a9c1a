"""The server the application runs under: its own, or one installed into Surefoot's cache."""

from __future__ import annotations

import fcntl
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from surefoot.errors import ConfigError, InterpreterError
from surefoot.toolbox.interpreter import Interpreter, cache_directory
from surefoot.toolbox.process.once import TookTooLong, run_once

__all__ = ["ServerPackage", "server_package"]

_DEFAULT: Final = {"wsgi": "gunicorn", "asgi": "uvicorn", "tornado": "tornado"}
_SAID: Final = {"wsgi": "WSGI", "asgi": "ASGI", "tornado": "Tornado"}
_SERVES: Final = {
    "gunicorn": frozenset({"wsgi"}),
    "uvicorn": frozenset({"asgi"}),
    "granian": frozenset({"wsgi", "asgi"}),
    # Comes with the framework: it is installed wherever it is needed.
    "tornado": frozenset({"tornado"}),
}
_PACKAGES: Final = {
    "gunicorn": ("gunicorn",),
    "uvicorn": ("uvicorn", "uvloop", "httptools"),
    "granian": ("granian==2.8.*", "uvloop"),
}
# Its inner parts are used, to have it serve inherited sockets in one process; 2.7 has others.
_GRANIAN: Final = "2.8."
_INSTALL_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class ServerPackage:
    """Which server, and where it lies."""

    kind: str
    """``"gunicorn"``, ``"uvicorn"``, ``"granian"`` or ``"tornado"``."""
    version: str
    appended: tuple[Path, ...] = ()
    """Directories it needs at the end of the interpreter's path; none if it is installed there."""

    def __str__(self) -> str:
        return f"{self.kind} {self.version}" + (" (Surefoot's)" if self.appended else "")


def server_package(
    interface: str,
    wanted: str,
    installed: Mapping[str, str],
    interpreter: Interpreter,
    environ: Mapping[str, str],
    workers: int = 1,
) -> ServerPackage:
    """The server to use.

    Args:
        interface: ``"wsgi"``, ``"asgi"`` or ``"tornado"``.
        wanted: The configured kind; empty for the interface's own.
        installed: What the application's environment has: name to version.
        interpreter: The application's.
        environ: For the place of the cache.
        workers: Processes in each replica.

    Raises:
        ConfigError: The server wanted does not speak the interface, or cannot share a replica.
        InterpreterError: There is none, and none could be installed.
    """
    kind = wanted or _DEFAULT[interface]
    if interface not in _SERVES[kind]:
        raise ConfigError(
            f"{kind} does not serve {_SAID[interface]} applications here",
            do=f"leave server.kind out: {_DEFAULT[interface]} serves them",
        )
    if workers > 1 and kind != "gunicorn":
        raise ConfigError(
            f"server.workers is {workers}, and {kind} runs one process in each replica here",
            do="set server.replicas instead",
        )
    if kind == "granian" and not installed.get(kind, _GRANIAN).startswith(_GRANIAN):
        raise InterpreterError(
            f"{interpreter.path} has granian {installed[kind]}, and Surefoot starts 2.8 only",
            do=f"{interpreter.path} -m pip install '{_PACKAGES[kind][0]}'",
        )
    if kind in installed:
        return ServerPackage(kind, installed[kind])
    directory = cache_directory(environ) / "servers" / interpreter.abi / kind
    if not directory.is_dir():
        _install(kind, interpreter, directory, environ)
    return ServerPackage(kind, _version(directory, kind), (directory,))


def _install(
    kind: str, interpreter: Interpreter, directory: Path, environ: Mapping[str, str]
) -> None:
    partial = directory.with_name(f".{kind}")
    directory.parent.mkdir(parents=True, exist_ok=True)
    with (directory.parent / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if directory.is_dir():
            return
        shutil.rmtree(partial, ignore_errors=True)
        said = _pip(kind, interpreter, partial, environ)
        if said is not None:
            shutil.rmtree(partial, ignore_errors=True)
            raise InterpreterError(
                f"{kind} is not installed in {interpreter.path} and could not be fetched: {said}",
                do=f"{interpreter.path} -m pip install {' '.join(_PACKAGES[kind])}",
            )
        partial.rename(directory)


def _pip(kind: str, interpreter: Interpreter, into: Path, environ: Mapping[str, str]) -> str | None:
    """Try the interpreter's own pip, then Surefoot's on its behalf; the last words if both fail."""
    words = ["install", "--quiet", "--disable-pip-version-check", "--no-input", "--target"]
    words += [str(into), *_PACKAGES[kind]]
    said = ""
    for front in (
        [str(interpreter.path), "-m", "pip"],
        [sys.executable, "-m", "pip", "--python", str(interpreter.path)],
    ):
        try:
            done = run_once([*front, *words], seconds=_INSTALL_SECONDS, environment=environ)
        except (OSError, TookTooLong) as error:
            said = f"{front[0]}: {type(error).__name__}"
            continue
        if done.code == 0:
            return None
        lines = [line for line in done.output.splitlines() if line.strip()] or ["no reason given"]
        said = next((line for line in reversed(lines) if "ERROR" in line), lines[-1])
    return said.strip()


def _version(directory: Path, kind: str) -> str:
    for found in directory.glob(f"{kind}-*.dist-info"):
        return found.name.removesuffix(".dist-info").partition("-")[2]
    return "unknown"
