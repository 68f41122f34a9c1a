"""Levers that other packages bring, found by their entry points."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.levers.step import Step

__all__ = ["GROUP", "Guarded", "installed"]

GROUP: Final = "surefoot.levers"


class Guarded:
    """A lever whose mistakes cost no more than its own proposals.

    Args:
        lever: With ``NAME`` and ``steps``.
    """

    def __init__(self, lever: Any) -> None:
        self.NAME: str = lever.NAME
        self._lever = lever
        self.fault = ""
        """What went wrong, in a line; empty while nothing has."""

    def steps(self, case: Case) -> Iterable[Step]:
        """The lever's own; none where it fails or gives what is no step."""
        try:
            found = list(self._lever.steps(case))
            wrong = next((step for step in found if not isinstance(step, Step)), None)
            if wrong is not None:
                raise TypeError(f"{type(wrong).__name__} is no Step")  # noqa: TRY301
        except Exception as error:  # noqa: BLE001 - somebody else's code
            self.fault = f"the lever {self.NAME} proposed nothing: {type(error).__name__}: {error}"
            return []
        return found


@functools.cache
def installed(taken: frozenset[str]) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    """Levers of other packages, and a note on each that cannot be used.

    Args:
        taken: Names that are in use already.
    """
    levers: list[Any] = []
    notes: list[str] = []
    names = set(taken)
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            lever = _loaded(point, names)
        except Exception as error:  # noqa: BLE001 - somebody else's code
            notes.append(f"the lever {point.name} ({point.value}) cannot be used: {error}")
            continue
        names.add(lever.NAME)
        levers.append(lever)
    return tuple(levers), tuple(notes)


def _loaded(point: EntryPoint, taken: set[str]) -> Any:
    lever = point.load()
    name = getattr(lever, "NAME", None)
    if not isinstance(name, str) or not callable(getattr(lever, "steps", None)):
        raise TypeError("it has no NAME that is text, or no steps to call")
    if name in taken:
        raise ValueError(f"there is a lever {name} already")
    return lever
