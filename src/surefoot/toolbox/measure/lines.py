"""How the lines of the application read that probes point at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from surefoot.core.records import Probe

__all__ = ["lines"]

_LONGEST: Final = 200  # characters; what is longer is no line that somebody wrote
_LARGEST: Final = 2_000_000  # bytes of a file


def lines(directory: Path, probes: Iterable[Probe]) -> tuple[tuple[str, str], ...]:
    """``"views.py:41"`` and how it reads, for each line below ``directory`` that can be read."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for site in {site for probe in probes for site in _sites(probe)}:
        file, _, number = site.rpartition(":")
        if file and number.isdigit():
            wanted[file].add(int(number))
    found = [pair for file in sorted(wanted) for pair in _read(directory, file, wanted[file])]
    return tuple(found)


def _sites(probe: Probe) -> Iterator[str]:
    yield from (stack.site for stack in probe.stacks)
    yield from (site for site, _, _ in probe.blocked)
    for route in probe.routes:
        for use in route.resources:
            yield from (place.site for place in use.places)


def _read(directory: Path, file: str, numbers: set[int]) -> Iterator[tuple[str, str]]:
    path = directory / file
    try:
        if path.stat().st_size > _LARGEST:
            return
        text = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for number in sorted(numbers):
        if 0 < number <= len(text) and len(text[number - 1]) <= _LONGEST:
            yield f"{file}:{number}", text[number - 1].rstrip()
