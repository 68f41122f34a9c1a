"""A request that somebody sent, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Answer", "Fields", "Seen", "Visit", "is_write"]

Fields = tuple[tuple[str, str], ...]
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, as far as later requests may have been made from it."""

    headers: Fields = ()
    body: str = ""

    def header(self, name: str) -> str:
        """The first header of this name, or nothing."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as a log or a recording tells it."""

    method: str
    target: str
    """Path and query, encoded as they were sent."""
    status: int = 0
    """0 where nobody answered, or nobody noted it."""
    at: float = 0.0
    """Seconds since any moment that is the same for all."""
    seconds: float = 0.0
    """From sending it to the end of the answer."""
    host: str = ""
    """Name and port it was sent to; empty where not told."""
    visitor: str = ""
    """What tells this visitor from others; empty where nothing does."""
    user: str = ""
    """Whom the server knew the visitor as; empty for nobody."""
    headers: Fields = ()
    body: str = ""
    content_type: str = ""
    answer: Answer = Answer()
    think: float = 0.0
    """Seconds that the visitor paused before it, where that is told."""

    @property
    def path(self) -> str:
        """Without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """What stands behind the ``?``."""
        return self.target.partition("?")[2]


@dataclass(frozen=True, slots=True)
class Visit:
    """Requests of one visitor, in order."""

    steps: tuple[Seen, ...]
    before: tuple[Answer, ...] = ()
    """What the visitor was answered at its log-in."""
    weight: float = 1.0
    """For how much it counts beside others."""


def is_write(method: str) -> bool:
    """Whether a request of this method may change data."""
    return method not in _READING
