"""Sessions that note being looked at, in whatever way: whether there is anything in them, too.

What frameworks tell of a session themselves (``accessed``) leaves out looks that ask for no value,
as ``if session:`` or ``"user" in session``, in one release or another. A session so gets a class of
its own, derived from the one it has.
"""

from __future__ import annotations

import copyreg
import functools
from collections.abc import Callable
from typing import Any, Final

from surefoot.core.http_cache.observed import SESSION, Observed

__all__ = ["watched", "watcher"]

_LOOKS: Final = (
    "__bool__", "__contains__", "__eq__", "__format__", "__getitem__", "__iter__", "__len__",
    "__ne__", "__or__", "__repr__", "__reversed__", "__ror__", "__str__",
)  # fmt: skip
# How frameworks themselves note what was done, and what noting needs.
_NOTES: Final = frozenset({"accessed", "modified", "mark_accessed", "mark_modified"})
_OBSERVED: Final = "_surefoot_observed"


def watched(session: Any, observed: Observed) -> Any:
    """The session, noting from now on that it is looked at.

    Returns:
        The same object; another one for a plain dictionary, which can note nothing. One that
        cannot be watched counts as read at once.
    """
    kind: Any = type(session)
    try:
        if kind is dict:
            session = _watching(kind)(session)
        elif _OBSERVED not in kind.__dict__:
            session.__class__ = _watching(kind)
        setattr(session, _OBSERVED, observed)
    except (AttributeError, TypeError):
        observed.person(SESSION)
    return session


def watcher(session: Any) -> Observed | None:
    """What notes that a session is looked at; ``None`` where nothing does."""
    found: Observed | None = getattr(session, _OBSERVED, None)
    return found


@functools.cache
def _watching(kind: Any) -> Any:
    looks = {name: _looking(kind, name) for name in _LOOKS if hasattr(kind, name)}
    own = {
        "__getattribute__": _attribute(kind),
        "__reduce_ex__": _reduced(kind),
        "__module__": kind.__module__,
        _OBSERVED: None,
    }
    return type(kind.__name__, (kind,), {**looks, **own})


def _looking(kind: Any, look: str) -> Callable[..., Any]:
    plain = getattr(kind, look)

    def looks(self: Any, *args: Any) -> Any:
        _note(self)
        return plain(self, *args)

    return looks


def _attribute(kind: Any) -> Callable[[Any, str], Any]:
    plain = kind.__getattribute__

    def attribute(self: Any, name: str) -> Any:
        # Sessions have an identifier, say whether they are new, and methods that go by no special
        # one, as ``get`` of a dictionary.
        if not (name in _NOTES or name == _OBSERVED or name.startswith("__")):
            _note(self)
        return plain(self, name)

    return attribute


def _reduced(kind: Any) -> Callable[[Any, Any], Any]:
    """Whoever pickles or copies a session gets one of the class that it was made with."""
    base: Any = dict if issubclass(kind, dict) else object

    def reduced(self: Any, protocol: Any) -> Any:
        _note(self)
        made = list(kind.__reduce_ex__(self, protocol))
        if made[0] is copyreg.__newobj__:  # type: ignore[attr-defined]
            # Pickle takes it for objects of the very class alone.
            made[:2] = [copyreg._reconstructor, (kind, base, base() if base is dict else None)]  # type: ignore[attr-defined]  # noqa: SLF001
        if len(made) > 2 and isinstance(made[2], dict):
            state = {name: value for name, value in made[2].items() if name != _OBSERVED}
            made[2] = state or None
        return tuple(made)

    return reduced


def _note(session: Any) -> None:
    observed = watcher(session)
    if observed is not None:
        observed.person(SESSION)
