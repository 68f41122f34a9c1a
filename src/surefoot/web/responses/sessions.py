"""Names of the cookies that stand for a session, learnt from the frameworks as they start."""

from __future__ import annotations

from typing import Final

__all__ = ["USUAL", "known", "learn"]

USUAL: Final = frozenset(
    {
        "session", "sessionid", "session_id", "sid", "sess", "connect.sid", "PHPSESSID",
        "JSESSIONID", "remember_token", "auth", "auth_token", "access_token", "refresh_token",
        "token", "jwt", "id_token", "fastapiusersauth",
    }
)  # fmt: skip
"""Requests that carry one are never answered from what was kept, whoever reads it."""

known: set[str] = set(USUAL)
"""These, those of the configuration, and those that the frameworks in this process use."""


def learn(name: object) -> None:
    """A framework keeps sessions under this name."""
    if isinstance(name, str) and name:
        known.add(name)
