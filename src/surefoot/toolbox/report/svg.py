"""SVG as text: elements with escaped words and finite numbers, nothing else."""

from __future__ import annotations

import html
import math

__all__ = ["element", "number", "percent", "words"]


def element(name: str, *children: str, **attributes: str | float) -> str:
    """One element; ``children`` are elements or ``words()`` already.

    An attribute's ``_`` becomes ``-``, and a ``_`` at its end is dropped (``class_``). Numbers must
    be finite; text is escaped.
    """
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
    )
    inside = "".join(children)
    return f"<{name}{said}>{inside}</{name}>" if inside else f"<{name}{said}/>"


def words(text: str) -> str:
    """Text as it may stand between tags."""
    return html.escape(text)


def number(value: float) -> str:
    """At most two decimals, and no more of them than it takes.

    Raises:
        ValueError: It is infinite or not a number, which no browser would draw.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be drawn")
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def percent(share: float) -> str:
    """``0.125`` as ``"12.5%"``: a length in relation to the picture's width."""
    return number(100 * share) + "%"


def _value(value: str | float) -> str:
    return html.escape(value) if isinstance(value, str) else number(value)
