"""How a cache and what it asks its store are named, for both colours of stores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from surefoot.core.cache.family import family
from surefoot.telemetry.sites import Hint

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder

__all__ = ["VERBS", "described", "note"]

VERBS: Final = ("get", "put", "swap", "patch", "delete", "incr")
_MOST: Final = 512


class _Place:
    """Remembers the way from the application to the store."""

    __slots__ = ("hint",)

    def __init__(self) -> None:
        self.hint: Hint | None = None


def described(verb: str) -> Callable[..., tuple[str, str, int, _Place]]:
    """Describes the calls of one verb: by the cache whose slots it is about."""
    what = verb.upper()
    places: dict[str, _Place] = {}

    def describe(_store: Any, about: Any, *_: Any, **__: Any) -> tuple[str, str, int, _Place]:
        key = about if isinstance(about, str) else next(iter(about), "")
        name = family(key) or "(other)"
        place = places.get(name)
        if place is None:
            if len(places) >= _MOST:
                places.clear()
            place = places[name] = _Place()
        return f"cache.{name}", what, 1, place

    return describe


def note(
    recorder: Recorder, store: Any, keys: Sequence[str], slots: Sequence[bytes | None]
) -> None:
    """Count whether copies in the process would have served a read."""
    try:
        heard = getattr(store.store, "tells_changes", False)
        recorder.pulse.possible.saw(keys, slots, heard=heard)
    except Exception as error:  # noqa: BLE001 - called from inside requests
        recorder.fault(error)
