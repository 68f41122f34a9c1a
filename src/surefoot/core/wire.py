"""The binary frames in which a worker's telemetry travels: encoder and decoder side by side.

A datagram is one header and any number of frames::

    header   magic "SF", version u8, reserved u8, worker pid u32, epoch u32
    frame    kind u8, payload length u32, payload

    1 string   id u32, UTF-8 text: every later frame of this epoch means it by the id
    2 record   one request and its spends
    3 stack    one sampled stack and how often it was seen
    4 stats    JSON: what the worker says about itself, about once a second

All integers are little-endian. Strings are sent once per worker and epoch; an encoder that knows
that a datagram was lost starts a new epoch, which makes the decoder forget the old table.
"""

from __future__ import annotations

import dataclasses
import json
import struct
from typing import Any, Final

from surefoot.core.records import Record, Spend, StackSample
from surefoot.core.resources import Resource
from surefoot.core.worker import Blocked, CacheTotal, RouteTotal, WorkerStats
from surefoot.errors import RecordError

__all__ = [
    "MAX_DATAGRAM_BYTES",
    "MAX_STRINGS",
    "VERSION",
    "Blocked",
    "CacheTotal",
    "Decoder",
    "Encoder",
    "RouteTotal",
    "WorkerStats",
]

VERSION: Final = 1
MAX_DATAGRAM_BYTES: Final = 32 * 1024
MAX_STRINGS: Final = 4096
"""Strings one worker may name; what does not fit is sent as ``OTHER``."""
MAX_STRING_BYTES: Final = 1024
OTHER: Final = "(other)"

_MAGIC: Final = b"SF"
_HEADER: Final = struct.Struct("<2sBxII")
_FRAME: Final = struct.Struct("<BI")
_STRING: Final = struct.Struct("<I")
_RECORD: Final = struct.Struct("<IIHQQQQQH")
_WHOLE_RECORD: Final = struct.Struct(_FRAME.format + _RECORD.format.removeprefix("<"))
_SPEND: Final = struct.Struct("<IIIIQQQ")
_STACK: Final = struct.Struct("<IIIIH")
_K_STRING, _K_RECORD, _K_STACK, _K_STATS = 1, 2, 3, 4
_MAX_COUNT: Final = 2**32 - 1


class Encoder:
    """Turns values into datagrams.

    Args:
        worker: Process id.
        limit: Bytes that one datagram may have.

    Attributes:
        oversize: Frames left out because one alone exceeds the limit.
        full: Datagrams that are complete and not taken yet.
    """

    def __init__(self, worker: int, limit: int = MAX_DATAGRAM_BYTES) -> None:
        self.oversize = 0
        self._worker = worker
        self._limit = limit
        self._epoch = 1
        self._ids: dict[str, int] = {}
        self._parts: list[bytes] = []
        self._size = 0
        self.full: list[bytes] = []
        self._begin()

    def forget(self) -> None:
        """Start a new epoch: something was lost, so every string is sent again when needed."""
        self._epoch += 1
        self._ids.clear()
        self.full.clear()
        self._begin()

    def take(self) -> list[bytes]:
        """The datagrams made so far; the caller sends them in this order."""
        if len(self._parts) > 1:
            self.full.append(b"".join(self._parts))
            self._begin()
        full, self.full = self.full, []
        return full

    def record(
        self,
        method: str,
        route: str,
        status: int,
        times: tuple[int, int, int, int, int],
        spends: dict[tuple[str, str, str], list[int]],
    ) -> None:
        """Add a request.

        Args:
            method: As received.
            route: The template.
            status: The answer's.
            times: ``start_ns, wall_ns, cpu_ns, queued_ns, loop_ns``.
            spends: ``(resource, what, site)`` to ``[count, wait_ns, use_ns, cpu_ns]``.
        """
        ids = self._ids
        asked = ids.get(method) or self._define(method)
        served = ids.get(route) or self._define(route)
        if not spends and self._size + _WHOLE_RECORD.size <= self._limit:
            # Most requests of a fast application, and then each call counts.
            self._parts.append(
                _WHOLE_RECORD.pack(_K_RECORD, _RECORD.size, asked, served, status, *times, 0)
            )
            self._size += _WHOLE_RECORD.size
            return
        name = self._name
        tail = [
            _SPEND.pack(name(key[0]), name(key[1]), name(key[2]), min(n, _MAX_COUNT), *ns)
            for key, (n, *ns) in spends.items()
        ]
        head = _RECORD.pack(asked, served, status, *times, len(tail))
        self._add(_K_RECORD, head + b"".join(tail))

    def stack(self, route: str, state: str, frames: tuple[str, ...], site: str, count: int) -> None:
        """Add a sampled stack."""
        ids = [self._name(frame) for frame in frames]
        head = _STACK.pack(self._name(route), self._name(state), self._name(site), count, len(ids))
        self._add(_K_STACK, head + struct.pack(f"<{len(ids)}I", *ids))

    def stats(self, stats: WorkerStats) -> None:
        """Add what the worker says about itself."""
        fields = dataclasses.asdict(stats)
        del fields["worker"]
        self._add(_K_STATS, json.dumps(fields, separators=(",", ":")).encode())

    def _begin(self) -> None:
        self._parts = [_HEADER.pack(_MAGIC, VERSION, self._worker, self._epoch)]
        self._size = _HEADER.size

    def _name(self, text: str) -> int:
        number = self._ids.get(text)
        if number is None:
            number = self._define(text)
        return number

    def _define(self, text: str) -> int:
        if len(self._ids) >= MAX_STRINGS and text != OTHER:
            return self._name(OTHER)
        number = len(self._ids) + 1
        self._ids[text] = number
        raw = text.encode("utf-8", "replace")[:MAX_STRING_BYTES]
        self._add(_K_STRING, _STRING.pack(number) + raw)
        return number

    def _add(self, kind: int, payload: bytes) -> None:
        size = _FRAME.size + len(payload)
        if self._size + size > self._limit:
            if len(self._parts) > 1:
                self.full.append(b"".join(self._parts))
                self._begin()
            if self._size + size > self._limit:
                self.oversize += 1
                return
        self._parts.append(_FRAME.pack(kind, len(payload)))
        self._parts.append(payload)
        self._size += size


