"""What answers tell browsers and networks of caches in front."""

from __future__ import annotations

import re
from typing import Final

from surefoot.core.http_cache.fields import Fields, first

__all__ = ["FOREVER", "immutable", "told"]

FOREVER: Final = "public, max-age=31536000, immutable"
"""A year is the longest that caches honour; ``immutable`` (RFC 8246) spares the asking again."""

# At least eight digits of a hash in the file's name, as bundlers and Django write them:
# app.3f9a8b1c.js, app-3f9a8b1c2d.css, app.BxT4k9_a.js needs a digit to tell it from a word.
_FINGERPRINT: Final = re.compile(
    r"[.-](?=[A-Za-z0-9_]*[0-9])(?:[0-9a-f]{8,64}|[A-Za-z0-9_]{8,32})(?:\.min)?\.[a-z0-9]{1,8}"
    r"(?:\.map)?$"
)
_DATED: Final = re.compile(r"[.-](?:19|20)\d{6}\.")


def immutable(path: str, prefixes: tuple[str, ...], status: int, fields: Fields) -> bool:
    """Whether an answer is a file whose name changes with its bytes.

    Args:
        path: Of the request.
        prefixes: Where such files lie, as ``"/static/"``.
        status: Of the answer.
        fields: Of the answer. What carries a cookie or says ``private`` or ``no-store`` is not.
    """
    if status != 200 or not prefixes or not path.startswith(prefixes):
        return False
    name = path.rpartition("/")[2]
    if not _FINGERPRINT.search(name) or _DATED.search(name):
        return False
    said = first(fields, "cache-control").lower()
    refused = "private" in said or "no-store" in said or bool(first(fields, "set-cookie"))
    return not refused


def told(fields: Fields, age: float, browser: float, network: float) -> Fields:
    """Fields to add to an answer that is kept here.

    What the application says itself is left alone. Browsers keep it privately: what networks in
    front keep they give to everybody, also to who carries a session, so they are told apart
    (RFC 9213) and only where the configuration says so.

    Args:
        fields: Of the answer.
        age: Seconds since it was made; both lifetimes are counted from then (RFC 9111, 4.2).
        browser: Seconds from now that a browser may use it without asking; 0 says nothing.
        network: Seconds from now that a network in front may.
    """
    added = []
    old = max(0, int(age))
    if browser and not first(fields, "cache-control") and not first(fields, "expires"):
        added.append(("cache-control", f"private, max-age={old + int(browser)}"))
    if network and not first(fields, "cdn-cache-control"):
        added.append(("cdn-cache-control", f"max-age={old + int(network)}"))
    return tuple(added)
