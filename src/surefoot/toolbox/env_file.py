"""Files of ``KEY=value`` lines. Their values are secrets: no error ever repeats one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from surefoot.errors import ConfigError

__all__ = ["parse_env", "read_env_file"]

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ESCAPES: Final = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


def read_env_file(path: Path) -> dict[str, str]:
    """Names and values of an environment file.

    Raises:
        ConfigError: It cannot be read, or a line is no ``KEY=value``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(
            f"the env file {path} cannot be read: {reason}", do="check app.env_file or --env-file"
        ) from error
    return parse_env(text, str(path))


def parse_env(text: str, source: str) -> dict[str, str]:
    """Names and values; blank lines, ``#`` comments, ``export`` and quotes as a shell has them.

    Nothing is expanded: ``$HOME`` stays as it is written.

    Raises:
        ConfigError: A line is no ``KEY=value``.
    """
    found: dict[str, str] = {}
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip().removeprefix("export ").lstrip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or _NAME.fullmatch(name.rstrip()) is None or "\0" in value:
            raise ConfigError(f"{source}, line {number} is not KEY=value")
        found[name.rstrip()] = _value(value.strip(), f"{source}, line {number}")
    return found


def _value(text: str, where: str) -> str:
    quote = text[:1]
    if quote not in {"'", '"'}:
        return re.split(r"\s#", text, maxsplit=1)[0].rstrip()
    pattern = r"'([^']*)'" if quote == "'" else r'"((?:[^"\\]|\\.)*)"'
    match = re.fullmatch(pattern + r"\s*(?:#.*)?", text)
    if match is None:
        raise ConfigError(f"{where} has a quote that is not closed")
    if quote == "'":
        return match[1]
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[0]), match[1])
