"""The words of a command line: what a shell would start, as far as it can be told without one."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from surefoot.toolbox.existing.start import Left

__all__ = ["Command", "command"]

_ASSIGNMENT: Final = re.compile(r"([A-Za-z_]\w*)=")
_VARIABLE: Final = re.compile(r"\$(?:\{\w+(?::?-(?P<default>[^{}$]*))?\}|\w+)")
_ASSIGNED: Final = "a variable; put it into the file that app.env_file names"
_TOKEN: Final = re.compile(
    r"""
      (?: \s | \\\n )+
    | (?P<operator> && | \|\| | [<>]+&? | [;|&()] )
    | (?P<word> (?: '[^']*' | "(?:\\.|[^"\\])*" | \\. | [^\s;|&<>()'"\\] )+ )
    """,
    re.VERBOSE | re.DOTALL,
)
_ENDS: Final = frozenset({"&&", ";", "||", "(", ")"})
# Programs that start another one.
_FRONTS: Final = frozenset({"exec", "env", "tini", "dumb-init", "nohup", "time", "sudo"})
_RUNNERS: Final = frozenset({"poetry", "pipenv", "uv", "pdm", "hatch", "rye"})
_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash"})
_DEEPEST: Final = 5


@dataclass(frozen=True, slots=True)
class Command:
    """A program and its arguments."""

    words: tuple[str, ...]
    """The program's name without its directory, and its arguments."""
    directory: str = ""
    """Where ``cd`` went before."""
    left: tuple[Left, ...] = ()


def command(line: str) -> Command:
    """The last program that a line of a shell starts.

    A variable with a default is given it; any other stays as it is written.

    Raises:
        ValueError: A quote is not closed.
    """
    return _command(line, 0)


def _command(line: str, depth: int) -> Command:
    directory = ""
    left: list[Left] = []
    words: list[str] = []
    for part in _parts(_expanded(line)):
        if words[:1] == ["cd"] and len(words) == 2:
            directory = words[1]
        elif words:
            left.append(Left(_named(words), "it runs before the server"))
        words = part
    words, found = _bare(words)
    script = _script(words)
    if script and depth < _DEEPEST:
        inner = _command(script, depth + 1)
        found += inner.left
        return Command(inner.words, inner.directory or directory, (*left, *found))
    return Command(tuple(words), directory, (*left, *found))


def _script(words: Sequence[str]) -> str:
    """What a shell is given to run: ``sh -c "..."``, ``bash -lc "..."``."""
    if words[:1] and words[0] in _SHELLS:
        for option, word in itertools.pairwise(words[1:]):
            if option.startswith("-") and option.endswith("c"):
                return word
    return ""


def _expanded(line: str) -> str:
    def value(match: re.Match[str]) -> str:
        default = match["default"]
        return match[0] if default is None else default

    return _VARIABLE.sub(value, line)


def _parts(line: str) -> list[list[str]]:
    """The words of each command; those of a redirection or behind a pipe belong to none."""
    parts: list[list[str]] = [[]]
    dropped = 0
    at = 0
    while at < len(line):
        match = _TOKEN.match(line, at)
        if match is None:
            raise ValueError("a quote is not closed")
        at = match.end()
        operator, word = match["operator"], match["word"]
        if operator in _ENDS:
            parts.append([])
            dropped = 0
        elif operator:
            dropped = 1 if set(operator) & set("<>") else len(line)
        elif word and dropped:
            dropped -= 1
        elif word:
            parts[-1] += shlex.split(word)
    return [part for part in parts if part]


def _bare(words: Sequence[str]) -> tuple[list[str], tuple[Left, ...]]:
    """Without assignments and without programs that only start others."""
    rest, left = list(words), []
    while rest:
        assigned = _ASSIGNMENT.match(rest[0])
        program = PurePosixPath(rest[0]).name
        if assigned is not None:
            left.append(Left(assigned[1], _ASSIGNED))
            rest = rest[1:]
        elif program in _FRONTS:
            rest = rest[1:]
            while rest and rest[0].startswith("-"):
                rest = rest[1:]
        elif program in _RUNNERS and rest[1:2] == ["run"]:
            rest = rest[2:]
        else:
            return [program, *rest[1:]], tuple(left)
    return [], tuple(left)


def _named(words: Sequence[str]) -> str:
    """A command without its arguments, which may hold what is secret; Python's with its script."""
    most = 3 if words[0].startswith("python") else 1
    plain = [word for word in words[:most] if "=" not in word and not word.startswith("-")]
    return " ".join(plain) or words[0].partition("=")[0]
