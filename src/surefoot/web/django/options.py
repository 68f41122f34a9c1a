"""What ``OPTIONS`` of one of Django's ``CACHES`` may say."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from surefoot.errors import ConfigError
from surefoot.units import parse_bytes, parse_duration

__all__ = ["Options", "pickle_key", "read_options"]

_CULLING: Final = frozenset({"MAX_ENTRIES", "CULL_FREQUENCY"})


@dataclass(frozen=True, slots=True)
class Options:
    """They are the same for all who share a cache in one process."""

    name: str = "django"
    """What keys begin with in the store."""
    local: int | None = None
    """Bytes of copies in the process; none if not given."""
    stale: float = 0.0
    """Seconds past its time that ``get_or_set`` may serve a value while somebody computes anew."""
    pickle: bool = False
    """Whether objects may be pickled, signed with a key made of ``SECRET_KEY``."""
    pickle_key: bytes | None = None
    """Bytes to sign with, in place of that."""
    max_bytes: int = 1_000_000
    """The largest value, as it lies in the store."""
    compress_above: int | None = 1_000
    """Longer values are compressed."""
    allow_secrets: bool = False
    """Do not look for secrets."""


_KNOWN: Final = tuple(field.name for field in fields(Options))


def read_options(given: Mapping[str, Any]) -> Options:
    """Options as settings have them: sizes as ``"16MB"``, durations as ``"5m"``.

    Raises:
        ConfigError: One is not known, or cannot be understood.
        UnitError: A size or a duration cannot be read.
    """
    for name in given:
        if name in _CULLING:
            raise ConfigError(
                f"OPTIONS: {name} means nothing to this cache, whose store is bounded in bytes",
                do='leave it out; bound the store in its URL: "memory://?max_bytes=64MB"',
            )
        if name not in _KNOWN:
            raise ConfigError(
                f"OPTIONS of a cache have no {name!r}", do=f"use one of {', '.join(_KNOWN)}"
            )
    read = dict(given)
    for name in ("local", "max_bytes", "compress_above"):
        if read.get(name) is not None:
            read[name] = parse_bytes(read[name])
    if "stale" in read:
        read["stale"] = parse_duration(read["stale"])
    for name in ("pickle", "allow_secrets"):
        if not isinstance(read.get(name, False), bool):
            raise ConfigError(f"OPTIONS: {name} is {read[name]!r}", do="say True or False")
    return _checked(Options(**read))


def _checked(options: Options) -> Options:
    if options.pickle_key is None:
        return options
    if options.pickle:
        raise ConfigError("OPTIONS: pickle and pickle_key", do="give one of them")
    if not isinstance(options.pickle_key, bytes):
        raise ConfigError("OPTIONS: pickle_key is no bytes", do="give secrets.token_bytes(32)")
    return options


def pickle_key(options: Options, secret: str | bytes) -> bytes | None:
    """What pickles are signed with; nothing where there are to be none.

    Args:
        options: Of the cache.
        secret: Django's ``SECRET_KEY``.
    """
    if not options.pickle:
        return options.pickle_key
    data = secret.encode() if isinstance(secret, str) else secret
    return hashlib.blake2b(data, digest_size=32, person=b"surefoot django").digest()
