"""What a proof depends on: the code, the packages, the data and the machine, as short values."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from surefoot.config import Settings
from surefoot.core.journal import Facts, Host
from surefoot.errors import SurefootError
from surefoot.toolbox.data.url import Kind, Url
from surefoot.toolbox.env_file import read_env_file
from surefoot.toolbox.interpreter import find_interpreter
from surefoot.toolbox.process.once import TookTooLong, run_once

__all__ = ["code_hash", "dependencies_hash", "fingerprint", "host"]

# What changes how an application behaves and is written by hand; not data, logs or assets.
_SOURCES: Final = frozenset(
    {".py", ".pyx", ".html", ".jinja", ".jinja2", ".j2", ".mako", ".pt", ".sql", ".ini"}
)
_LARGEST: Final = 2_000_000
_NOT_CODE: Final = frozenset({"node_modules", "__pycache__", "build", "dist", "site-packages"})
_LIST: Final = (
    "import importlib.metadata as m,json,sys;"
    "print(json.dumps([sys.version]+sorted("
    "{f'{d.name}=={d.version}' for d in m.distributions() if d.name})))"
)
_LIST_SECONDS: Final = 30.0
_DIGITS: Final = 16


def fingerprint(
    settings: Settings, data: int = 0, environ: Mapping[str, str] = os.environ
) -> Facts:
    """What a proof that is made now depends on.

    Args:
        settings: Of the application.
        data: Size of its database in bytes; looked at where it is a file when not given.
        environ: Where ``VIRTUAL_ENV`` and the database's URL are looked up.
    """
    directory = settings.path(settings.config.app.directory)
    return Facts(
        code_hash(directory),
        _dependencies(settings, directory, environ),
        data or _file_size(settings, directory, environ),
        host(),
    )


def code_hash(directory: Path) -> str:
    """A hash over the application's own source files, their names included."""
    total = sha256()
    for path in sorted(_sources(directory)):
        try:
            size = path.stat().st_size
            # Data with a source's name, a dump say: its size has to do.
            content = path.read_bytes() if size <= _LARGEST else b"%d" % size
        except OSError:
            # Gone or not readable: its name alone has to do.
            content = b""
        name = os.fsencode(path.relative_to(directory))
        total.update(b"%d %b %d " % (len(name), name, len(content)))
        total.update(content)
    return total.hexdigest()[:_DIGITS]


def dependencies_hash(python: Path) -> str:
    """A hash over the version of a Python and of every package it has; empty if it cannot tell."""
    try:
        done = run_once([str(python), "-I", "-c", _LIST], seconds=_LIST_SECONDS)
        names = json.loads(done.output)
    except (OSError, TookTooLong, ValueError):
        return ""
    return sha256("\n".join(names).encode()).hexdigest()[:_DIGITS]


def host() -> Host:
    """This machine, without its name."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Host(_cpu(), cores or 1, memory, f"{platform.system()} {platform.release()}")


def _dependencies(settings: Settings, directory: Path, environ: Mapping[str, str]) -> str:
    try:
        return dependencies_hash(find_interpreter(settings, directory, environ).path)
    except SurefootError:
        return ""


def _file_size(settings: Settings, directory: Path, environ: Mapping[str, str]) -> int:
    """Of a SQLite database; a server is not asked only to tell what a proof depends on."""
    variable, env_file = settings.config.data.url_env, settings.config.app.env_file
    try:
        told = {**environ, **(read_env_file(settings.path(env_file)) if env_file else {})}
        url = Url(told.get(variable, ""))
        if not variable or not url.text or url.kind is not Kind.SQLITE or url.in_memory:
            return 0
        return url.existing_file(directory).stat().st_size
    except (SurefootError, OSError):
        return 0


def _sources(directory: Path) -> Iterator[Path]:
    for place, directories, files in os.walk(directory):
        here = Path(place)
        # A virtual environment has other people's code, whatever it is called.
        directories[:] = [
            name
            for name in directories
            if not name.startswith(".")
            and name not in _NOT_CODE
            and not (here / name / "pyvenv.cfg").exists()
        ]
        for name in files:
            path = here / name
            if path.suffix in _SOURCES and path.is_file():
                yield path


def _cpu() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return platform.processor() or platform.machine()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() in {"model name", "Model"}:
            return value.strip()
    return platform.machine()
