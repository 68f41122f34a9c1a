"""What msgpack does not tell apart, as extensions of it: tuples, sets, dates, decimals, UUIDs.

An extension's number is its type; what it holds is msgpack again where it has parts.
"""

from __future__ import annotations

import datetime as dt
import decimal
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any, Final

from surefoot.cache.values.survey import EXTENDED_TYPES, NATIVE

__all__ = ["Extended", "teach"]

Pack = Callable[[Any], bytes]

_FEWEST_BITS, _MOST_BITS = -(2**63), 2**64
_PAIRS: Final = 14


class Extended:
    """Values of those types as values of msgpack, and back.

    Args:
        ext: ``msgspec.msgpack.Ext``.
        pack: Writes msgpack.
        unpack: Reads it, and asks ``hook`` for extensions.
    """

    def __init__(self, ext: Callable[[int, bytes], Any], pack: Pack) -> None:
        self._ext = ext
        self._pack = pack
        self.unpack: Callable[[Any], Any] = lambda _: None

    def convert(self, value: Any) -> Any:
        """The value with extensions in it."""
        kind = type(value)
        if kind in _WRITERS:
            number, write = _WRITERS[kind]
            return self._ext(number, write(value))
        if kind is dict:
            return self._mapping(value)
        if kind is list or kind in _ROWS:
            parts = [self.convert(each) for each in value]
            return parts if kind is list else self._ext(_ROWS[kind], self._pack(parts))
        return self._plain(kind, value)

    def _plain(self, kind: type, value: Any) -> Any:
        if kind is int and not _FEWEST_BITS <= value < _MOST_BITS:
            size = (value.bit_length() + 8) // 8
            return self._ext(10, value.to_bytes(size, "little", signed=True))
        if kind is str and not _encodes(value):
            return self._ext(12, value.encode("utf-8", "surrogatepass"))
        return value

    def _mapping(self, value: dict[Any, Any]) -> Any:
        if all(type(key) is str and _encodes(key) for key in value):
            return {key: self.convert(each) for key, each in value.items()}
        flat = [self.convert(each) for pair in value.items() for each in pair]
        return self._ext(_PAIRS, self._pack(flat))

    def hook(self, number: int, data: memoryview) -> Any:
        """The value of an extension.

        Raises:
            Exception: Its bytes are damaged.
        """
        if number in _MAKERS:
            return _MAKERS[number](self.unpack(data))
        return _READERS[number](bytes(data))


def _encodes(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= each <= "\udfff" for each in text)


def _from_pairs(flat: list[Any]) -> dict[Any, Any]:
    return dict(zip(flat[::2], flat[1::2], strict=True))


def _write_moment(value: dt.datetime | dt.time) -> bytes:
    # isoformat leaves out which of an hour's two passes is meant when the clock is put back.
    zone = value.tzinfo
    key = zone.key if isinstance(zone, zoneinfo.ZoneInfo) else ""
    name = ""
    if type(zone) is dt.timezone and zone is not dt.UTC:
        name = zone.tzname(None)
    moment = value.replace(tzinfo=None) if key else value
    return "\n".join((moment.isoformat(), str(value.fold), key or "", name)).encode()


def _read_datetime(data: bytes) -> dt.datetime:
    text, fold, key, name = data.decode().split("\n")
    value = dt.datetime.fromisoformat(text)
    return value.replace(tzinfo=_zone(value.tzinfo, key, name), fold=int(fold))


def _read_time(data: bytes) -> dt.time:
    text, fold, key, name = data.decode().split("\n")
    value = dt.time.fromisoformat(text)
    return value.replace(tzinfo=_zone(value.tzinfo, key, name), fold=int(fold))


def _zone(zone: dt.tzinfo | None, key: str, name: str) -> dt.tzinfo | None:
    """The zone that was written: one of the tz database, or an offset, with or without a name."""
    if key:
        return zoneinfo.ZoneInfo(key)
    offset = None if zone is None else zone.utcoffset(None)
    if offset is None or not name or dt.timezone(offset).tzname(None) == name:
        return zone
    return dt.timezone(offset, name)


def _read_delta(data: bytes) -> dt.timedelta:
    days, seconds, micros = data.split()
    return dt.timedelta(int(days), int(seconds), int(micros))


_ROWS: Final[dict[type, int]] = {tuple: 1, set: 2, frozenset: 3}
_MAKERS: Final[dict[int, Callable[[Any], Any]]] = {
    1: tuple,
    2: set,
    3: frozenset,
    _PAIRS: _from_pairs,
}
_WRITERS: Final[dict[type, tuple[int, Callable[[Any], bytes]]]] = {
    dt.datetime: (4, _write_moment),
    dt.date: (5, lambda value: value.isoformat().encode()),
    dt.time: (6, _write_moment),
    dt.timedelta: (7, lambda v: b"%d %d %d" % (v.days, v.seconds, v.microseconds)),
    decimal.Decimal: (8, lambda value: str(value).encode()),
    uuid.UUID: (9, lambda value: value.bytes),
    complex: (11, lambda value: f"{value.real!r} {value.imag!r}".encode()),
    bytearray: (13, bytes),
}
_READERS: Final[dict[int, Callable[[bytes], Any]]] = {
    4: _read_datetime,
    5: lambda data: dt.date.fromisoformat(data.decode()),
    6: _read_time,
    7: _read_delta,
    8: lambda data: decimal.Decimal(data.decode()),
    9: lambda data: uuid.UUID(bytes=data),
    10: lambda data: int.from_bytes(data, "little", signed=True),
    11: lambda data: complex(*map(float, data.split())),
    12: lambda data: data.decode("utf-8", "surrogatepass"),
    13: bytearray,
}


def teach(
    kind: type, number: int, write: Callable[[Any], bytes], read: Callable[[bytes], Any]
) -> None:
    """Have values of one more type, of no subclass of it, come back as they went in.

    Args:
        kind: The type.
        number: From 32 to 127: what its values are known by in every store, for ever.
        write: The bytes of a value.
        read: The value of these bytes.
    """
    _WRITERS[kind] = (number, write)
    _READERS[number] = read
    EXTENDED_TYPES.add(kind)


assert not NATIVE & _WRITERS.keys(), "what msgpack has itself needs no extension"
