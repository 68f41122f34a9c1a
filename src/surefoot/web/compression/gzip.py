"""A gzip stream made piece by piece (RFC 1952)."""

from __future__ import annotations

import secrets
import struct
import zlib
from typing import Final

from surefoot.core.compression import LEVEL

__all__ = ["Gzip"]

_RAW: Final = -zlib.MAX_WBITS
_PADDING: Final = 100
_NAMED: Final = 8
_HEAD: Final = struct.Struct("<BBBBLBB")


class Gzip:
    """Compresses what it is given, and gives out what is ready.

    Args:
        padded: Put a name of random length, up to 100 bytes, into the head. The length of an
            answer then tells less of a secret in it to somebody who can place guesses beside the
            secret and watch the line (BREACH; the measure is Django's, after "Heal the Breach",
            Palladino and Paunero 2022). Decoders skip the name.
    """

    def __init__(self, *, padded: bool) -> None:
        self._deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, _RAW)
        self._sum = 0
        self._length = 0
        self._head = _head(padded=padded)

    def add(self, part: bytes, *, flush: bool) -> bytes:
        """Take a part in.

        Args:
            part: Of the plain body.
            flush: Give out all that was taken in so far, so that who waits for it can go on.
        """
        self._sum = zlib.crc32(part, self._sum)
        self._length += len(part)
        ready = self._head + self._deflate.compress(part)
        self._head = b""
        return ready + self._deflate.flush(zlib.Z_SYNC_FLUSH) if flush else ready

    def end(self) -> bytes:
        """What is left, and the tail."""
        tail = struct.pack("<LL", self._sum, self._length & 0xFFFFFFFF)
        return self._head + self._deflate.flush() + tail


def _head(*, padded: bool) -> bytes:
    head = _HEAD.pack(0x1F, 0x8B, 8, _NAMED if padded else 0, 0, 0, 255)
    if not padded:
        return head
    return head + b"a" * secrets.randbelow(_PADDING + 1) + b"\0"
