"""What the cache did with a request, in the words of ``Cache-Status`` (RFC 9211)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["FIELD", "HIT", "Status", "bypassed", "instead", "made", "read_status"]

FIELD: Final = "cache-status"
_NAME: Final = "surefoot"
_LONGEST: Final = 200

_OURS: Final = re.compile(
    rf"""(?:^|,)\s*{_NAME}(?P<parameters>(?:;[^";,]*(?:"(?:\\.|[^"\\])*")?)*)\s*$"""
)
_DETAIL: Final = re.compile(r"""detail="(?P<text>(?:\\.|[^"\\])*)\"""")

HIT: Final = f"{_NAME}; hit"


@dataclass(frozen=True, slots=True)
class Status:
    """What an answer says of itself."""

    hit: bool = False
    stored: bool = False
    why: str = ""
    """Why it was not kept, or not looked for."""


def bypassed(why: str) -> str:
    """The application had to answer."""
    return f"{_NAME}; fwd=bypass{_detail(why)}"


def made(*, stored: bool, why: str = "") -> str:
    """The application made the answer, since none was kept.

    Args:
        stored: Whether it is kept from now on.
        why: Why it is not; empty where that is not known when the answer begins.
    """
    return f"{_NAME}; fwd=uri-miss{'; stored' if stored else _detail(why)}"


def instead(status: int) -> str:
    """An old answer is given in place of a new one, whose status was this."""
    return f"{_NAME}; fwd=stale; fwd-status={status}"


def read_status(text: str) -> Status:
    """What one of these, possibly in a list behind others', says; nothing of what is none."""
    ours = _OURS.search(text)
    if ours is None:
        return Status()
    detail = _DETAIL.search(ours["parameters"])
    words = {word.strip() for word in ours["parameters"].split('"')[0].split(";")}
    why = re.sub(r"\\(.)", r"\1", detail["text"]) if detail else ""
    return Status("hit" in words, "stored" in words, why)


def _detail(why: str) -> str:
    if not why:
        return ""
    # A string of RFC 8941 holds printable ASCII.
    plain = "".join(c if " " <= c <= "~" else "?" for c in why[:_LONGEST])
    escaped = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'; detail="{escaped}"'
