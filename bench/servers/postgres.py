"""A PostgreSQL of its own, on a Unix socket, thrown away at the end."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from servers.process import started


@contextlib.contextmanager
def running() -> Iterator[str | None]:
    """Its URL, with an empty database; ``None`` where PostgreSQL is not installed."""
    binaries = _binaries()
    if binaries is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="bench-pg-") as name:
        directory = Path(name)
        user = _user(directory)
        data = directory / "data"
        create = [str(binaries / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"]
        create += ["-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(create, check=True, cwd=directory, stdout=subprocess.DEVNULL, **user)
        command = [str(binaries / "postgres"), "-D", str(data), "-c", "listen_addresses="]
        command += ["-c", f"unix_socket_directories={directory}"]
        with started(command, cwd=directory, stderr=subprocess.DEVNULL, **user):
            _wait(f"host={directory} user=postgres")
            yield f"postgresql://postgres@/postgres?host={directory}"


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


def _user(directory: Path) -> dict[str, Any]:
    # PostgreSQL refuses to run as root.
    if os.geteuid():
        return {}
    owner = pwd.getpwnam("postgres")
    os.chown(directory, owner.pw_uid, owner.pw_gid)
    return {"user": owner.pw_uid, "group": owner.pw_gid}


def _wait(address: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
