"""Statements of a database with their literals taken out, so that equal work has one name."""

from __future__ import annotations

import re
from typing import Final

from surefoot.telemetry.sites import Hint

__all__ = ["MAX_TEXT", "MYSQL", "STANDARD", "Statement", "Statements", "normalise"]

MAX_TEXT: Final = 300
_MAX_READ: Final = 4000
"""Characters of a statement that are looked at: enough for 300 after literals are gone."""
_MAX_KNOWN_CHARS: Final = 1_000_000


def _tokens(literals: str, quoted: str, comment: str) -> re.Pattern[str]:
    return re.compile(
        rf"""
          (?P<literal>
              {literals}
            | (?<![\w$:.@%?])[-+]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?![\w.])
          )
        | (?P<parameter> \?\d* | %s | %\(\w+\)s(?:::\w+)? | (?<![:\w]):[A-Za-z_]\w* | (?<!\w)\$\d+ )
        | (?P<quoted> {quoted} )
        | (?P<space> (?: \s+ | {comment} | /\*.*?(?:\*/|\Z) )+ )
        """,
        re.VERBOSE | re.DOTALL,
    )


STANDARD: Final = _tokens(
    r"""
      (?<!\w)[eE]'(?:[^'\\]|''|\\.)*(?:'|\\?\Z)           # text in which a backslash escapes
    | (?:(?<!\w)[xXbBnN])?'(?:[^']|'')*(?:'|\Z)
    | (?<![\w$])\$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)   # PostgreSQL's dollar quotes
    """,
    r'"(?:[^"]|"")*"? | `[^`]*`?',
    r"--[^\n]*",
)
MYSQL: Final = _tokens(
    # A backslash escapes, and double quotes hold text as well.
    r"""
      (?:(?<!\w)[xXbBnN])?'(?:[^'\\]|''|\\.)*(?:'|\\?\Z)
    | "(?:[^"\\]|""|\\.)*(?:"|\\?\Z)
    """,
    r"`[^`]*`?",
    r"(?:--|\#)[^\n]*",
)
_LIST: Final = re.compile(r"(?<=\bin)( ?)\( ?\? ?\)|\((?: ?\? ?,)+ ?\? ?\)", re.IGNORECASE)
_ROWS: Final = re.compile(r"\((?:\?|\.\.\.)\)(?:\s*,\s*\((?:\?|\.\.\.)\))+|\(\.\.\.\)")


def normalise(sql: str, tokens: re.Pattern[str] = STANDARD) -> str:
    """One line, literals and parameters as ``?``, lists as ``(...)``, at most 300 characters.

    Args:
        sql: A statement.
        tokens: ``STANDARD`` or ``MYSQL``: how text, names and comments are written in it.
    """
    text = tokens.sub(_replaced, sql[:_MAX_READ]).strip()
    text = _LIST.sub(lambda match: f"{match.group(1) or ''}(...)", text)
    text = _ROWS.sub("(...)", text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3] + "..."


def _replaced(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "quoted":
        return match.group()
    return " " if kind == "space" else "?"


def _text(sql: object) -> str:
    if isinstance(sql, bytes):
        return sql.decode("utf-8", "replace")
    # psycopg's composed statements quote their names themselves.
    composed = getattr(sql, "as_string", None)
    return str(sql if composed is None else composed(None))


class Statement:
    """One normalised statement, and what was learnt about it in this process."""

    __slots__ = ("clocked", "hint", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.hint: Hint | None = None
        self.clocked = 0
        """For how many more executions the thread's CPU clock is read."""


class Statements:
    """Every statement seen, by its raw text; forgotten as a whole when it has grown too large.

    Args:
        tokens: ``STANDARD`` or ``MYSQL``.

    Attributes:
        known: The statement of a raw text that was seen before, without a call in between.
    """

    def __init__(self, tokens: re.Pattern[str] = STANDARD) -> None:
        self._tokens = tokens
        self._raw: dict[str, Statement] = {}
        self._by_text: dict[str, Statement] = {}
        self._chars = 0
        self.known = self._raw.get

    def get(self, sql: object) -> Statement:
        """The statement behind a raw text (or bytes, or an object that prints as SQL)."""
        try:
            found = self._raw.get(sql) if type(sql) is str else None
            return found if found is not None else self._learn(sql)
        except Exception:  # noqa: BLE001 - any object may be given to a driver
            return Statement("(unreadable)")

    def _learn(self, sql: object) -> Statement:
        raw = _text(sql)
        text = normalise(raw, self._tokens)
        statement = self._by_text.get(text)
        if self._chars > _MAX_KNOWN_CHARS:
            self._raw.clear()
            self._by_text.clear()
            self._chars = 0
        if statement is None:
            statement = self._by_text[text] = Statement(text)
            self._chars += len(text) + 100
        if type(sql) is str:
            self._raw[sql] = statement
            self._chars += len(sql) + 100
        return statement
