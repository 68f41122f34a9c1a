"""Reads a server's command line with a table of what its options mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from surefoot.toolbox.existing.start import Left

__all__ = ["Given", "Meaning", "Options", "given"]

_NO_KEY: Final = "there is no key for it"
_VARIES: Final = "what it says depends on a variable"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one option says in Surefoot's words.

    Attributes:
        key: Of the configuration, or a word of the server's own rules.
        convert: From what is written; raises ``ValueError`` for anything else.
    """

    key: str
    convert: Callable[[str], Any] = str


@dataclass(frozen=True, slots=True)
class Options:
    """Of one server.

    Attributes:
        known: Every spelling of those that are taken over.
        flags: Those that no value follows.
        why: Why some are not taken over.
    """

    known: Mapping[str, Meaning]
    flags: frozenset[str]
    why: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Given:
    """What a command line says.

    Attributes:
        said: By the keys of the meanings; ``True`` for a flag, ``None`` for what cannot be told.
        words: What belongs to no option.
        left: What was not taken over.
    """

    said: Mapping[str, Any]
    words: tuple[str, ...]
    left: tuple[Left, ...]


def given(options: Options, arguments: Sequence[str]) -> Given:
    """Read the arguments; of two the last counts, as servers have it.

    An option that is not known is taken to have a value, as most have.
    """
    said: dict[str, Any] = {}
    words: list[str] = []
    left: list[Left] = []
    for name, value in _split(options, arguments):
        meaning = options.known.get(name)
        if not name:
            words.append(value)
        elif meaning is None:
            left.append(Left(name, options.why.get(name, _NO_KEY)))
        elif "$" in value:
            # Whatever else says the same is not in force either.
            said[meaning.key] = None
            left.append(Left(f"{name} {value}", _VARIES))
        else:
            try:
                said[meaning.key] = True if name in options.flags else meaning.convert(value)
            except ValueError:
                left.append(Left(name, "its value is not understood"))
    return Given(said, tuple(words), tuple(left))


def _split(options: Options, arguments: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Option and value of each; words of their own have no option."""
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            yield from (("", each) for each in rest)
            return
        if word.startswith("--"):
            name, equals, value = word.partition("=")
        elif word.startswith("-") and len(word) > 1:
            name, value = word[:2], word[2:].removeprefix("=")
            equals = value
        else:
            yield "", word
            continue
        yield name, value if equals or name in options.flags else next(rest, "")
