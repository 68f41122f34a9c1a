"""Applications that a PasteDeploy file describes, ``production.ini#main``, as ``pserve`` has them.

Loaded by PasteDeploy itself, in the application's own environment, with logging set up from the
same file: sections such as ``[composite:]``, ``[pipeline:]`` and ``[filter:]`` are its own affair.
"""

from __future__ import annotations

import configparser
import logging
import logging.config
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from surefoot.core.target import Target
from surefoot.errors import TargetError

__all__ = ["application", "package"]

_APPLICATIONS: Final = (
    "app:",
    "application:",
    "composite:",
    "composit:",
    "pipeline:",
    "filter-app:",
)


def application(target: Target, settings: Mapping[str, Any]) -> Callable[..., Any]:
    """Set logging up and load the application.

    Args:
        target: Names the file, to be found where modules are, and the section.
        settings: Values for the whole file, as ``pserve production.ini port=6543`` gives them.

    Raises:
        TargetError: The file, the section or PasteDeploy is not there.
        Exception: Whatever the application raises while it is made.
    """
    loader = _loader(target)
    path = _path(target)
    values = {name: _text(value) for name, value in settings.items()}
    _set_logging_up(path, values)
    context = _context(loader, target, path, values)
    served: Callable[..., Any] = context.create()
    return served


def package(target: Target) -> str:
    """Top-level package of the application's code; of the first one where several are composed.

    Raises:
        TargetError: As for ``application``.
        Exception: Whatever its modules raise while they are imported.
    """
    loader = _loader(target)
    found = _factories(loader, _context(loader, target, _path(target), {}))
    return next((factory.__module__.partition(".")[0] for factory in found), "")


def _loader(target: Target) -> Any:
    try:
        from paste.deploy import loadwsgi  # noqa: PLC0415 - of the application's environment
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "paste":
            raise
        raise TargetError(
            f"{target} needs PasteDeploy, which {sys.executable} does not have",
            do="name the interpreter that serves it with --python, or install PasteDeploy there",
        ) from None
    return loadwsgi


def _path(target: Target) -> Path:
    for place in ("", *sys.path):
        path = Path(place, target.file)
        if path.is_file():
            return path.absolute()
    raise TargetError(f"there is no file {target.file}", do="check the target's path")


def _context(loader: Any, target: Target, path: Path, values: Mapping[str, str]) -> Any:
    # An escape such as %20 is decoded there.
    place = f"config:{quote(str(path))}"
    try:
        return loader.loadcontext(
            loader.APP, place, name=target.section or "main", global_conf=dict(values)
        )
    except LookupError as error:
        named = _sections(path)
        wanted = target.section or "main"
        if wanted in named:
            # It is there: something that it names is not.
            raise
        raise TargetError(
            f"{target.file} describes no application {wanted}",
            do=f"name one that it does, as {target.file}#{named[0]}" if named else str(error),
        ) from None


def _sections(path: Path) -> list[str]:
    parser = configparser.RawConfigParser(strict=False)
    parser.read(path, encoding="utf-8")
    sections = [name for name in parser.sections() if name.startswith(_APPLICATIONS)]
    return [name.partition(":")[2].strip() for name in sections]


def _factories(loader: Any, context: Any) -> Iterator[Any]:
    """What makes the applications behind filters, pipelines and compositions."""
    for name in ("app_context", "next_context"):
        inner = getattr(context, name, None)
        if inner is not None:
            yield from _factories(loader, inner)
            return
    if "composi" in str(context.protocol):
        for name in context.local_conf.values():
            yield from _factories(loader, context.loader.get_context(loader.APP, str(name)))
    elif hasattr(context.object, "__module__"):
        yield context.object


def _set_logging_up(path: Path, values: Mapping[str, str]) -> None:
    parser = configparser.RawConfigParser(strict=False)
    parser.read(path, encoding="utf-8")
    if not parser.has_section("loggers"):
        logging.basicConfig()
        return
    known = {"here": str(path.parent), "__file__": str(path), **values}
    logging.config.fileConfig(path, known, disable_existing_loggers=False)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
