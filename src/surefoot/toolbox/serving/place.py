"""Where a project under traffic keeps its sockets and its state, so that two never meet."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from surefoot.config import Settings
from surefoot.errors import ServerError

__all__ = ["Place", "place_of"]

VARIABLE: Final = "SUREFOOT_RUN_DIRECTORY"
_LONGEST: Final = 107 - len("/r123456.sock")
"""Bytes that the path of a Unix socket may have, and a name in it."""


@dataclass(frozen=True, slots=True)
class Place:
    """The run directory of one project: mode 0700, one for each configuration and user."""

    directory: Path

    @property
    def state(self) -> Path:
        """What runs, as JSON."""
        return self.directory / "state.json"

    @property
    def lock(self) -> Path:
        """Held by the supervisor as long as it lives."""
        return self.directory / "lock"

    @property
    def control(self) -> Path:
        """On which the supervisor is told what to do."""
        return self.directory / "control.sock"

    @property
    def holder(self) -> Path:
        """On which listening sockets are handed over."""
        return self.directory / "holder.sock"

    def log(self, name: str) -> Path:
        """What a process prints."""
        return self.directory / f"{name}.log"


def place_of(settings: Settings, environ: Mapping[str, str] = os.environ) -> Place:
    """The run directory of the project that these settings describe; made if it is missing.

    Below ``SUREFOOT_RUN_DIRECTORY``, else ``/run`` for root and ``/tmp`` for others, by a name that
    is made of the configuration's path. Nothing else decides: a command typed by hand must find
    what a service manager has started, whose ``TMPDIR`` and ``XDG_RUNTIME_DIR`` differ.

    Raises:
        ServerError: It cannot be made, is another user's, or its path is too long for sockets.
    """
    known = settings.file or settings.directory
    name = f"surefoot-{os.getuid()}-{hashlib.sha256(os.fsencode(known)).hexdigest()[:12]}"
    common = Path("/run" if os.getuid() == 0 and Path("/run").is_dir() else "/tmp")  # noqa: S108
    directory = Path(environ.get(VARIABLE) or common) / name
    if len(os.fsencode(directory)) > _LONGEST:
        raise ServerError(
            f"{directory} is too long a path for sockets", do=f"set {VARIABLE} to a shorter one"
        )
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
    except OSError as error:
        raise ServerError(
            f"{directory} cannot be made: {error.strerror}", do=f"set {VARIABLE} to another place"
        ) from error
    # In a directory that all may write to, somebody may have been there first.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ServerError(
            f"{directory} is not this user's alone", do=f"remove it, or set {VARIABLE}"
        )
    return Place(directory)
