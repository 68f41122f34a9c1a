"""CPU time by owner, from the operating system's own accounting.

Linux gives every process's CPU clock in nanoseconds, threads that have ended included. Elsewhere
``ps`` gives hundredths of a second, and neighbours and waiting for a core cannot be seen.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from surefoot.core.records import HostUse

__all__ = ["Owners", "Snapshot", "between", "free_memory", "memory", "take"]

_PROC: Final = Path("/proc")
_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
# Servers whose CPU counts as the database's, by the name the kernel gives their processes.
_DATABASES: Final = frozenset({"postgres", "mysqld", "mariadbd", "mongod"})


@dataclass(frozen=True, slots=True)
class Owners:
    """Which processes are whose."""

    app: tuple[int, ...]
    generator: tuple[int, ...]
    database: bool = True
    """Whether database servers on this host are the application's, and not a neighbour's."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """CPU clocks at one moment, seconds by process."""

    at: float
    app: Mapping[int, float]
    generator: Mapping[int, float]
    database: Mapping[int, float]
    host: float
    """CPU time of everything on the host since it started; 0 where that is not known."""
    own: float
    queue: Mapping[int, float]
    """Seconds that threads of the application waited for a core."""


def cores() -> int:
    """Cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def free_memory() -> int:
    """Bytes that programs may still use without the host running short; 0 if not known."""
    try:
        text = _PROC.joinpath("meminfo").read_text(encoding="ascii")
    except OSError:
        return 0
    found = next((line for line in text.splitlines() if line.startswith("MemAvailable:")), "")
    return int(found.split()[1]) * 1024 if found else 0


def memory(pids: Iterable[int]) -> int:
    """Bytes of these processes, pages that several share divided among them; 0 if not known."""
    total = 0
    for pid in pids:
        try:
            text = _PROC.joinpath(str(pid), "smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        lines = (line.split() for line in text.splitlines() if line.startswith("Pss:"))
        total += sum(int(words[1]) * 1024 for words in lines)
    return total


def take(owners: Owners) -> Snapshot:
    """Read all clocks now."""
    linux = _PROC.joinpath("stat").exists()
    databases = _database_pids() if linux and owners.database else ()
    read = _clocks_linux if linux else _clocks_ps
    return Snapshot(
        at=time.monotonic(),
        app=read(owners.app),
        generator=read(owners.generator),
        database=read(databases) | (_reaped(databases) if linux else {}),
        host=_host_total() if linux else 0.0,
        own=time.process_time(),
        queue={pid: _run_queue(pid) for pid in owners.app} if linux else {},
    )


def between(before: Snapshot, after: Snapshot) -> HostUse:
    """Who used how much from one snapshot to the next."""
    app = _used(before.app, after.app)
    database = _used(before.database, after.database)
    generator = _used(before.generator, after.generator)
    own = after.own - before.own
    others = after.host - before.host - app - database - generator - own
    return HostUse(
        seconds=after.at - before.at,
        cores=cores(),
        app=app,
        database=database,
        generator=generator + own,
        neighbours=max(0.0, others) if after.host else 0.0,
        run_queue=_used(before.queue, after.queue),
    )


def _used(before: Mapping[int, float], after: Mapping[int, float]) -> float:
    # A process that came in between counts from zero, one that went is lost with its clock.
    return sum(max(0.0, value - before.get(key, 0.0)) for key, value in after.items())


def _clocks_linux(pids: Iterable[int]) -> dict[int, float]:
    clocks = {}
    for pid in pids:
        try:
            # CPUCLOCK_SCHED of a process, include/linux/posix-timers.h
            clocks[pid] = time.clock_gettime((~pid << 3) | 2)
        except OSError:
            continue
    return clocks


def _clocks_ps(pids: Iterable[int]) -> dict[int, float]:
    wanted = ",".join(map(str, pids))
    if not wanted:
        return {}
    done = subprocess.run(
        ["ps", "-o", "pid=,time=", "-p", wanted],  # noqa: S607 - found on PATH on every Unix
        capture_output=True,
        text=True,
        check=False,
    )
    clocks = {}
    for line in done.stdout.splitlines():
        pid, _, clock = line.strip().partition(" ")
        parts = [float(part) for part in clock.strip().replace("-", ":").split(":")]
        clocks[int(pid)] = sum(part * 60**power for power, part in enumerate(reversed(parts)))
    return clocks


def _host_total() -> float:
    line = _PROC.joinpath("stat").read_text(encoding="ascii").partition("\n")[0]
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, line.split()[1:9])
    return (user + nice + system + irq + softirq + steal) * _TICK


def _database_pids() -> tuple[int, ...]:
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                name = entry.joinpath("comm").read_text(encoding="ascii", errors="replace")
            except OSError:
                continue
            if name.strip() in _DATABASES:
                found.append(int(entry.name))
    return tuple(found)


def _reaped(pids: Iterable[int]) -> dict[int, float]:
    # The CPU of PostgreSQL's backends that have ended stands in the postmaster's cutime and
    # cstime; without it a connection per request would look free.
    reaped = {}
    for pid in pids:
        try:
            stat = _PROC.joinpath(str(pid), "stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        fields = stat.rpartition(")")[2].split()
        reaped[-pid] = (int(fields[13]) + int(fields[14])) * _TICK
    return reaped


def _run_queue(pid: int) -> float:
    waited = 0
    for schedstat in _PROC.glob(f"{pid}/task/*/schedstat"):
        try:
            waited += int(schedstat.read_text(encoding="ascii").split()[1])
        except (OSError, IndexError):
            continue
    return waited / 1e9
