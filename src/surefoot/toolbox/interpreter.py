"""The application's own Python: which one it is, and how Surefoot's half gets on its path."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import surefoot
from surefoot.config import Settings
from surefoot.errors import InterpreterError
from surefoot.toolbox.process.once import TookTooLong, run_once

__all__ = ["Interpreter", "cache_directory", "find_interpreter", "link_directory", "probe"]

OLDEST: Final = (3, 11)
_PROBE: Final = (
    "import json,sys,sysconfig;"
    "print(json.dumps([list(sys.version_info[:3]),sys.implementation.cache_tag or '',"
    "sysconfig.get_platform()]))"
)
# The application's directory first, as for any script; what Surefoot adds last, so that nothing of
# the application's own environment is ever shadowed.
_BOOT: Final = (
    "import os,runpy,sys;d=os.getcwd();"
    "sys.path[:]=[d]+[p for p in sys.path if p not in('',d)]+sys.argv[1].split(os.pathsep);"
    "sys.argv=sys.argv[2:];"
    "runpy.run_module(sys.argv[0],run_name='__main__',alter_sys=True)"
)
_PROBE_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One Python that was asked what it is."""

    path: Path
    version: tuple[int, int, int]
    abi: str
    """What compiled packages depend on, ``"cpython-312-linux-x86_64"``."""
    source: str
    """Why it is this one: ``"--python"``, ``".venv"``, ``"VIRTUAL_ENV"``, ``"Surefoot's own"``."""

    def __str__(self) -> str:
        return f"Python {'.'.join(map(str, self.version))} at {self.path} ({self.source})"

    def command(self, appended: Sequence[Path], module: str, *words: str) -> list[str]:
        """Arguments that run ``module`` with ``appended`` at the end of its path."""
        paths = os.pathsep.join(map(str, appended))
        return [str(self.path), "-c", _BOOT, paths, module, *words]


def find_interpreter(
    settings: Settings, directory: Path, environ: Mapping[str, str]
) -> Interpreter:
    """The configured one, else ``.venv`` of ``directory``, else ``VIRTUAL_ENV``, else this one.

    Raises:
        InterpreterError: The one named is not there, does not run, or is too old.
    """
    named = settings.config.app.python
    if named:
        source = settings.sources.get("app.python", "")
        source = "--python" if source == "flag" else f"python in {source}"
        return probe(_named(named, settings.directory), source)
    for place, source in (
        (str(directory / ".venv"), ".venv"),
        (environ.get("VIRTUAL_ENV", ""), "VIRTUAL_ENV"),
    ):
        python = Path(place) / "bin" / "python"
        if place and python.exists():
            return probe(python, source)
    return probe(Path(sys.executable), "Surefoot's own")


def probe(path: Path, source: str) -> Interpreter:
    """Ask a Python for its version.

    Raises:
        InterpreterError: It does not run or is older than 3.11.
    """
    try:
        done = run_once([str(path), "-I", "-c", _PROBE], seconds=_PROBE_SECONDS)
        version, tag, platform = json.loads(done.output)
    except (OSError, TookTooLong, ValueError) as error:
        raise InterpreterError(
            f"{path} ({source}) does not run as a Python: {type(error).__name__}",
            do="name the application's interpreter with --python",
        ) from error
    found = (int(version[0]), int(version[1]), int(version[2]))
    if found < OLDEST:
        raise InterpreterError(
            f"{path} ({source}) is Python {'.'.join(map(str, found))}; 3.11 or newer is needed",
            do="name a newer interpreter that has the application's packages with --python",
        )
    return Interpreter(path, found, f"{tag}-{platform}", source)


def _named(name: str, directory: Path) -> Path:
    if os.sep not in name and (found := shutil.which(name)):
        return Path(found)
    path = directory / Path(name).expanduser()
    if path.is_dir():
        path = path / "bin" / "python"
    if not path.exists():
        raise InterpreterError(
            f"there is no Python at {path}",
            do="name the interpreter the application's packages are installed in, "
            "as .venv/bin/python",
        )
    # Not resolved: a virtual environment is told by the path of its link.
    return path.absolute()


def cache_directory(environ: Mapping[str, str]) -> Path:
    """Surefoot's own directory for this user; made when it is not there.

    Raises:
        InterpreterError: It cannot be made.
    """
    base = environ.get("XDG_CACHE_HOME") or ""
    root = Path(base) if Path(base).is_absolute() else Path("~/.cache").expanduser()
    directory = root / "surefoot"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InterpreterError(
            f"{directory} cannot be made: {error.strerror}",
            do="set XDG_CACHE_HOME to a directory that can be written",
        ) from error
    return directory


def link_directory(environ: Mapping[str, str]) -> Path:
    """A directory that holds one link, ``surefoot``, and so puts nothing else on a path.

    Raises:
        InterpreterError: It cannot be made.
    """
    package = Path(surefoot.__file__).resolve().parent
    name = sha256(os.fsencode(package)).hexdigest()[:12]
    directory = cache_directory(environ) / f"path-{name}"
    link = directory / "surefoot"
    if link.is_symlink() and link.readlink() == package:
        return directory
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        fresh = directory / f".{os.getpid()}"
        fresh.symlink_to(package)
        fresh.replace(link)
    except OSError as error:
        raise InterpreterError(
            f"{link} cannot be made: {error.strerror}",
            do="set XDG_CACHE_HOME to a directory that can be written",
        ) from error
    return directory
