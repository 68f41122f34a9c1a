"""What one key accepts besides its Python type, and how a field declares it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from surefoot import units

__all__ = [
    "COMMAND",
    "Rule",
    "address",
    "command",
    "duration",
    "key",
    "names",
    "plain_table",
    "size",
    "without_password",
]

COMMAND: Final = "a command, as text or as a list of words"


@dataclass(frozen=True, slots=True)
class Rule:
    """What one key accepts."""

    doc: str
    parse: Callable[[Any], Any] | None = None
    show: Callable[[Any], str] | None = None
    public: Callable[[Any], Any] | None = None
    """What may be shown of a value that can hold a secret."""
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    allowed: str = ""


def key(default: Any, doc: str, **rule: Any) -> Any:
    """A field with this default, its description and the other parts of its ``Rule``."""
    metadata = {"rule": Rule(doc, **rule)}
    if isinstance(default, Mapping):
        return field(default_factory=lambda: default, metadata=metadata)
    return field(default=default, metadata=metadata)


def duration(default: float, doc: str, **rule: Any) -> Any:
    """A field of seconds, written as ``"250ms"`` or a bare number."""
    return key(
        default,
        doc,
        parse=units.parse_duration,
        show=units.format_duration,
        allowed='a duration such as "250ms" or "30s"',
        **rule,
    )


def size(default: int, doc: str, **rule: Any) -> Any:
    """A field of bytes, written as ``"1MB"`` or a bare number."""
    return key(
        default,
        doc,
        parse=units.parse_bytes,
        show=units.format_bytes,
        allowed='a size such as "1MB"',
        **rule,
    )


def names(doc: str) -> Any:
    """A field of several words, none where not given."""
    return key((), doc, parse=_words, allowed="a list of text")


def _words(value: Any) -> tuple[str, ...]:
    if isinstance(value, str) or not all(isinstance(word, str) and word for word in value):
        raise TypeError
    if any(character in word for word in value for character in "\0\r\n"):
        raise ValueError
    return tuple(value)


_PASSWORD: Final = re.compile(r"(://[^/@:]*):[^/@]*@")


def without_password(url: str) -> str:
    """A URL as it may be shown."""
    return _PASSWORD.sub(r"\1:...@", url)


_ADDRESS: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[^:\s/]+):(?P<port>\d{1,5})")


def address(value: Any) -> str:
    """``"127.0.0.1:8000"`` as it is.

    Raises:
        ValueError: It is no host and port.
    """
    text = str(value)
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65535:
        raise ValueError
    return text


def command(value: Any) -> str:
    """A command line as text; a list of words is quoted where it has to be.

    Raises:
        ValueError: A quote is not closed.
        TypeError: It is neither text nor a list of text.
    """
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        return shlex.join(value)
    if not isinstance(value, str):
        raise TypeError
    shlex.split(value)
    return value


def plain_table(value: Any) -> Any:
    """A table as it is, if it can be handed to another process.

    Raises:
        TypeError: It holds something that JSON does not know, as a date.
    """
    json.dumps(value)
    return value
