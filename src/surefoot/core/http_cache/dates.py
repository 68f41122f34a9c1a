"""HTTP's dates (RFC 9110, 5.6.7): one form is written, three are read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["read_date", "written_date"]

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_TIME: Final = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_FORMS: Final = (
    re.compile(rf"\w+, (?P<day>\d\d) (?P<month>\w{{3}}) (?P<year>\d{{4}}) {_TIME} GMT", re.ASCII),
    re.compile(rf"\w+, (?P<day>\d\d)-(?P<month>\w{{3}})-(?P<year>\d\d) {_TIME} GMT", re.ASCII),
    re.compile(rf"\w+ (?P<month>\w{{3}}) (?P<day>[\d ]\d) {_TIME} (?P<year>\d{{4}})", re.ASCII),
)


def read_date(text: str) -> int | None:
    """Seconds since 1970; ``None`` for what is no date."""
    for form in _FORMS:
        match = form.fullmatch(text.strip())
        if match is not None:
            return _since_1970(match)
    return None


def _since_1970(match: re.Match[str]) -> int | None:
    if match["month"] not in _MONTHS:
        return None
    year = int(match["year"])
    if year < 100:
        year += 2000 if year < 70 else 1900
    try:
        read = datetime(
            year, _MONTHS.index(match["month"]) + 1, int(match["day"]),
            int(match["hour"]), int(match["minute"]), min(59, int(match["second"])), tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return None
    return int(read.timestamp())


def written_date(instant: float) -> str:
    """Seconds since 1970 as ``"Sun, 06 Nov 1994 08:49:37 GMT"``."""
    at = datetime.fromtimestamp(int(instant), UTC)
    return (
        f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year:04} "
        f"{at.hour:02}:{at.minute:02}:{at.second:02} GMT"
    )
