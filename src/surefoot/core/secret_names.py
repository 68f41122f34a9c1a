"""Names that secrets go under: of fields, keys, parameters, headers."""

from __future__ import annotations

import functools
import itertools
import re
from typing import Final

__all__ = ["is_secret_name", "may_be_secret", "words"]

_MAYBE: Final = re.compile(
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|credential|authori[sz]ation|key|session|cookie|jwt|bearer|otp|cvv",
    re.IGNORECASE | re.ASCII,
).search
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_ENDS: Final = (
    "password", "passwords", "passwd", "pwd", "passphrase", "passcode", "secret", "secrets",
    "token", "credential", "credentials", "authorization", "authorisation", "apikey",
    "privatekey", "secretkey", "accesskey", "sessionid",
)  # fmt: skip
_LAST: Final = frozenset({"cookie", "cookies", "jwt", "bearer", "otp", "cvv"})
_PAIRS: Final = frozenset(
    {
        ("api", "key"), ("private", "key"), ("access", "key"), ("signing", "key"),
        ("encryption", "key"), ("session", "id"), ("session", "key"), ("set", "cookie"),
    }
)  # fmt: skip


def may_be_secret(name: str) -> bool:
    """Whether a name is worth a closer look; quick."""
    return _MAYBE(name) is not None


@functools.lru_cache(1024)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in small letters, whichever way it is written."""
    return tuple(word.lower() for word in _WORD.findall(name))


def is_secret_name(name: str) -> bool:
    """Whether a secret may go under this name: ``password``, ``apiKey``, ``sessionId``."""
    if not may_be_secret(name):
        return False
    found = words(name)
    if found[-1] in _LAST or any(word.endswith(_ENDS) for word in found):
        return True
    return not _PAIRS.isdisjoint(itertools.pairwise(found))
