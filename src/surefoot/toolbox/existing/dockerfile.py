"""A ``Dockerfile``: what its last stage runs, and where."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Final

from surefoot.toolbox.existing.start import Left, Start

__all__ = ["dockerfile"]

_ESCAPE: Final = re.compile(r"\\[ \t]*\n")


def dockerfile(text: str) -> Start | None:
    """``ENTRYPOINT`` and ``CMD`` of the last stage as one line; ``None`` if there is neither."""
    entrypoint = cmd = directory = ""
    left: list[Left] = []
    for name, value in _instructions(text):
        if name == "FROM":
            entrypoint = cmd = directory = ""
            left.clear()
        elif name == "ENTRYPOINT":
            entrypoint, cmd = _line(value), ""
        elif name == "CMD":
            cmd = _line(value)
        elif name == "WORKDIR":
            directory = value
        elif name == "ENV":
            left.append(Left("ENV", "put it into the file that app.env_file names"))
    line = f"{entrypoint} {cmd}".strip()
    if directory:
        left.append(Left(f"WORKDIR {directory}", "it is inside the image"))
    return Start(line, "Dockerfile", left=tuple(dict.fromkeys(left))) if line else None


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    # A comment between the lines of one instruction is not part of it.
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in _ESCAPE.sub(" ", "\n".join(lines)).splitlines():
        name, _, value = line.strip().partition(" ")
        if value:
            yield name.upper(), value.strip()


def _line(value: str) -> str:
    """Both forms, a list of words and a line for a shell, as a line for a shell."""
    try:
        words = json.loads(value)
    except ValueError:
        return value
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return value
    return shlex.join(words)
