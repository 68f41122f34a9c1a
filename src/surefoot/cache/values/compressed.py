"""Long values compressed by lz4 where it is installed and where it pays."""

from __future__ import annotations

import functools
import struct
from typing import Any, Final

__all__ = ["compress", "decompress"]

_SIZE: Final = struct.Struct("<I")
_PAYS: Final = 0.9
"""A value that stays longer than this share of itself is not worth its decompression."""


@functools.cache
def _lz4() -> Any:
    try:
        import lz4.block  # noqa: PLC0415 - optional
    except ImportError:
        return None
    return lz4.block


def compress(data: bytes) -> bytes | None:
    """The bytes, shorter; nothing where they do not get shorter, or lz4 is not installed."""
    lz4 = _lz4()
    if lz4 is None:
        return None
    packed = _SIZE.pack(len(data)) + lz4.compress(data, store_size=False)
    return packed if len(packed) < _PAYS * len(data) else None


def decompress(data: bytes, most: int) -> bytes:
    """The bytes as they were.

    Raises:
        Exception: They are damaged, say that they were more than ``most``, or lz4 is missing.
    """
    (size,) = _SIZE.unpack_from(data)
    if size > most:
        raise ValueError(f"{size} bytes are more than {most}")
    plain: bytes = _lz4().decompress(memoryview(data)[_SIZE.size :], uncompressed_size=size)
    if len(plain) != size:
        raise ValueError(f"{len(plain)} bytes instead of {size}")
    return plain
