"""Quantities as people write them, to plain numbers and back.

Durations are seconds, sizes are bytes and rates are per second, always. ``kB`` and ``MB`` are
powers of ten, ``KiB`` and ``MiB`` powers of two.
"""

from __future__ import annotations

import re
from typing import Final

from surefoot.errors import UnitError

__all__ = [
    "format_bytes",
    "format_duration",
    "format_rate",
    "parse_bytes",
    "parse_duration",
    "parse_rate",
]

_SECONDS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "min": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
_BYTES: Final = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_NUMBER: Final = r"(?P<number>\d+(?:\.\d+)?|\.\d+)"
_QUANTITY: Final = re.compile(rf"\s*{_NUMBER}\s*(?P<unit>[A-Za-zµ]+)\s*")
_RATE: Final = re.compile(rf"\s*{_NUMBER}\s*(?:rps|/\s*(?P<window>[\d.]*\s*[A-Za-zµ]+))?\s*")


def parse_duration(text: str | float) -> float:
    """Seconds from ``"250ms"``, ``"1.5h"`` or a bare number of seconds.

    Raises:
        UnitError: The text is no duration.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    number, unit = _split(text, _SECONDS, 'a duration such as "250ms", "30s" or "5m"')
    return number * _SECONDS[unit]


def parse_bytes(text: str | int) -> int:
    """Bytes from ``"16MB"``, ``"2GiB"`` or a bare number of bytes.

    Raises:
        UnitError: The text is no size.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        return text
    number, unit = _split(text, _BYTES, 'a size such as "16MB" or "2GiB"')
    return round(number * _BYTES[unit])


def parse_rate(text: str | float) -> float:
    """Events per second from ``"500rps"``, ``"100/10s"``, ``"6000/m"`` or a bare number.

    Raises:
        UnitError: The text is no rate.
    """
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    match = _RATE.fullmatch(str(text))
    if match is None:
        raise UnitError(f'{text!r} is not a rate such as "500", "500rps" or "100/10s"')
    window = (match["window"] or "1s").replace(" ", "")
    seconds = parse_duration(window if window[0].isdigit() or window[0] == "." else "1" + window)
    if seconds == 0:
        raise UnitError(f"{text!r} is a rate over no time at all")
    return float(match["number"]) / seconds


def format_duration(seconds: float) -> str:
    """Three significant digits in the unit a person would choose: ``0.0042`` is ``"4.2ms"``."""
    if seconds < 0:
        return "-" + format_duration(-seconds)
    if seconds >= 86400:
        return f"{_digits(seconds / 86400)}d"
    if seconds >= 3600:
        return f"{_digits(seconds / 3600)}h"
    if seconds >= 120:
        return f"{_digits(seconds / 60)}min"
    for scale, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "us")):
        if seconds >= scale:
            return f"{_digits(seconds / scale)}{unit}"
    return f"{_digits(seconds * 1e9)}ns" if seconds else "0s"


def format_bytes(count: float) -> str:
    """Three significant digits in decimal units: ``16_000_000`` is ``"16MB"``."""
    for unit in ("TB", "GB", "MB", "kB"):
        if abs(count) >= _BYTES[unit]:
            return f"{_digits(count / _BYTES[unit])}{unit}"
    return f"{round(count)}B"


def format_rate(per_second: float) -> str:
    """``"431/s"``, or per minute below one a second."""
    if 0 < per_second < 1:
        return f"{_digits(per_second * 60)}/min"
    return f"{_digits(per_second)}/s"


def _split(
    text: object, units: dict[str, float] | dict[str, int], wanted: str
) -> tuple[float, str]:
    match = _QUANTITY.fullmatch(str(text))
    if match is None or match["unit"] not in units:
        raise UnitError(f"{text!r} is not {wanted}")
    return float(match["number"]), match["unit"]


def _digits(value: float) -> str:
    if value >= 100:
        return f"{value:.0f}"
    text = f"{value:.3g}"
    return f"{float(text):g}"
