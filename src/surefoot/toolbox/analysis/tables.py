"""Which tables a statement reads and which it changes, from its text as telemetry tells it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

__all__ = ["EVERY", "Touched", "touched", "touched_by"]

EVERY: Final = "*"
"""In place of tables that a statement does not tell: any may be meant."""

_PART: Final = r'(?:"[^"]+"|`[^`]+`|\[[^\]]+\]|[\w$]+)'
_NAME: Final = rf"(?:only\s+)?({_PART}(?:\.{_PART})*)"
_READ: Final = re.compile(rf"\b(?:from|join)\s+{_NAME}", re.IGNORECASE)
_LISTED: Final = re.compile(r"\bfrom\s+[^()]*?,", re.IGNORECASE)
_CHANGED: Final = re.compile(
    r"\b(?:insert(?:\s+or\s+\w+|\s+ignore)?\s+into|replace\s+into|merge\s+into"
    r"|(?<!for )(?<!key )(?<!do )update(?:\s+or\s+\w+)?|delete\s+from|truncate(?:\s+table)?)"
    rf"\s+{_NAME}",
    re.IGNORECASE,
)
_ABOUT_NOTHING: Final = re.compile(
    r"\s*(?:$|\(connect\)|\(fetch\)|commit|rollback|begin|start\s+transaction|savepoint|release"
    r"|set\s|show\s|pragma\s|explain\s)",
    re.IGNORECASE,
)
_CUT: Final = "..."


@dataclass(frozen=True, slots=True)
class Touched:
    """Names of tables, in small letters and without their schema."""

    read: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    def __or__(self, other: Touched) -> Touched:
        return Touched(self.read | other.read, self.changed | other.changed)

    def changes(self, tables: frozenset[str]) -> bool:
        """Whether it changes one of these."""
        if not tables or not self.changed:
            return False
        return EVERY in self.changed | tables or not self.changed.isdisjoint(tables)


def touched(statement: str) -> Touched:
    """What one statement touches; what it does not tell is ``EVERY``."""
    changed = frozenset(map(_plain, _CHANGED.findall(statement)))
    read = frozenset(map(_plain, _READ.findall(statement))) - changed
    if statement.endswith(_CUT) or _LISTED.search(statement):
        read |= {EVERY}
    if not changed and not _ABOUT_NOTHING.match(statement) and not _begins_to_read(statement):
        changed = frozenset({EVERY})
    return Touched(read, changed)


def touched_by(statements: Iterable[str]) -> Touched:
    """What all of them touch."""
    whole = Touched()
    for statement in statements:
        whole |= touched(statement)
    return whole


def _begins_to_read(statement: str) -> bool:
    return statement.lstrip(" (").lower().startswith(("select", "with", "values", "table "))


def _plain(name: str) -> str:
    return re.split(r"\.(?=[^\"`\]]*$|[\"`\[])", name)[-1].strip('"`[]').lower()