class Decoder:
    """Turns datagrams of any number of workers back into values.

    Attributes:
        unresolved: Frames skipped because a string they name was never received.
    """

    def __init__(self) -> None:
        self.unresolved = 0
        self._tables: dict[int, tuple[int, dict[int, str]]] = {}
        self._resources: dict[str, Resource] = {}

    def feed(self, datagram: bytes) -> list[Record | StackSample | WorkerStats]:
        """The values in one datagram.

        Raises:
            RecordError: The bytes are no telemetry, or of another version.
        """
        worker, table = self._header(datagram)
        values: list[Record | StackSample | WorkerStats] = []
        for kind, payload in _frames(datagram):
            try:
                value = self._value(kind, payload, worker, table)
            except KeyError:
                self.unresolved += 1
                continue
            except (struct.error, ValueError, TypeError, AttributeError) as error:
                raise RecordError(
                    f"a telemetry frame of kind {kind} is damaged: {error}"
                ) from error
            if value is not None:
                values.append(value)
        return values

    def _header(self, datagram: bytes) -> tuple[int, dict[int, str]]:
        if len(datagram) < _HEADER.size:
            raise RecordError(f"a datagram of {len(datagram)} bytes is too short for telemetry")
        magic, version, worker, epoch = _HEADER.unpack_from(datagram)
        if magic != _MAGIC:
            raise RecordError("a datagram is not telemetry of Surefoot")
        if version != VERSION:
            raise RecordError(
                f"a worker sends telemetry of version {version}, and {VERSION} is expected",
                do="use the same release of Surefoot on both sides",
            )
        known, table = self._tables.get(worker, (epoch, {}))
        if known != epoch:
            table = {}
        self._tables[worker] = (epoch, table)
        return worker, table

    def _value(
        self, kind: int, payload: bytes, worker: int, table: dict[int, str]
    ) -> Record | StackSample | WorkerStats | None:
        if kind == _K_STRING:
            (number,) = _STRING.unpack_from(payload)
            table[number] = payload[_STRING.size :].decode("utf-8", "replace")
            return None
        if kind == _K_RECORD:
            return self._record(payload, worker, table)
        if kind == _K_STACK:
            return _stack(payload, worker, table)
        if kind == _K_STATS:
            return _stats(payload, worker)
        raise ValueError("no such kind")

    def _record(self, payload: bytes, worker: int, table: dict[int, str]) -> Record:
        method, route, status, start, wall, cpu, queued, loop, count = _RECORD.unpack_from(payload)
        if len(payload) != _RECORD.size + count * _SPEND.size:
            raise ValueError("its length is wrong")
        spends = tuple(
            Spend(self._resource(table[resource]), table[what], table[site], *numbers)
            for resource, what, site, *numbers in _SPEND.iter_unpack(payload[_RECORD.size :])
        )
        return Record(
            worker, table[method], table[route], status, start, wall, cpu, queued, loop, spends
        )

    def _resource(self, text: str) -> Resource:
        resource = self._resources.get(text)
        if resource is None:
            resource = self._resources[text] = Resource.parse(text)
        return resource


def _frames(datagram: bytes) -> list[tuple[int, bytes]]:
    frames = []
    offset = _HEADER.size
    while offset < len(datagram):
        start = offset + _FRAME.size
        if start > len(datagram):
            raise RecordError("a datagram of telemetry is cut short")
        kind, length = _FRAME.unpack_from(datagram, offset)
        offset = start + length
        if offset > len(datagram):
            raise RecordError("a datagram of telemetry is cut short")
        frames.append((kind, datagram[start:offset]))
    return frames


def _stack(payload: bytes, worker: int, table: dict[int, str]) -> StackSample:
    route, state, site, count, depth = _STACK.unpack_from(payload)
    ids = struct.unpack(f"<{depth}I", payload[_STACK.size :])
    frames = tuple(table[number] for number in ids)
    return StackSample(worker, table[route], table[state], frames, table[site], count)


def _stats(payload: bytes, worker: int) -> WorkerStats:
    document: dict[str, Any] = json.loads(payload)
    known = {entry.name for entry in dataclasses.fields(WorkerStats)} - {"worker"}
    plain = {name: value for name, value in document.items() if name in known}
    plain["blocked"] = tuple(Blocked(**entry) for entry in plain.get("blocked", ()))
    plain["routes"] = tuple(_total(entry) for entry in plain.get("routes", ()))
    plain["hooks"] = tuple(plain.get("hooks", ()))
    plain["caches"] = tuple(_cache(entry) for entry in plain.get("caches", ()))
    return WorkerStats(worker=worker, **plain)


def _cache(entry: dict[str, Any]) -> CacheTotal:
    # A worker of another release may count something that is not known here.
    known = {each.name for each in dataclasses.fields(CacheTotal)}
    return CacheTotal(**{name: value for name, value in entry.items() if name in known})


def _total(entry: dict[str, Any]) -> RouteTotal:
    resources = {name: (v[0], v[1], v[2], v[3]) for name, v in entry.pop("resources").items()}
    buckets = {int(index): count for index, count in entry.pop("buckets").items()}
    return RouteTotal(**entry, resources=resources, buckets=buckets)
