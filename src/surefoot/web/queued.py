"""How long a request waited before a worker took it, from the sender's ``X-Request-Start``."""

from __future__ import annotations

from typing import Final

__all__ = ["queued_ns"]

_MAX_NS: Final = 300 * 10**9


def queued_ns(header: str, now_ns: int) -> int:
    """Nanoseconds between the header's time and now; 0 if it makes no sense.

    Args:
        header: ``"t=1700000000.123456"`` (nginx), or integers of milliseconds or microseconds
            since the epoch (Heroku and others), with or without ``t=``.
        now_ns: Since the epoch.
    """
    text = header.strip().removeprefix("t=")
    whole, _, fraction = text.partition(".")
    if not (whole + fraction).isascii() or not whole.isdigit() or len(whole) > 19:
        return 0
    if fraction and not fraction.isdigit():
        return 0
    # Seconds since the epoch have 10 digits until the year 2286, milliseconds 13, and so on.
    scale = 10 ** max(0, 19 - len(whole)) if len(whole) in {10, 13, 16, 19} else 0
    sent = int(whole) * scale + int(fraction[:9].ljust(9, "0") or 0) * scale // 10**9
    waited = now_ns - sent
    return waited if scale and 0 <= waited <= _MAX_NS else 0
