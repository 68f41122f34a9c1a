"""What is kept under one key: its state, its times, and the value where it is plain."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from surefoot import units
from surefoot.cache.names import Names
from surefoot.cache.values.codec import TYPED, Codec, UnreadableError
from surefoot.cache.values.packed import EXTENDED, MSGPACK
from surefoot.cache.values.plain import PLAIN
from surefoot.cache.values.secrets import find_secret, tells_secret
from surefoot.cache.values.signed import PICKLED
from surefoot.cli.cache_place import Place
from surefoot.core.cache.frame import Frame, Tag
from surefoot.errors import UncacheableError
from surefoot.ports import Store

__all__ = ["Got", "got"]

_LONGEST: Final = 2000
"""Characters of a value on a terminal; ``--json`` has all of it."""
_LARGEST: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class Got:
    """What ``surefoot cache get`` shows."""

    cache: str
    key: str
    state: str
    """``absent``, ``fresh``, ``stale``, ``ended``, ``invalidated``, ``claimed`` or ``number``."""
    bytes: int = 0
    codec: str = ""
    tags: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    """Those of the tags that were invalidated since."""
    age: float | None = None
    """Seconds since its computing began."""
    ttl: float | None = None
    """Seconds for which it is fresh still; below zero where it is no more."""
    stale: float | None = None
    """Seconds for which it may be served still."""
    claimed: float | None = None
    """Seconds for which somebody has the right to compute the next."""
    value: Any = None
    hidden: str = ""
    """Why the value is not shown; empty where it is."""

    def text(self) -> str:
        """For a terminal."""
        lines = [f"{self.key} in {self.cache}: {self.state}"]
        if self.changed:
            lines.append(f"  invalidated by   {', '.join(self.changed)}")
        for name, seconds in self._times():
            lines.append(f"  {name:<15}  {_duration(seconds)}")
        if self.bytes:
            lines.append(f"  {'size':<15}  {units.format_bytes(self.bytes)}, {self.codec}")
        if self.tags:
            lines.append(f"  {'tags':<15}  {', '.join(self.tags)}")
        if self.hidden:
            lines.append(f"  {'value':<15}  not shown: {self.hidden}")
        elif self.state not in {"absent", "claimed"}:
            shown = json.dumps(self.value)
            more = f" ... ({len(shown):,} characters)" if len(shown) > _LONGEST else ""
            lines.append(f"  {'value':<15}  {shown[:_LONGEST]}{more}")
        return "\n".join(lines)

    def _times(self) -> list[tuple[str, float]]:
        told = (
            ("age", self.age),
            ("fresh for", self.ttl),
            ("served for", self.stale),
            ("claimed for", self.claimed),
        )
        return [(name, seconds) for name, seconds in told if seconds is not None]

    def data(self) -> Mapping[str, Any]:
        """For programs."""
        names = [name for name in self.__slots__ if name != "value"]
        told = {name: getattr(self, name) for name in names}
        has = self.state not in {"absent", "claimed"} and not self.hidden
        return told | ({"value": self.value} if has else {})


def _duration(seconds: float) -> str:
    return units.format_duration(seconds) if seconds > 0 else "no longer"


def got(place: Place, name: str, key: str) -> Got:
    """What is under the key of a cache, as its function's ``key`` tells it.

    Raises:
        ConfigError: The name or the URL cannot be understood, or there is no such file.
        StoreError: The store does not answer.
    """
    names = Names(name)
    with place.opened() as store:
        data = store.get([names.slot(key)])[0]
        if data is None:
            return Got(name, key, "absent")
        frame = Frame.unpack(data)
        if frame is None:
            return _number(name, key, data)
        changed = _changed(store, names, frame.tags)
    return _framed(Got(name, key, "", bytes=len(data)), frame, changed)


def _changed(store: Store, names: Names, tags: tuple[Tag, ...]) -> tuple[str, ...]:
    versions = store.get([names.tag(tag.name) for tag in tags])
    return tuple(
        tag.name for tag, version in zip(tags, versions, strict=True) if version != tag.version
    )


def _number(name: str, key: str, data: bytes) -> Got:
    digits = data[1:] if data[:1] == b"-" else data
    if digits.isdigit() and len(data) <= 20:
        return Got(name, key, "number", len(data), "digits", value=int(data))
    return Got(name, key, "damaged", len(data), hidden="it is no slot of a cache")


def _framed(got: Got, frame: Frame, changed: tuple[str, ...]) -> Got:
    now = time.time_ns() // 1_000_000
    claimed = (frame.claimed - now) / 1000 if now < frame.claimed else None
    if frame.payload is None:
        state = "claimed" if claimed is not None else "absent"
        return Got(got.cache, got.key, state, got.bytes, claimed=claimed)
    value, hidden = _shown(got.key, frame)
    return Got(
        got.cache,
        got.key,
        _state(frame, now, changed),
        got.bytes,
        _codec(frame),
        tuple(tag.name for tag in frame.tags),
        changed,
        age=(now - frame.made) / 1000,
        ttl=(frame.fresh - now) / 1000,
        stale=(frame.stale - now) / 1000,
        claimed=claimed,
        value=value,
        hidden=hidden,
    )


def _state(frame: Frame, now: int, changed: tuple[str, ...]) -> str:
    if changed:
        return "invalidated"
    if now < frame.fresh:
        return "fresh"
    return "stale" if now < frame.stale else "ended"


def _codec(frame: Frame) -> str:
    if frame.codec in PLAIN:
        return "plain"
    return {MSGPACK: "msgpack", EXTENDED: "msgpack", PICKLED: "pickle"}.get(frame.codec, "unknown")


def _shown(key: str, frame: Frame) -> tuple[Any, str]:
    """The value as JSON has it, and why it is not shown."""
    if frame.codec == PICKLED:
        return None, "it is pickled, and to unpickle is to run what somebody wrote there"
    try:
        # An object of a class is shown by its fields: nobody here has the class.
        plain = frame._replace(flags=frame.flags & ~TYPED)
        value = Codec(max_bytes=_LARGEST).decode(key, plain)
    except (UncacheableError, UnreadableError) as error:
        return None, str(error).replace("\n  do: ", "; ")
    function = key.partition("(")[0].rpartition(".")[2]
    secret = find_secret(value)
    if secret is not None or tells_secret(function, value):
        return None, f"it looks like a secret, at {secret or 'its key'}"
    try:
        return json.loads(json.dumps(value, default=_words)), ""
    except (TypeError, ValueError):
        return None, f"a {type(value).__name__} with such keys is nothing that JSON has"


def _words(value: Any) -> Any:
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    return repr(value) if isinstance(value, bytes) else str(value)
