"""What settings of Django make Django itself keep in one process, or in a file of one machine.

Only read, and generously: it names what is to be looked at once answers differed, or a file was
seen, and no line of the application's own explains it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from surefoot.toolbox.state.sources import Source

__all__ = ["Setting", "in_files", "in_memory"]

_LOCAL: Final = "locmem"
_FILES: Final = "filebased"
_ENGINES: Final = ("sessions.backends.cache", "sessions.backends.cached_db")
_FILE_ENGINE: Final = "sessions.backends.file"


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of settings."""

    file: str
    """Relative to the application."""
    line: int
    what: str
    """What it does, for a sentence."""

    @property
    def where(self) -> str:
        """``"shop/settings.py:31"``."""
        return f"{self.file}:{self.line}"


def in_memory(sources: Iterable[Source]) -> list[Setting]:
    """Settings by which sessions lie in the memory of one process."""
    told = list(_assigned(sources))
    caches = [text for name, text, _ in told if name == "CACHES"]
    # Django's default is a cache in local memory.
    if caches and not any(_LOCAL in text.lower() for text in caches):
        return []
    return [
        Setting(*place, "SESSION_ENGINE puts sessions into a cache in local memory")
        for name, text, place in told
        if name == "SESSION_ENGINE" and text.strip("'").endswith(_ENGINES)
    ]


def in_files(sources: Iterable[Source]) -> list[Setting]:
    """Settings by which sessions or cached values are files."""
    return [
        Setting(*place, f"{name} keeps them")
        for name, text, place in _assigned(sources)
        if (name == "SESSION_ENGINE" and _FILE_ENGINE in text)
        or (name == "CACHES" and _FILES in text.lower())
    ]


def _assigned(sources: Iterable[Source]) -> Iterator[tuple[str, str, tuple[str, int]]]:
    for source in sources:
        for node in source.tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if name in {"SESSION_ENGINE", "CACHES"}:
                    yield name, ast.unparse(node.value), (source.name, node.lineno)
