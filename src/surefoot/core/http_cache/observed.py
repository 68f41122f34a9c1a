"""What was read of a request while its answer was made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

__all__ = ["ADDRESS", "ALL", "SESSION", "USER", "Observed"]

ALL: Final = "*"
SESSION: Final = "the session"
USER: Final = "the user"
ADDRESS: Final = "the client's address"


class Observed:
    """Notes of one request; the doors of the framework write them.

    Attributes:
        by: Frameworks that can observe what is read and that took part in the answer. Where none
            did, nothing is known.
        fields: Names of fields of the request that were read, whether it has them or not.
        cookies: Names of cookies; ``ALL`` if they were read as a whole.
        personal: What else of the user was read: ``SESSION``, ``USER``, ``ADDRESS``.
        root: What the server says that the application is mounted under.
        route: The template that the framework matched, if it told.
        sessions: Session objects that the framework made, each with its own ``accessed``.
        unsure: Code of others that read the session in the framework's place, unobserved: what it
            has made of it, somebody may read elsewhere. Where there is no session, that is nothing.
    """

    __slots__ = (
        "_asides", "by", "cookies", "fields", "personal", "root", "route", "sessions", "unsure",
    )  # fmt: skip

    def __init__(self, root: str = "") -> None:
        self.root = root
        self.by: set[str] = set()
        self.fields: set[str] = set()
        self.cookies: set[str] = set()
        self.personal: set[str] = set()
        self.route = ""
        self.sessions: list[object] = []
        self.unsure: set[str] = set()
        self._asides = 0

    def field(self, name: str) -> None:
        """A field of the request was read, or looked for."""
        if self._asides:
            return
        if name == "cookie":
            self.cookies.add(ALL)
        else:
            self.fields.add(name)

    def cookie(self, name: str) -> None:
        """One cookie was read, or looked for."""
        if not self._asides:
            self.cookies.add(name)

    def person(self, what: str) -> None:
        """Something that tells users apart was read."""
        if not self._asides:
            self.personal.add(what)

    def aside(self) -> Observed:
        """Within, the framework reads for itself, and what it hands out is observed elsewhere."""
        return self

    def __enter__(self) -> None:
        self._asides += 1

    def __exit__(self, *_: object) -> None:
        self._asides -= 1

    def cookies_beside(self, allowed: Iterable[str]) -> set[str]:
        """Cookies that were read and are none of these."""
        return self.cookies.difference(allowed)
