"""What every store does alike with keys, times to live and numbers."""

from __future__ import annotations

import math
from typing import Final

from surefoot.errors import StoreRefusedError

__all__ = ["LONGEST", "added", "encoded", "milliseconds"]

LONGEST: Final = 10 * 365 * 86400.0
"""Seconds that a slot lives at most. Servers count expiry in 64 bits of milliseconds since 1970."""

_LARGEST: Final = 2**63 - 1


def encoded(key: str) -> bytes:
    """A key as bytes, each text another; half of a surrogate pair is text like any other."""
    return key.encode("utf-8", "surrogatepass")


def milliseconds(ttl: float) -> int:
    """A time to live in whole milliseconds, rounded up, at most ``LONGEST``.

    Raises:
        ValueError: It is not above zero.
    """
    if not ttl > 0:
        raise ValueError(f"a time to live of {ttl} s: it has to be above 0")
    return math.ceil(min(ttl, LONGEST) * 1000)


def added(data: bytes | None, by: int) -> int:
    """The number in a slot, and ``by`` more; ``by`` where there is no slot.

    Raises:
        StoreRefusedError: The slot holds no whole number, or the sum has more than 64 bits.
    """
    if data is None:
        return _checked(by)
    digits = data[1:] if data[:1] == b"-" else data
    if not digits.isdigit() or len(data) > 20:
        raise StoreRefusedError(f"a slot of {len(data)} bytes holds no whole number to add to")
    return _checked(int(data) + by)


def _checked(number: int) -> int:
    if not -_LARGEST <= number <= _LARGEST:
        raise StoreRefusedError("a number in a store may have 64 bits, and this has more")
    return number
