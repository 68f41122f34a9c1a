"""``python -m surefoot.web.inspect TARGET``: what an application is, as JSON, without serving it.

The answer goes to a file descriptor of its own, so that nothing the application prints while it
is imported can get into it.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import json
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from surefoot import __version__
from surefoot.core.target import Target, parse_target
from surefoot.errors import SurefootError
from surefoot.web.application import (
    application_frames,
    framework_object,
    import_application,
    interface,
    resolved,
)

__all__ = ["inspected", "main"]

_SERVERS: Final = ("gunicorn", "uvicorn", "granian", "tornado")


def inspected(target: Target, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Import the application and describe it; a failure is described as well.

    Returns:
        ``target`` (a module and a name), ``package`` of its own code, ``environment`` that it has
        to be told, ``interface``, ``framework``, ``framework_version``, ``debug`` (whether it runs
        in that mode), ``routes``, ``servers`` (name to version) and ``surefoot``; or ``error`` with
        ``message``, ``do`` and ``traceback``.
    """
    try:
        served = resolved(target)
        application = import_application(served.target, settings)
        kind = interface(application)
        framework, made = framework_object(application)
        found = [] if framework is None else list(framework.routes(made))
        debug = framework is not None and framework.debugs(made)
    except SurefootError as error:
        return {"error": {"message": error.message, "do": error.do, "traceback": ""}}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the application raises
        return {"error": _raised(target, error)}
    name = framework.name if framework is not None else ""
    return {
        "target": str(served.target),
        "package": served.package,
        "environment": dict(served.environment),
        "interface": kind,
        "framework": name,
        "framework_version": _version(name),
        "debug": debug,
        "routes": found,
        "servers": {server: _version(server) for server in _SERVERS if _importable(server)},
        "surefoot": __version__,
    }


def _raised(target: Target, error: BaseException) -> dict[str, str]:
    frames = application_frames(error)
    report = traceback.TracebackException(type(error), error, frames)
    # A mistake of syntax has no frame of the application, but tells its place itself.
    lines = report.format() if frames else report.format_exception_only()
    said = str(error).partition("\n")[0]
    return {
        "message": f"{target} does not import: {type(error).__name__}: {said}",
        "do": "",
        "traceback": "".join(lines).strip(),
    }


def _importable(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name) if name else ""
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def main(argv: list[str] | None = None) -> int:
    """Inspect one target; the settings of a factory come from the variable named."""
    parser = argparse.ArgumentParser(prog="python -m surefoot.web.inspect")
    parser.add_argument("target")
    parser.add_argument("--fd", type=int, default=1, help="where the JSON goes")
    parser.add_argument("--settings", default="", help="variable that holds a factory's keywords")
    args = parser.parse_args(argv)
    sys.path[:0] = [] if str(Path.cwd()) in sys.path else [str(Path.cwd())]
    settings = json.loads(os.environ.get(args.settings) or "{}") if args.settings else {}
    try:
        found = inspected(parse_target(args.target), settings)
    except SurefootError as error:
        found = {"error": {"message": error.message, "do": error.do, "traceback": ""}}
    with os.fdopen(args.fd, "w", encoding="utf-8", closefd=False) as out:
        json.dump(found, out)
    return 1 if "error" in found else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that the application started while it was imported may never end by themselves.
    os._exit(code)
