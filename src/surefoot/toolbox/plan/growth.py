"""``"15%/month"`` to a factor per month, and how many months until a limit."""

from __future__ import annotations

import math
import re
from datetime import date
from typing import Final

from surefoot.errors import UsageError

__all__ = ["date_after", "months_until", "parse_growth"]

_MONTHS: Final = {"week": 12 / 52.1775, "month": 1.0, "quarter": 3.0, "year": 12.0}
_GROWTH: Final = re.compile(
    r"\s*\+?(\d+(?:\.\d+)?)\s*%\s*(?:/|per|a)\s*(week|month|quarter|year)s?\s*"
)
_FARTHEST: Final = 1200.0  # months: a century is as good as never


def parse_growth(text: str) -> float:
    """Growth per month as a share, compounded: ``"15%/month"`` is 0.15.

    Raises:
        UsageError: The text is no growth.
    """
    match = _GROWTH.fullmatch(text)
    if match is None:
        raise UsageError(
            f"{text!r} is no growth", do="write 15%/month, or a percentage a week, quarter or year"
        )
    return float((1 + float(match[1]) / 100) ** (1 / _MONTHS[match[2]]) - 1)


def months_until(limit: float, rate: float, growth: float) -> float:
    """Months in which ``rate`` grows to ``limit``: 0 when it is there, infinite when never."""
    if limit <= rate:
        return 0.0
    if growth <= 0 or not math.isfinite(limit) or rate <= 0:
        return math.inf
    months = math.log(limit / rate) / math.log1p(growth)
    return months if months < _FARTHEST else math.inf


def date_after(today: date, months: float) -> date | None:
    """The first day of the month that lies so many months ahead; ``None`` for never."""
    if not math.isfinite(months):
        return None
    whole = today.year * 12 + today.month - 1 + int(months)
    return date(whole // 12, whole % 12 + 1, 1)
