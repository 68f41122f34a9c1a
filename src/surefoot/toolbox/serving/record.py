"""What runs, as a file: enough for another supervisor to go on where this one ended."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from surefoot.core.fleet import State
from surefoot.errors import ServerError
from surefoot.toolbox.process.known import Identity

__all__ = ["Record", "ReplicaRecord", "load", "save"]

_SCHEMA: Final = 1
_PROCESSES: Final = ("holder", "supervisor", "balancer")


@dataclass(frozen=True, slots=True)
class ReplicaRecord:
    """One replica."""

    name: str
    release: int
    state: State
    process: Identity
    """Its leading process."""
    began: float
    """When it was started, seconds since the epoch."""
    since: float
    """When it came into its state, seconds of ``time.monotonic`` since the boot."""


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that runs of one project."""

    directory: str
    """In which the command was given."""
    flags: Mapping[str, Any]
    """Dotted keys that its command line set."""
    mark: str
    """What the environment of its processes holds, and of no other's."""
    addresses: tuple[str, ...]
    replicas: int
    """Those wanted."""
    release: int
    """The one wanted."""
    number: int
    """Of the last replica that was started."""
    holder: Identity | None = None
    supervisor: Identity | None = None
    balancer: Identity | None = None
    members: tuple[ReplicaRecord, ...] = field(default=())


def save(path: Path, record: Record) -> None:
    """Write it in one piece, readable by this user alone.

    Not synchronised to the disk: what runs does not outlive the machine.

    Raises:
        OSError: It cannot be written; what was there is still there.
    """
    fresh = path.with_suffix(".new")
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        json.dump({"schema": _SCHEMA, **asdict(record)}, file, indent=1)
    fresh.replace(path)


def load(path: Path) -> Record | None:
    """What was written; ``None`` where nothing was.

    Raises:
        ServerError: It is something else.
    """
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    try:
        _check_schema(told.pop("schema"))
        told |= {name: _identity(told[name]) for name in _PROCESSES}
        told["addresses"] = tuple(told["addresses"])
        told["members"] = tuple(_member(each) for each in told["members"])
        return Record(**told)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unreadable(path, error) from error


def _check_schema(schema: int) -> None:
    if schema != _SCHEMA:
        raise ValueError("written by another version")


def _identity(told: Mapping[str, int] | None) -> Identity | None:
    return None if told is None else Identity(int(told["pid"]), int(told["began"]))


def _member(told: Mapping[str, Any]) -> ReplicaRecord:
    process = _identity(told["process"])
    if process is None:
        raise ValueError("a replica without a process")
    return ReplicaRecord(**{**told, "state": State(told["state"]), "process": process})


def _unreadable(path: Path, error: Exception) -> ServerError:
    return ServerError(
        f"{path} cannot be understood: {error}",
        do="look with ps for what still runs, end it, and remove the file",
    )
