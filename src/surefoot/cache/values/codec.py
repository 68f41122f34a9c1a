"""Values to bytes of a slot and back: typed, bounded, compressed, and without secrets.

Damaged bytes, bytes of another release's class and forged ones are all the same to a caller: there
is no value. What cannot come back as it went in is refused when it is written.
"""

from __future__ import annotations

import pickle
from types import UnionType
from typing import Any, Final, NamedTuple, Union, get_args, get_origin

from surefoot.cache.values import plain
from surefoot.cache.values.compressed import compress, decompress
from surefoot.cache.values.packed import EXTENDED, MSGPACK, is_installed, packer
from surefoot.cache.values.secrets import find_secret
from surefoot.cache.values.shapes import shape_of
from surefoot.cache.values.signed import PICKLED, ForgedError, Signer
from surefoot.cache.values.survey import EXTENDED as HAS_EXTENDED
from surefoot.cache.values.survey import FOREIGN, SUSPECT, survey
from surefoot.core.cache.frame import Frame
from surefoot.errors import (
    SecretError,
    TooLargeError,
    TypeNeededError,
    UncacheableError,
)
from surefoot.units import format_bytes

__all__ = ["COMPRESSED", "TYPED", "Codec", "Encoded", "UnreadableError"]

COMPRESSED: Final = 1
"""Flag: lz4."""
TYPED: Final = 2
"""Flag: comes back only to who says its type."""
_MOST_UNPACKED: Final = 16
"""How many times ``max_bytes`` a value may be before it is compressed: JSON and rows of tables
shrink to a tenth, and bytes that claim to become more than this are damaged."""


class UnreadableError(ValueError):
    """The bytes are damaged, forged, or of a type that has changed: there is no value."""


class Encoded(NamedTuple):
    """A value in bytes."""

    payload: bytes
    codec: int
    flags: int


