"""The source files that are the application's own, read but never imported."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from surefoot.toolbox.process.once import TookTooLong, run_once
from surefoot.toolbox.target import Application

__all__ = ["Source", "read_sources"]

_MOST: Final = 5000
_LARGEST: Final = 2_000_000
"""Bytes; what is larger was written by a machine, and holds data."""
_FOREIGN: Final = frozenset({"site-packages", "dist-packages", "node_modules", "__pycache__"})
_WHERE: Final = (
    "import importlib.util,json,sys;s=importlib.util.find_spec(sys.argv[1]);"
    "print(json.dumps([list(s.submodule_search_locations or ()),s.origin or ''] if s else [[],'']))"
)
_WHERE_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the application."""

    path: str
    """Without links, as a running frame's file is when its links are resolved."""
    name: str
    """Relative to the application, ``"shop/auth.py"``."""
    module: str
    """``"shop.auth"``."""
    package: str
    """What relative imports in it begin at."""
    tree: ast.Module


def read_sources(application: Application) -> list[Source]:
    """Every file of the application that can be read and understood."""
    found: dict[str, Source] = {}
    for home, path in _files(application):
        if len(found) >= _MOST:
            break
        real = os.path.realpath(path)
        if real not in found and (source := _read(path, home, real)) is not None:
            found[real] = source
    return list(found.values())


def _files(application: Application) -> Iterator[tuple[Path, Path]]:
    for entry in application.code:
        if Path(entry).is_absolute():
            yield from ((Path(entry), path) for path in _below(Path(entry)))
            continue
        for place in _places(application, entry):
            below = _below(place) if place.is_dir() else [place]
            yield from ((place.parent, path) for path in below)


def _places(application: Application, package: str) -> list[Path]:
    """Where a package is installed, unless it lies in the application's directory."""
    home = application.directory
    if (home / package).is_dir() or (home / f"{package}.py").is_file():
        return []
    words = [str(application.interpreter.path), "-c", _WHERE, package]
    try:
        done = run_once(
            words,
            seconds=_WHERE_SECONDS,
            directory=home,
            environment=application.environment,
        )
        folders, origin = json.loads(done.output)
    except (OSError, TookTooLong, ValueError):
        return []
    return [Path(folder) for folder in folders] or ([Path(origin)] if origin else [])


def _below(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        inside = Path(here)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _FOREIGN
            and not (inside / name / "pyvenv.cfg").exists()
        )
        yield from (inside / name for name in sorted(files) if name.endswith(".py"))


def _read(path: Path, home: Path, real: str) -> Source | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    relative = path.relative_to(home)
    parts = relative.with_suffix("").parts
    module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    package = ".".join(parts[:-1])
    return Source(real, relative.as_posix(), module, package, tree)
