"""Who listens on a port: so that an error can name the program that has taken it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

__all__ = ["who_listens"]

_LISTENING: Final = "0A"


def who_listens(port: int) -> str:
    """``"nginx (process 812)"``; empty where it cannot be told, as for other users' processes."""
    inodes = {inode for name in ("tcp", "tcp6") for inode in _inodes(name, port)}
    if not inodes:
        return ""
    for process in Path("/proc").glob("[0-9]*"):
        if inodes & _sockets(process):
            return f"{_name(process)} (process {process.name})"
    return ""


def _inodes(name: str, port: int) -> list[str]:
    try:
        lines = Path(f"/proc/net/{name}").read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return []
    rows = [line.split() for line in lines]
    return [row[9] for row in rows if row[3] == _LISTENING and row[1].endswith(f":{port:04X}")]


def _sockets(process: Path) -> set[str]:
    found = set()
    try:
        for fd in (process / "fd").iterdir():
            found.add(fd.readlink().name.removeprefix("socket:[").removesuffix("]"))
    except OSError:
        # Another user's, or gone meanwhile.
        pass
    return found


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return "a program"