class Codec:
    """Writes and reads values. One does for all threads.

    Text, bytes, numbers, booleans and ``None`` need no package; anything else needs msgspec.
    Without a type, dictionaries, lists, tuples, sets, dates, decimals and UUIDs come back as they
    went in; objects of classes come back to who says their type.

    Args:
        max_bytes: The largest value, as it lies in the store.
        compress_above: Longer ones are compressed, if lz4 is installed; ``None`` for none. lz4
            takes 0.8 us for 1 kB and makes a third of it.
        pickle_key: 16 to 64 secret bytes. Objects of classes that are written without a type are
            pickled and signed with it. Without it nothing is ever unpickled.
        allow_secrets: Do not look for secrets.

    Attributes:
        forged: Slots whose signature was wrong.
        unkept: Errors of ``encode`` that lie in one value: it is not kept, and that is all.

    Raises:
        ConfigError: ``pickle_key`` is too short or too long.
    """

    unkept: tuple[type[Exception], ...] = (TooLargeError,)

    def __init__(
        self,
        *,
        max_bytes: int = 1_000_000,
        compress_above: int | None = 1_000,
        pickle_key: bytes | None = None,
        allow_secrets: bool = False,
    ) -> None:
        self.max_bytes = max_bytes
        self.forged = 0
        self._compress_above = 2**63 if compress_above is None else compress_above
        self._signer = None if pickle_key is None else Signer(pickle_key)
        self._allow_secrets = allow_secrets

    def encode(self, key: str, value: Any, type: Any = Any) -> Encoded:  # noqa: A002
        """The bytes of a value.

        Args:
            key: Its key, for errors and signatures.
            value: The value.
            type: What it is, if that is known: a class, ``list[Book]``, ...

        Raises:
            SecretError: Something in it looks like a secret.
            TooLargeError: It is larger than ``max_bytes``.
            UncacheableError: It cannot be written, or not be read as ``type`` again.
        """
        simple = plain.write(value)
        if simple is not None:
            return self._packed(key, simple[1], simple[0], 0)
        try:
            if type is Any:
                return self._untyped(key, value)
            return self._typed(key, value, type)
        except RecursionError:
            raise UncacheableError(
                f"{key!r}: a value holds itself, or is nested too deeply", do="keep a flatter one"
            ) from None

    def decode(self, key: str, frame: Frame | Encoded, type: Any = Any) -> Any:  # noqa: A002
        """The value of a slot.

        Args:
            key: Its key.
            frame: The slot.
            type: What it is to be.

        Raises:
            UnreadableError: There is none: damaged, forged, or of another type.
            TypeNeededError: It was an object of a class, and ``type`` was not given.
            UncacheableError: msgspec is not installed, or does not understand the type.
        """
        try:
            return self._decoded(key, frame, type)
        except UncacheableError:
            raise
        except ForgedError:
            self.forged += 1
            raise UnreadableError(f"the value of {key!r} was not signed here") from None
        except Exception as error:
            raise UnreadableError(f"the value of {key!r} cannot be read: {error}") from error

    # --- Writing ----------------------------------------------------------------------------------

    def _untyped(self, key: str, value: Any) -> Encoded:
        found = survey(value)
        if found & (FOREIGN | SUSPECT):
            self._refuse_secrets(key, value)
        if found & FOREIGN:
            return self._foreign(key, value)
        pack = packer()
        if not found & HAS_EXTENDED:
            try:
                return self._packed(key, pack.pack(value), MSGPACK, 0)
            except (OverflowError, UnicodeEncodeError):
                pass  # a number of more than 64 bits, or a lone surrogate: extensions have both
        return self._packed(key, pack.pack_extended(value), EXTENDED, 0)

    def _foreign(self, key: str, value: Any) -> Encoded:
        if self._signer is not None:
            try:
                return self._packed(key, self._signer.dumps(value), PICKLED, 0)
            except (pickle.PickleError, TypeError, AttributeError, ValueError) as error:
                raise UncacheableError(f"{key!r} cannot be pickled: {error}") from error
        return self._packed(key, self._native(key, value), MSGPACK, TYPED)

    def _typed(self, key: str, value: Any, kind: Any) -> Encoded:
        pack = packer()
        try:
            payload = self._native(key, value)
        except UncacheableError:
            # A number of more than 64 bits, a lone surrogate, or an object that may be pickled.
            return self._untyped(key, value)
        try:
            back = pack.unpack_as(payload, kind)
        except UncacheableError:
            raise
        except Exception as error:
            raise UncacheableError(
                f"{key!r} is no {kind!r}: {error}", do="correct type=, or the annotation"
            ) from error
        shape = shape_of(kind)
        if shape.secret is not None and not self._allow_secrets:
            raise _secret(key, shape.secret)
        # An object of a subclass brings fields that the type does not name.
        if shape.open or len(pack.pack(back)) != len(payload):
            self._refuse_secrets(key, value)
        # Two readings that are equal show that objects of the type are compared by what they hold.
        if shape.loose and back != value and back == pack.unpack_as(payload, kind):
            return self._loose(key, value, kind)
        return self._packed(key, payload, MSGPACK, 0 if shape.exact else TYPED)

    def _loose(self, key: str, value: Any, kind: Any) -> Encoded:
        """A value that its declared type would bring back as another."""
        if self._signer is None and survey(value) & FOREIGN:
            raise UncacheableError(
                f"{key!r} would come back as another value: {kind!r} says Any where an object is",
                do="declare the object's type in place of Any",
            )
        return self._untyped(key, value)

    def _native(self, key: str, value: Any) -> bytes:
        try:
            packed: bytes = packer().pack(value)
        except (TypeError, OverflowError, UnicodeEncodeError, ValueError) as error:
            raise UncacheableError(
                f"{key!r} cannot be written: {error}",
                do="keep plain values, dataclasses or Structs; or give the cache a pickle_key",
            ) from error
        return packed

    def _packed(self, key: str, data: bytes, codec: int, flags: int) -> Encoded:
        size = len(data)
        if size > self._compress_above and size <= _MOST_UNPACKED * self.max_bytes:
            shorter = compress(data)
            if shorter is not None:
                data, flags = shorter, flags | COMPRESSED
        if codec == PICKLED and self._signer is not None:
            data = self._signer.sign(key, flags, data)
        if len(data) > self.max_bytes:
            raise TooLargeError(
                f"{key!r} is {format_bytes(len(data))}, and the cache takes "
                f"{format_bytes(self.max_bytes)}",
                do="keep less under one key, or raise max_bytes and the store's own limit",
            )
        return Encoded(data, codec, flags)

    def _refuse_secrets(self, key: str, value: Any) -> None:
        if not self._allow_secrets:
            path = find_secret(value)
            if path is not None:
                raise _secret(key, path)

    # --- Reading ----------------------------------------------------------------------------------

    def _decoded(self, key: str, frame: Frame | Encoded, kind: Any) -> Any:
        data, codec, flags = frame.payload, frame.codec, frame.flags
        if data is None:
            raise UnreadableError(f"nothing is kept under {key!r} yet")
        if codec == PICKLED:
            value = self._unpickled(key, data, flags)
            if not _fits(value, kind):
                raise UnreadableError(
                    f"{key!r} holds a {value.__class__.__name__}, and no {kind!r}"
                )
            return value
        if flags & COMPRESSED:
            data = decompress(data, _MOST_UNPACKED * self.max_bytes)
        if codec == MSGPACK:
            if kind is not Any:
                return packer().unpack_as(data, kind)
            if flags & TYPED:
                raise TypeNeededError(
                    f"{key!r} holds an object of a class", do="give its type: get(key, type=Book)"
                )
            return packer().unpack(data)
        value = packer().unpack_extended(data) if codec == EXTENDED else plain.read(codec, data)
        if kind is Any or type(value) is kind or (codec in plain.PLAIN and not is_installed()):
            return value
        return packer().convert(value, kind)

    def _unpickled(self, key: str, data: bytes, flags: int) -> Any:
        if self._signer is None:
            raise ForgedError
        data = self._signer.check(key, flags, data)
        if flags & COMPRESSED:
            data = decompress(data, _MOST_UNPACKED * self.max_bytes)
        return self._signer.loads(data)


def _secret(key: str, path: str) -> SecretError:
    return SecretError(
        f"{key!r} holds what looks like a secret, at {path}",
        do="leave it out, or say allow_secrets=True if it is none",
    )


def _fits(value: Any, kind: Any) -> bool:
    """Whether a value may be of this type, as far as classes tell."""
    outer = get_origin(kind) or kind
    if outer in (Union, UnionType):
        return any(_fits(value, each) for each in get_args(kind))
    if outer is None:
        return value is None
    try:
        return outer is Any or not isinstance(outer, type) or isinstance(value, outer)
    except TypeError:
        # A protocol, a TypedDict: no class of a value.
        return True
