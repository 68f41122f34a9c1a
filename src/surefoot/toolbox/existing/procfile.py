"""A ``Procfile``: one line for each kind of process, ``web: gunicorn shop.wsgi``."""

from __future__ import annotations

import re
from typing import Final

from surefoot.toolbox.existing.start import Left, Start

__all__ = ["procfile"]

_LINE: Final = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<line>\S.*)")


def procfile(text: str) -> Start | None:
    """What serves the web: the process of that name, or the only one; ``None`` if there is none."""
    found = {
        m["name"]: m["line"] for m in map(_LINE.fullmatch, map(str.strip, text.splitlines())) if m
    }
    name = "web" if "web" in found else next(iter(found)) if len(found) == 1 else ""
    if not name:
        return None
    others = tuple(
        Left(other, "a process of its own, which serves no requests")
        for other in found
        if other != name
    )
    return Start(found[name], f"Procfile, {name}", left=others)
