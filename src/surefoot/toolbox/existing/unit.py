"""A systemd service unit: its command, its directory and its env file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from surefoot.toolbox.existing.start import Left, Start

__all__ = ["unit"]

_PREFIXES: Final = "-@:+!"
_LEFT: Final = {
    "ExecStartPre": "it runs before the server",
    "ExecReload": "replicas are replaced, never reloaded in place",
    "Type": "replicas are watched by surefoot run",
    "Restart": "replicas are started again by themselves",
    "User": "everything runs as the user who starts it",
    "Group": "everything runs as the user who starts it",
    "LimitNOFILE": "the limits are those of the user who starts it",
}


def unit(text: str, name: str) -> Start | None:
    """What ``ExecStart`` of ``[Service]`` says; ``None`` if there is none.

    Args:
        text: The unit.
        name: Of its file.
    """
    line = directory = env_file = ""
    left: list[Left] = []
    for key, value in _service(text):
        if key == "ExecStart":
            line = value.lstrip(_PREFIXES).replace("%%", "%")
        elif key == "WorkingDirectory":
            directory = value.lstrip("-")
        elif key == "EnvironmentFile":
            left += (
                [Left(f"EnvironmentFile={env_file}", "only the last is taken")] if env_file else []
            )
            env_file = value.lstrip("-")
        elif key == "Environment":
            left.append(Left("Environment", "put it into the file that app.env_file names"))
        elif key in _LEFT:
            left.append(Left(key, _LEFT[key]))
    if not line:
        return None
    return Start(line, f"{name}, ExecStart", directory, env_file, tuple(dict.fromkeys(left)))


def _service(text: str) -> Iterator[tuple[str, str]]:
    section = ""
    for raw in text.replace("\\\n", " ").splitlines():
        line = raw.strip()
        if line.startswith("["):
            section = line
        elif section == "[Service]" and line[:1] not in {"#", ";"}:
            key, equals, value = line.partition("=")
            if equals:
                yield key.strip(), value.strip()
