"""What of an answer is shown to people: little, round the difference, and nothing secret."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["excerpts", "without_secrets"]

_ROUND: Final = 60
_MOST: Final = 200
_NAMES: Final = "token|csrf|xsrf|secret|passw|session|nonce|auth|api.?key|credential|signature"
_NAMED: Final = re.compile(_NAMES, re.IGNORECASE)
_ASSIGNED: Final = re.compile(
    rf"((?:{_NAMES})[\w-]*[\"']?\s*(?:[:=]|\s\w+=)\s*[\"']?)[\w.~+/%=-]{{6,}}", re.IGNORECASE
)
_HIDDEN: Final = "(not shown)"


def excerpts(base: str, variant: str, where: str = "") -> tuple[str, str]:
    """Both values, cut to what surrounds their first difference.

    Args:
        base: What the base answered.
        variant: What the variant answered.
        where: The place, whose name may say that it holds a secret.
    """
    if _NAMED.search(where):
        return tuple(_HIDDEN if text and text != "(absent)" else text for text in (base, variant))  # type: ignore[return-value]  # two
    pairs = enumerate(zip(base, variant, strict=False))
    apart = next((at for at, (x, y) in pairs if x != y), min(len(base), len(variant)))
    return _cut(without_secrets(base), apart), _cut(without_secrets(variant), apart)


def without_secrets(text: str) -> str:
    """The same, with what follows the name of a secret left out."""
    return _ASSIGNED.sub(rf"\1{_HIDDEN}", text)


def _cut(text: str, apart: int) -> str:
    if len(text) <= _MOST:
        return text.replace("\0", "…")
    start = max(0, min(apart, len(text)) - _ROUND)
    end = start + _MOST - 2
    before, after = "…" if start else "", "…" if end < len(text) else ""
    return f"{before}{text[start:end]}{after}".replace("\0", "…")
