"""A function of the application whose results could be kept."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Function"]


@dataclass(frozen=True, slots=True)
class Function:
    """A function that requests spend time in, and how soon it is asked the same again."""

    name: str
    file: str
    line: int
    """Where its ``def`` stands."""
    sites: tuple[str, ...] = ()
    """Lines in it at which something was spent."""
    arguments: tuple[str, ...] = ()
    asynchronous: bool = False
    imports: int = 0
    """The last line of its file's imports; 0 where there are none."""
    names: tuple[str, ...] = ()
    """Of those that keeping results would bind, the ones that the file uses already."""
    unfit: str = ""
    """Why a decorator that keeps results cannot be put on it as it is; empty where it can."""
    routes: tuple[str, ...] = ()
    """In whose requests it was seen."""
    times: float = 1.0
    """How often a request of those routes calls it, as far as that is counted."""
    counted: bool = True
    """Whether anything counts that."""
    told_by: str = ""
    """What was taken to tell its results apart."""
    tables: tuple[str, ...] = ()
    """Which it reads; ``"*"`` where a statement does not tell."""
    reuse: tuple[tuple[int, float], ...] = ()
    """Lifetimes, in requests of the whole mix, and the share of its calls that ask for what was
    asked for within that and that nobody has written to since."""
    unknown: str = ""
    """Why nothing is known of that."""
