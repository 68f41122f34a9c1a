"""What one visitor did, in order, as sessions of a workload: shared by all kinds of recordings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Final

from surefoot.core.secret_names import may_be_secret
from surefoot.toolbox.workloads.correlate import find_origin, set_cookies
from surefoot.toolbox.workloads.draft import LeftOut
from surefoot.toolbox.workloads.outline import apart
from surefoot.toolbox.workloads.paths import Grouping, as_it_is
from surefoot.toolbox.workloads.secrets import masked
from surefoot.toolbox.workloads.seen import Fields, Seen, is_write

__all__ = [
    "Left",
    "kept_headers",
    "log_in_steps",
    "sendable",
    "with_thinks",
    "without_known_cookies",
]

_KEPT: Final = frozenset(
    {"accept", "accept-language", "accept-encoding", "authorization", "cookie"}
)
_OURS: Final = re.compile(r"x-(?:forwarded|real-ip|request-id|request-start|client-|b3-)")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_PASSWORD: Final = re.compile(r"pass(?:word|wd|phrase|code)?\d?|pwd", re.IGNORECASE)
_LONG: Final = 8  # what is shorter is in many answers by chance
_READABLE: Final = ("gzip", "deflate")
_PAUSE: Final = 0.3
"""Seconds; what is shorter is the browser's work and no thinking."""
_LONGEST_PAUSE: Final = 60.0


class Left:
    """Counts what is left out, by what it is and why."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, what: str, why: str, count: int = 1) -> None:
        """Count one more."""
        self._counts[masked(what), why] += count

    def found(self, scale: float = 1.0, most: int = 10) -> tuple[LeftOut, ...]:
        """By reason, the most frequent first; beyond ``most`` of a reason they are put together.

        Args:
            scale: How many requests each that was counted stands for.
            most: How many of one reason are named.
        """
        by_reason: dict[str, list[tuple[str, int]]] = {}
        for (what, why), count in self._counts.most_common():
            by_reason.setdefault(why, []).append((what, round(count * scale)))
        return tuple(
            LeftOut(what, why, count)
            for why, entries in by_reason.items()
            for what, count in _few(entries, most)
        )

    def said(self) -> str:
        """All of it in one line."""
        return "; ".join(f"{each.what}: {each.why}" for each in self.found(most=5))


def _few(entries: list[tuple[str, int]], most: int) -> list[tuple[str, int]]:
    rest = entries[most:]
    if len(rest) < 2:
        return entries
    return [*entries[:most], (f"{len(rest)} others", sum(count for _, count in rest))]


def kept_headers(headers: Iterable[tuple[str, str]]) -> Fields:
    """The headers that an answer may depend on, and that are not the browser's own business."""
    kept = []
    for name, given in headers:
        low = name.lower()
        value = _codings(given) if low == "accept-encoding" else given
        own = low.startswith(("x-", "hx-")) and not _OURS.match(low)
        fits = _NAME.fullmatch(name) and not _CONTROL.search(value)
        if value and fits and (low in _KEPT or own):
            kept.append((name, value))
    return tuple(sorted(kept))


def _codings(value: str) -> str:
    """Those that the generator can read again."""
    given = [word.partition(";")[0].strip() for word in value.split(",")]
    return ", ".join(word for word in _READABLE if word in given)


def without_known_cookies(visit: Sequence[Seen]) -> list[Seen]:
    """The visit without cookies that its own answers set: the generator keeps those itself."""
    known: set[str] = set()
    found = []
    for seen in visit:
        headers = tuple(
            (name, value)
            for name, value in ((n, _other(v, known) if n.lower() == "cookie" else v)
            for n, v in seen.headers)
            if value
        )  # fmt: skip
        found.append(replace(seen, headers=headers))
        known |= {name for name, _ in set_cookies(seen.answer)}
    return found


def _other(cookies: str, known: set[str]) -> str:
    pairs = [pair.strip() for pair in cookies.split(";") if pair.strip()]
    return "; ".join(pair for pair in pairs if pair.partition("=")[0] not in known)


def log_in_steps(visit: Sequence[Seen]) -> list[int]:
    """Indexes of the requests that log in: the one with a password, and those it takes from."""
    for number, seen in enumerate(visit):
        parts = apart(seen, as_it_is) if is_write(seen.method) else None
        if parts is not None and any(_PASSWORD.search(each.name) for each in parts[0].columns):
            values = [c.plain(v) for c, v in zip(parts[0].columns, parts[1], strict=True)]
            return [*_sources(values, visit[:number]), number]
    return []


def _sources(values: Sequence[str], before: Sequence[Seen]) -> list[int]:
    """Indexes of the requests whose answers these values came from."""
    answers = [seen.answer for seen in before]
    origins = [find_origin(value, answers) for value in values if len(value) >= _LONG]
    return sorted({origin[0] for origin in origins if origin})


def sendable(
    visit: Sequence[Seen], grouping: Grouping, left: Left, *, writes: bool, log_in: Sequence[int]
) -> list[int]:
    """Indexes of the requests that can and may be sent again; the others are counted."""
    tests: tuple[tuple[str, Callable[[Seen], bool]], ...] = (
        ("it was not answered", lambda seen: seen.status == 0),
        ("it was answered with an error", lambda seen: seen.status >= 400),
        ("no route of the application is there", lambda s: grouping(s.method, s.path) is None),
        ("its body holds a secret that cannot be taken out of it", _hides),
    )
    kept = []
    for number, seen in enumerate(visit):
        what = f"{seen.method} {seen.path}"
        why = next((why for why, test in tests if test(seen)), "")
        if not why and is_write(seen.method) and not writes and number not in log_in:
            why = "it writes; --writes keeps it"
        if why:
            left.add(what, why)
        else:
            kept.append(number)
    return kept


def _hides(seen: Seen) -> bool:
    parts = apart(seen, as_it_is) if seen.body else None
    return parts is not None and parts[0].kind == "body" and may_be_secret(seen.body)


def with_thinks(visit: Sequence[Seen]) -> list[Seen]:
    """The visit with the pause before each request: from the end of all before it to its start."""
    ends = accumulate((seen.at + seen.seconds for seen in visit), max)
    pauses = [0.0, *(seen.at - end for seen, end in zip(visit[1:], ends, strict=False))]
    return [
        replace(seen, think=min(pause, _LONGEST_PAUSE) if pause > _PAUSE else 0.0)
        for seen, pause in zip(visit, pauses, strict=True)
    ]
