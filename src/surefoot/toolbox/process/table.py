"""Which processes are alive, and which of them belong together."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["MARK", "Process", "children", "marked", "members", "snapshot"]

MARK: Final = "SUREFOOT_RUN"
"""Environment variable by which every process of one run is known, whatever session it is in."""

_LINUX: Final = sys.platform == "linux"


@dataclass(frozen=True, slots=True)
class Process:
    """One living process; zombies are none."""

    pid: int
    parent: int
    group: int
    session: int


def snapshot() -> dict[int, Process]:
    """Every process that may be seen, by its id."""
    found = _from_proc() if _LINUX else _from_ps()
    return {process.pid: process for process in found}


def members(leader: int, processes: Mapping[int, Process]) -> set[int]:
    """Those in the session or group that ``leader`` leads, and all their descendants."""
    inside = {p.pid for p in processes.values() if leader in (p.pid, p.session, p.group)}
    while True:
        more = {p.pid for p in processes.values() if p.parent in inside} - inside
        if not more:
            return inside
        inside |= more


def marked(mark: str) -> set[int]:
    """Those that were started with ``MARK`` set to ``mark``; only Linux tells."""
    if not _LINUX:
        return set()
    wanted = f"{MARK}={mark}".encode()
    return {pid for pid in _numbers() if wanted in _environ(pid).split(b"\0")}


def children(pid: int) -> set[int]:
    """The living children of one process."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        # Not Linux, or a kernel without this file.
        return {p.pid for p in snapshot().values() if p.parent == pid}
    return {int(word) for word in text.split() if _read(int(word)) is not None}


def _environ(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def _numbers() -> Iterable[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())  # noqa: PTH208 - names


def _from_proc() -> Iterable[Process]:
    return (process for pid in _numbers() if (process := _read(pid)) is not None)


def _read(pid: int) -> Process | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The command, in parentheses, may hold blanks and parentheses itself.
    state, parent, group, session = text.rpartition(")")[2].split()[:4]
    if state in "ZX":
        return None
    return Process(pid, int(parent), int(group), int(session))


def _from_ps() -> Iterable[Process]:
    done = subprocess.run(
        ["/bin/ps", "-axo", "pid=,ppid=,pgid=,stat="], capture_output=True, text=True, check=False
    )
    for line in done.stdout.splitlines():
        pid, parent, group, state = line.split()[:4]
        if not state.startswith("Z"):
            yield Process(int(pid), int(parent), int(group), int(group))
