"""Reads how an application is started from a file that its people have, or from a command line."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Final

from surefoot.errors import ConfigError
from surefoot.toolbox.existing.dockerfile import dockerfile
from surefoot.toolbox.existing.procfile import procfile
from surefoot.toolbox.existing.reading import existing
from surefoot.toolbox.existing.servers import DIRECTORY, ENV_FILE, SERVERS
from surefoot.toolbox.existing.start import Existing, Left, Start
from surefoot.toolbox.existing.unit import unit

__all__ = ["beside", "read_existing"]

_LONGEST: Final = 1_000_000
_KINDS: Final = "a Procfile, a systemd unit, a Dockerfile, a script of Python or a command line"


def read_existing(named: str, directory: Path) -> Existing:
    """What a file or a command line says about how the application is started.

    Args:
        named: A file's name, or a command line such as ``"gunicorn shop.wsgi -w 4"``.
        directory: That the file, and those that it names, are relative to.

    Raises:
        ConfigError: It cannot be read, or starts no server that is known.
    """
    path = directory / named
    base = directory
    if path.is_dir() and (path / "__main__.py").is_file():
        path /= "__main__.py"
    if path.is_file():
        found = _file(path, base)
    elif " " in named.strip():
        found = existing(Start(named, "the command line"), lambda name: _text(base / name))
    else:
        raise ConfigError(f"there is no file {path}", do=f"name {_KINDS}")
    if found is None or "app.target" not in found.settings:
        raise ConfigError(
            f"{named} starts no server that is known here",
            do=f"name {_KINDS} that starts one of {', '.join(SERVERS)}",
        )
    return _here(found, base)


def beside(directory: Path) -> str:
    """A file of the directory that ``read_existing`` would take; empty where there is none."""
    for pattern in ("Procfile", "*.service", "Dockerfile"):
        found = next(iter(sorted(directory.glob(pattern))), None)
        if found is not None:
            return found.name
    return ""


def _here(found: Existing, base: Path) -> Existing:
    """Without files and directories that are elsewhere, on a server or in an image."""
    away = [
        key
        for key in (DIRECTORY, ENV_FILE)
        if key in found.settings and not (base / str(found.settings[key])).exists()
    ]
    left = [Left(f"{key} = {found.settings[key]}", "it is not on this machine") for key in away]
    settings = {key: value for key, value in found.settings.items() if key not in away}
    return Existing(found.where, settings, (*found.left, *left))


def _file(path: Path, base: Path) -> Existing | None:
    text = _text(path)
    if text is None:
        raise ConfigError(f"{path} cannot be read", do=f"name {_KINDS}")
    name = path.name
    start = _start(text, name, os.path.relpath(path, base))
    return None if start is None else existing(start, lambda other: _text(base / other))


def _start(text: str, name: str, path: str) -> Start | None:
    if name.endswith(".py"):
        return Start(shlex.join(["python", path]), name)
    if name.lower().startswith(("dockerfile", "containerfile")) or name.endswith(".dockerfile"):
        return dockerfile(text)
    if name.endswith(".service"):
        return unit(text, name)
    return procfile(text)


def _text(path: Path) -> str | None:
    try:
        if path.stat().st_size > _LONGEST:
            return None
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, ValueError):
        return None
