"""Values of one plain type as bytes, by the standard library alone: the codec's number is the type.

Most of what an application keeps so is text and bytes that it made already; they lie as they are.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, Final

__all__ = ["PLAIN", "read", "teach", "write"]

_FLOAT: Final = struct.Struct("<d")
_CONSTANTS: Final[dict[bytes, bool | None]] = {b"N": None, b"T": True, b"F": False}


def _integer(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True)


# A lone surrogate, as file names can have, is no UTF-8; it comes back as it went in.
_WRITERS: Final[dict[type, tuple[int, Callable[[Any], bytes]]]] = {
    bytes: (1, bytes),
    str: (2, lambda value: value.encode("utf-8", "surrogatepass")),
    int: (3, _integer),
    float: (4, _FLOAT.pack),
    type(None): (5, lambda _: b"N"),
    bool: (5, lambda value: b"T" if value else b"F"),
}
_READERS: Final[dict[int, Callable[[bytes], Any]]] = {
    1: bytes,
    2: lambda data: data.decode("utf-8", "surrogatepass"),
    3: lambda data: int.from_bytes(data, "little", signed=True),
    4: lambda data: _FLOAT.unpack(data)[0],
    5: _CONSTANTS.__getitem__,
}

PLAIN: Final = frozenset(_READERS)
"""The numbers of these codecs."""


def write(value: object) -> tuple[int, bytes] | None:
    """Codec and bytes of a value of such a type, of no subclass of it; nothing of others."""
    found = _WRITERS.get(type(value))
    return None if found is None else (found[0], found[1](value))


def teach(
    kind: type, number: int, write: Callable[[Any], bytes], read: Callable[[bytes], Any]
) -> None:
    """Have values of one more type, of no subclass of it, lie as these bytes.

    Args:
        kind: The type.
        number: From 32 to 127: the codec that its values are known by in every store, for ever.
        write: The bytes of a value.
        read: The value of these bytes.
    """
    _WRITERS[kind] = (number, write)
    _READERS[number] = read


def read(codec: int, data: bytes) -> object:
    """The value.

    Raises:
        Exception: The bytes are damaged.
    """
    return _READERS[codec](data)
