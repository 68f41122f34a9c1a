"""Which arguments of a function make which key.

A key is the function's name and every argument, by its parameter's name and with its type: the
defaults are filled in and the order of keywords does not matter, so that ``f(1)`` is ``f(a=1)``.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Callable
from typing import Any, Final

from surefoot.core.cache.key_text import key_text
from surefoot.errors import CacheKeyError

__all__ = ["LONGEST", "Keys", "shortened"]

LONGEST: Final = 200
"""Characters; Memcached takes 250 bytes, and a prefix has to fit as well."""
_DIGEST: Final = 20
_REMEMBERED: Final = 2048
_LONGEST_REMEMBERED: Final = 200
_MISSING: Final = inspect.Parameter.empty
# Whatever is equal to a value of these and of the same type has the same text, except zero.
_PLAIN: Final = frozenset({str, int, float, bool, type(None), bytes})


def shortened(text: str) -> str:
    """The text if it is short, else its beginning and a digest of it all."""
    if len(text) <= LONGEST:
        return text
    data = text.encode("utf-8", "surrogatepass")
    digest = hashlib.blake2b(data, digest_size=_DIGEST).hexdigest()
    return f"{text[: LONGEST - len(digest) - 1]}#{digest}"


class Keys:
    """Keys of one function.

    Args:
        function: The function; a method's ``self`` is an argument like the others.
        key: A function of the same arguments, in place of the arguments.
        name: In place of the function's module and name.

    Raises:
        CacheKeyError: The function has no name of its own: it is a lambda, or made anew by each
            call of another that leaves values in it.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        key: Callable[..., object] | None = None,
        name: str | None = None,
    ) -> None:
        self.name = name or _name(function)
        self._key = key
        self._signature = inspect.signature(function)
        self._parameters = tuple(
            (parameter.name, parameter.default, parameter.kind)
            for parameter in self._signature.parameters.values()
        )
        self.remembered = functools.lru_cache(_REMEMBERED, typed=True)(self._plain)
        """The key of plain arguments at half the price, for who falls back on a call when it raises
        ``TypeError``, as it always does where ``key`` was given."""

    def __call__(self, /, *args: Any, **kwargs: Any) -> str:
        """The key of these arguments.

        Raises:
            CacheKeyError: An argument's type has no text that tells its values apart.
            TypeError: The function does not take these arguments.
        """
        # A function of the user's may look at more than its arguments, such as whose request this
        # is, so what it told once is not remembered.
        if self._key is None:
            try:
                return self.remembered(*args, **kwargs)
            except TypeError:
                # Something in them is a container, or cannot be hashed; or they do not fit, which
                # is then told from here.
                pass
        return self.text(args, kwargs)

    def text(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """As a call, and nothing is looked up or remembered."""
        if self._key is not None:
            told = self._key(*args, **kwargs)
            return shortened(f"{self.name}:{key_text(told)}")
        bound = self._signature.bind(*args, **kwargs).arguments
        parts = []
        for name, default, kind in self._parameters:
            value = bound.get(name, default)
            if value is _MISSING:
                value = () if kind is inspect.Parameter.VAR_POSITIONAL else {}
            try:
                parts.append(f"{name}={key_text(value)}")
            except CacheKeyError as error:
                raise CacheKeyError(f"{self.name}, {name}: {error.message}", do=error.do) from None
        return shortened(f"{self.name}({','.join(parts)})")

    def _plain(self, /, *args: Any, **kwargs: Any) -> str:
        # ``lru_cache`` looks at the types of the arguments and not into them: (1,) and (1.0,) are
        # one to it. An exception is not remembered, so only what it tells apart is.
        if self._key is not None:
            raise _NotPlainError
        for value in (*args, *kwargs.values()):
            kind = type(value)
            if kind not in _PLAIN or (kind is float and not value):
                raise _NotPlainError
            if (kind is str or kind is bytes) and len(value) > _LONGEST_REMEMBERED:
                raise _NotPlainError
        return self.text(args, kwargs)


class _NotPlainError(TypeError):
    """These arguments may be equal to others that have another key."""


def _name(function: Callable[..., Any]) -> str:
    inner = inspect.unwrap(function)
    name = getattr(inner, "__qualname__", "")
    closure = getattr(inner, "__closure__", None)
    if not name or "<lambda>" in name or ("<locals>" in name and closure):
        raise CacheKeyError(
            f"{name or inner!r} has no name that tells it from others like it",
            do="give name=",
        )
    return f"{inner.__module__}.{name}"
