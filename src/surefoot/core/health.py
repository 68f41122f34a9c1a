"""What the outcomes of health checks come to, and what of an error may be shown."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["Outcome", "State", "readiness", "unapplied", "without_secrets"]

_MOST: Final = 300
_CREDENTIALS: Final = re.compile(r"(?<=://)\S*@")
_NAMED: Final = re.compile(
    r"""((?:password|passwd|pwd|secret|token)["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s,;&)]+)""",
    re.IGNORECASE,
)


class State(StrEnum):
    """The one word that everybody is told."""

    OK = "ok"
    DEGRADED = "degraded"
    FAILED = "failed"
    STARTING = "starting"
    DRAINING = "draining"

    @property
    def status(self) -> int:
        """Of the HTTP answer."""
        return 200 if self in {State.OK, State.DEGRADED} else 503


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one check went."""

    name: str
    hard: bool
    """Whether a failure takes the process out of service."""
    seconds: float
    error: str = ""
    """Empty where it passed."""


def readiness(outcomes: Iterable[Outcome]) -> State:
    """Failed where a hard check failed, degraded where a soft one did."""
    failed = [outcome.hard for outcome in outcomes if outcome.error]
    if any(failed):
        return State.FAILED
    return State.DEGRADED if failed else State.OK


def unapplied(heads: Iterable[str], current: Collection[str], known: Collection[str]) -> list[str]:
    """The newest revisions of a code that a database does not have.

    Args:
        heads: The newest revisions that the code has.
        current: The revisions that the database says it is at.
        known: All revisions that the code has.

    Returns:
        None where the database is at a revision that the code does not know: it is ahead then, as
        it is for the replicas of the older release while a newer one is rolled out.
    """
    if any(revision not in known for revision in current):
        return []
    return sorted(set(heads) - set(current))


def without_secrets(text: str) -> str:
    """An error as one line of a bounded length, without what stands where passwords do."""
    line = " ".join(text.split())
    line = _NAMED.sub(r"\1...", _CREDENTIALS.sub("...@", line))
    return line if len(line) <= _MOST else line[: _MOST - 3] + "..."
