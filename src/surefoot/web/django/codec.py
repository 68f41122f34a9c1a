"""What becomes of a value that Django keeps.

There is no place to say a value's type when it is read, so what would need one is pickled or
refused when it is written. What depends on the code (an object that only pickle can write) is an
error; what depends on one value (too large, or holding a secret) is not kept, and logged: a page
that worked yesterday is not to fail for what is in it today.
"""

from __future__ import annotations

import json
from typing import Any, Final

from django.db.models import Model, QuerySet
from django.http.response import HttpResponseBase
from django.utils.safestring import SafeString

from surefoot.cache.values import extended, plain
from surefoot.cache.values.codec import COMPRESSED, Codec, Encoded, UnreadableError
from surefoot.cache.values.compressed import decompress
from surefoot.cache.values.packed import is_installed
from surefoot.cache.values.survey import EXTENDED, FOREIGN, SUSPECT, survey
from surefoot.core.cache.frame import Frame
from surefoot.errors import SecretError, TooLargeError, UncacheableError

__all__ = ["SESSIONS", "DjangoCodec"]

SESSIONS: Final = "django.contrib.sessions."
"""What keys of Django's sessions begin with."""
_SAFE_TEXT: Final = 32
_JSON: Final = 33
_MOST_UNPACKED: Final = 16
_DEEPEST: Final = 50
_ROWS: Final = (list, tuple, set, frozenset)


def _write_safe(value: SafeString) -> bytes:
    data: bytes = value.encode("utf-8", "surrogatepass")
    return data


def _read_safe(data: bytes) -> SafeString:
    return SafeString(data.decode("utf-8", "surrogatepass"))


# Text that was escaped already: it would be escaped again if it came back as plain text.
plain.teach(SafeString, _SAFE_TEXT, _write_safe, _read_safe)
extended.teach(SafeString, _SAFE_TEXT, _write_safe, _read_safe)


class DjangoCodec(Codec):
    """Writes and reads values of Django's caches; without msgspec, what JSON has."""

    unkept = (TooLargeError, SecretError)

    def decode(self, key: str, frame: Frame | Encoded, type: Any = Any) -> Any:  # noqa: A002
        """As ``Codec.decode``; what cannot be read here is no value."""
        try:
            return super().decode(key, frame, type)
        except UncacheableError as error:
            raise UnreadableError(str(error)) from error

    def _untyped(self, key: str, value: Any) -> Encoded:
        if is_installed():
            return super()._untyped(key, value)
        found = survey(value)
        if found & (FOREIGN | SUSPECT):
            self._refuse_secrets(key, value)
        if not found & (FOREIGN | EXTENDED) and _is_json(value):
            return self._packed(key, json.dumps(value).encode(), _JSON, 0)
        if self._signer is not None:
            return self._foreign(key, value)
        raise UncacheableError(
            f"{key!r}: without msgspec only text, bytes, numbers, None, and lists and "
            "dictionaries of text and numbers can be written",
            do="pip install 'surefoot[cache]', or allow pickles: OPTIONS = {\"pickle\": True}",
        )

    def _decoded(self, key: str, frame: Frame | Encoded, kind: Any) -> Any:
        if frame.codec != _JSON:
            return super()._decoded(key, frame, kind)
        data = frame.payload or b""
        if frame.flags & COMPRESSED:
            data = decompress(data, _MOST_UNPACKED * self.max_bytes)
        return json.loads(data)

    def _refuse_secrets(self, key: str, value: Any) -> None:
        foreign = _foreign(value) if self._signer is None else None
        if foreign is not None:
            kind = type(foreign)
            raise UncacheableError(
                f"{key!r} holds a {kind.__module__}.{kind.__qualname__}, which only pickle can "
                "write",
                do='keep plain values; or allow signed pickles: "OPTIONS": {"pickle": True}',
            )
        # What is in a session was put there to be kept.
        if not self._allow_secrets and SESSIONS not in key:
            super()._refuse_secrets(key, _opened(value, 0))


def _is_json(value: Any) -> bool:
    """Whether it comes back from JSON as it went in."""
    kind = type(value)
    if kind is dict:
        return all(type(key) is str for key in value) and all(map(_is_json, value.values()))
    if kind is list:
        return all(map(_is_json, value))
    return kind in {str, int, float, bool, type(None)}


def _foreign(value: Any) -> Any:
    """The first object in a value that needs pickle; nothing if there is none."""
    if not survey(value) & FOREIGN:
        return None
    if type(value) is dict:
        parts = [*value, *value.values()]
    elif type(value) in _ROWS:
        parts = list(value)
    else:
        return value
    return next((found for part in parts if (found := _foreign(part)) is not None), None)


def _opened(value: Any, depth: int) -> Any:
    """What of a value is looked at for secrets: of Django's objects, what they hold for a user.

    A query set's query and a response's request have names of their own in them, such as those of
    tables and settings.
    """
    if depth > _DEEPEST:
        return None
    if isinstance(value, Model):
        state = {"related": value._state.fields_cache}  # noqa: SLF001 - what a pickle holds
        held = {name: each for name, each in vars(value).items() if name != "_state"}
        return _opened(held | state, depth + 1)
    if isinstance(value, HttpResponseBase):
        return {"headers": dict(value.headers), "cookies": dict(value.cookies)}
    if isinstance(value, QuerySet) or type(value) in _ROWS:
        return [_opened(each, depth + 1) for each in value]
    if isinstance(value, dict):
        return {key: _opened(each, depth + 1) for key, each in value.items()}
    return value
