"""Values as msgpack, by msgspec, which is loaded when the first of them is written or read."""

from __future__ import annotations

import functools
import importlib.util
from typing import Any, Final

from surefoot.cache.values.extended import Extended
from surefoot.errors import UncacheableError

__all__ = ["EXTENDED", "MSGPACK", "Packer", "is_installed", "packer"]

MSGPACK: Final = 10
EXTENDED: Final = 11
"""Msgpack with our extensions in it."""


class Packer:
    """Writes and reads msgpack. One does for all threads."""

    def __init__(self, msgspec: Any) -> None:
        pack = msgspec.msgpack.Encoder().encode
        self._decoder = msgspec.msgpack.Decoder
        self._extended = Extended(msgspec.msgpack.Ext, pack)
        self._convert = msgspec.convert
        self.pack = pack
        self.unpack = msgspec.msgpack.Decoder().decode
        self.unpack_extended = msgspec.msgpack.Decoder(ext_hook=self._extended.hook).decode
        self._extended.unpack = self.unpack_extended
        self._of_type = functools.lru_cache(512)(self._decoder_of)

    def pack_extended(self, value: Any) -> bytes:
        """A value that holds what msgpack does not tell from something else."""
        packed: bytes = self.pack(self._extended.convert(value))
        return packed

    def unpack_as(self, data: bytes, kind: Any) -> Any:
        """A value of a type.

        Raises:
            UncacheableError: msgspec does not understand the type.
            Exception: The bytes are damaged, or of another type.
        """
        return self._of_type(kind)(data)

    def convert(self, value: Any, kind: Any) -> Any:
        """A value that came back without its type as one of the type.

        Raises:
            Exception: It is none.
        """
        return self._convert(value, kind)

    def _decoder_of(self, kind: Any) -> Any:
        try:
            return self._decoder(kind).decode
        except TypeError as error:
            raise UncacheableError(
                f"{kind!r} cannot be written: {error}",
                do="give type= a dataclass, a Struct, or a type of the standard library",
            ) from error


@functools.cache
def is_installed() -> bool:
    """Whether msgspec is there; does not load it."""
    return importlib.util.find_spec("msgspec") is not None


@functools.cache
def packer() -> Packer:
    """The one of this process.

    Raises:
        UncacheableError: msgspec is not installed.
    """
    try:
        import msgspec  # noqa: PLC0415 - optional
    except ImportError as error:
        raise UncacheableError(
            "anything but text, bytes, numbers and None needs msgspec, which is not installed",
            do="pip install 'surefoot[cache]'",
        ) from error
    return Packer(msgspec)
