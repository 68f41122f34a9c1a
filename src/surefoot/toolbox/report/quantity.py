"""Quantities as the page writes them: three digits, a unit, a space between that never breaks."""

from __future__ import annotations

import math
import re
from typing import Final

from surefoot import units

__all__ = ["latency", "of_answers", "per_second", "quantile_name", "share", "times"]

_UNIT: Final = re.compile(r"(?<=\d)(?=[a-zµ/])")
_SPACE: Final = "\N{NO-BREAK SPACE}"


def latency(seconds: float) -> str:
    """``"250 ms"``; ``"no answer"`` for what never came back."""
    if not math.isfinite(seconds):
        return "no answer"
    return _UNIT.sub(_SPACE, units.format_duration(seconds).replace("us", "µs"), count=1)


def per_second(rate: float) -> str:
    """``"94/s"``; ``"no limit"`` where nothing bounds it."""
    return units.format_rate(rate) if math.isfinite(rate) else "no limit"


def share(part: float) -> str:
    """``"12 %"``, with a decimal below 10 and ``"under 0.1 %"`` for what rounds to nothing."""
    percent = 100 * part
    if 0 < percent < 0.1:
        return f"under 0.1{_SPACE}%"
    digits = 0 if percent >= 10 or percent == 0 else 1
    return f"{percent:.{digits}f}{_SPACE}%"


def times(factor: float) -> str:
    """``"1.76"`` times; as many digits as say something."""
    return f"{factor:.2f}" if factor < 10 else f"{factor:.0f}"


def quantile_name(quantile: float) -> str:
    """``"p99"``."""
    return f"p{100 * quantile:g}"


def of_answers(quantile: float) -> str:
    """A quantile for people: ``"99 of 100 answers"``."""
    for whole in (100, 1000, 10000):
        part = quantile * whole
        if math.isclose(part, round(part), rel_tol=0, abs_tol=1e-6):
            return f"{round(part):,} of {whole:,} answers"
    return f"{100 * quantile:g} % of the answers"
