"""Pickle that only who has the key can have written. Nothing is unpickled before that is checked.

Reading a pickle runs whatever its writer chose, so a store that others can write to would let them
run code here (CVE-2025-69872 of diskcache is one such). The signature covers the cache's key, so
that a value cannot be moved to another place. An older value of the same place still passes.
"""

from __future__ import annotations

import hashlib
import hmac
import pickle
from typing import Any, Final

from surefoot.errors import ConfigError

__all__ = ["PICKLED", "ForgedError", "Signer"]

PICKLED: Final = 20
_SIZE: Final = 16
_PERSON: Final = b"surefoot pickle"
_LEAST, _MOST = 16, 64


class ForgedError(Exception):
    """The signature is another's, or of other bytes."""


class Signer:
    """Signs and checks.

    Args:
        secret: 16 to 64 bytes that whoever may write to the store does not know.

    Raises:
        ConfigError: It is shorter, or longer.
    """

    def __init__(self, secret: bytes) -> None:
        if not _LEAST <= len(secret) <= _MOST:
            raise ConfigError(
                f"a pickle_key of {len(secret)} bytes",
                do=f"give between {_LEAST} and {_MOST}, such as those of secrets.token_bytes(32)",
            )
        self._secret = bytes(secret)

    def __repr__(self) -> str:
        return "<Signer>"

    def dumps(self, value: Any) -> bytes:
        """The value's pickle, to be packed and then signed."""
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    def sign(self, place: str, flags: int, data: bytes) -> bytes:
        """The bytes with their signature before them."""
        return self._signature(place, flags, data) + data

    def check(self, place: str, flags: int, data: bytes) -> bytes:
        """The bytes without their signature.

        Raises:
            ForgedError: They were not signed here, or not for this place.
        """
        told, rest = data[:_SIZE], data[_SIZE:]
        if not hmac.compare_digest(told, self._signature(place, flags, rest)):
            raise ForgedError
        return rest

    def loads(self, data: bytes) -> Any:
        """The value of bytes that were checked."""
        return pickle.loads(data)  # noqa: S301 - only what check() let through comes here

    def _signature(self, place: str, flags: int, data: bytes) -> bytes:
        where = place.encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(key=self._secret, digest_size=_SIZE, person=_PERSON)
        digest.update(len(where).to_bytes(8, "little") + bytes((flags,)))
        digest.update(where)
        digest.update(data)
        return digest.digest()
