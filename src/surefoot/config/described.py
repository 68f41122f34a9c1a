"""What a PasteDeploy file says of the server that it is served by, as values of ``[server]``."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

__all__ = ["server"]

_USED: Final = re.compile(r"(?:egg:|call:)?(\w+)")
# A replica of ours has one worker process.
_KEYS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "gunicorn": {
            "workers": "replicas",
            "threads": "threads",
            "keepalive": "keep_alive",
            "graceful_timeout": "graceful_timeout",
        },
        "waitress": {"threads": "threads", "channel_timeout": "keep_alive"},
    }
)


def server(path: Path, name: str) -> dict[str, Any]:
    """The tables that its ``[server:]`` section comes to; none where it says nothing we know.

    The address is left out: the one it names is the one that the application is served at already.

    Args:
        path: The file; one that cannot be read says nothing here.
        name: Of the section; ``main`` where there is none of that name.
    """
    parser = configparser.ConfigParser(
        {"here": str(path.parent), "__file__": str(path)}, strict=False
    )
    try:
        parser.read(path, encoding="utf-8")
        sections = (f"server:{name}", "server:main")
        said = next((dict(parser[each]) for each in sections if parser.has_section(each)), {})
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    used = _USED.match(said.get("use", ""))
    keys = _KEYS.get(used[1], {}) if used else {}
    found = {key: _number(said[option]) for option, key in keys.items() if option in said}
    return {"server": found} if found else {}


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        # What is no number is told as such, with the file's name.
        return text
