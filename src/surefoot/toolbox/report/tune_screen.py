"""What a tune did, on a terminal: the walk as a table, then what is left for its owner to do."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator

from surefoot import units
from surefoot.core.proof import Ratio
from surefoot.core.records import Capacity, Change
from surefoot.toolbox.report import walk
from surefoot.toolbox.report.walk import Row
from surefoot.toolbox.tune.run import Tuned
from surefoot.toolbox.tune.state import Stopped

__all__ = ["tune_screen"]

_NARROW = 80
_EDITS = 6
_FINDINGS = 4


def tune_screen(tuned: Tuned, target: str, width: int = 96) -> str:
    """The whole result in lines of at most ``width`` characters."""
    lines = [
        *_unsafe(tuned, width),
        *_headline(tuned, target, width),
        "",
        *_table(tuned, width),
        *_planned(tuned, width),
        *_skipped(tuned, width),
        *_edits(tuned, width),
        *_closing(tuned, width),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _unsafe(tuned: Tuned, width: int) -> list[str]:
    found = tuned.state.latest
    if found is None or not found.unsafe:
        return []
    told = "; ".join(text for text in (found.unsafe, found.remedy) if text)
    return _wrapped(f"WRONG ANSWERS: {told}", width, "", "  ")


def _headline(tuned: Tuned, target: str, width: int) -> Iterator[str]:
    start, end, gain = tuned.start, tuned.end, walk.total(tuned)
    slo = f" within {start.slo}" if start and start.slo else ""
    if start is None:
        yield f"{target}: nothing was measured"
        return
    if gain is None or end is None or not tuned.state.steps:
        yield from _wrapped(f"{target}: {_capacity(start.capacity)}{slo}", width, "", "  ")
        if math.isfinite(tuned.state.goal.until):
            yield f"  the goal was {units.format_rate(tuned.state.goal.until)}"
        if not start.capacity.rps:
            yield "  no rate that was tried meets the SLO"
        if end is None:
            yield "  what is in force now was not measured any more"
        return
    yield from _wrapped(
        f"{target}: {units.format_rate(start.capacity.rps)} -> "
        f"{units.format_rate(end.capacity.rps)}{slo}",
        width,
        "",
        "  ",
    )
    goal = tuned.state.goal.until
    wanted = f"; the goal was {units.format_rate(goal)}" if math.isfinite(goal) else ""
    yield from _wrapped(
        f"in all x {_interval(gain)}; start {_span(start.capacity)}, end {_span(end.capacity)}"
        f"{wanted}",
        width,
        "  ",
        "  ",
    )


def _capacity(capacity: Capacity) -> str:
    return f"capacity {units.format_rate(capacity.rps)} ({_span(capacity)})"


def _span(capacity: Capacity) -> str:
    low, high = units.format_rate(capacity.low), units.format_rate(capacity.high)
    return f"between {low} and {high}"


def _table(tuned: Tuned, width: int) -> Iterator[str]:
    rows = walk.rows(tuned)
    if not rows:
        return
    room = width - (54 if width >= _NARROW else 39)
    span = "  of 95 %      " if width >= _NARROW else ""
    yield f"  {'#':>2}  {'change':<{room}}{'predicted':>9} {'proven':>8}{span}  verdict"
    for row in rows:
        yield from _row(row, room, width)
    yield ""


def _row(row: Row, room: int, width: int) -> Iterator[str]:
    names, below = _names(row, room, width)
    proven = f"x{row.gain.value:.2f}" if row.gain else "-"
    span = ""
    if width >= _NARROW:
        known = row.gain is not None and math.isfinite(row.gain.high)
        span = f"  {_ends(row.gain):<13}" if known and row.gain else " " * 15
    predicted = f"x{row.change.predicted_gain:.2f}"
    word = row.word.upper() if row.step.kept else row.word
    yield f"  {row.index:>2}  {names[0]:<{room}}{predicted:>9} {proven:>8}{span}  {word}"
    for more in names[1:]:
        yield f"      {more}"
    yield from below
    number = f" (change {row.step.number})" if row.step.number else ""
    yield from _wrapped(f"{row.fate}{number}: {row.verdict.why}", width, "      ", "      ")
    answers = row.verdict.answers
    for finding in row.verdict.findings[:_FINDINGS]:
        place = f"{finding.file}:{finding.line}: " if finding.file else ""
        yield from _wrapped(place + finding.text, width, "      * ", "        ")
    for example in answers.examples[:1] if answers.differing else ():
        told = f"{example.request}: {example.what} {example.where}: {example.base} / "
        yield from _wrapped(told + example.variant, width, "      * ", "        ")


def _names(row: Row, room: int, width: int) -> tuple[list[str], list[str]]:
    """The lines of the first column, and those below the row where the terminal is narrow."""
    done = walk.edited(row.change)
    if width >= _NARROW:
        return textwrap.wrap(f"{row.change.lever}: {done}", room - 1), []
    return [row.change.lever[: room - 1]], _wrapped(done, width, "      ", "        ")


def _planned(tuned: Tuned, width: int) -> Iterator[str]:
    untried = tuned.state.candidates
    if not untried or tuned.stopped is Stopped.REACHED:
        return
    yield "  would be tried next, best gain for its risk first:"
    for index, change in enumerate(untried, 1):
        told = f"{change.lever}: {walk.edited(change)} ({change.arithmetic})"
        yield from _change(index, change, told, width)
    yield ""


def _skipped(tuned: Tuned, width: int) -> Iterator[str]:
    for one in tuned.state.skipped:
        told = f"not tried: {one.change.lever}, {walk.edited(one.change)}: {one.why}"
        yield from _wrapped(told, width, "  ", "    ")
    if tuned.state.skipped:
        yield ""


def _edits(tuned: Tuned, width: int) -> Iterator[str]:
    edits = tuned.state.edits
    if not edits:
        return
    yield from _wrapped(
        "yours to make, by predicted gain (prove one with: surefoot prove --with DIR):",
        width,
        "  ",
        "  ",
    )
    for index, change in enumerate(edits[:_EDITS], 1):
        yield from _change(index, change, f"{change.lever}: {change.how}", width)
        for line in walk.instruction(change):
            yield from _instruction(line, width)
    if len(edits) > _EDITS:
        yield f"      and {len(edits) - _EDITS} more, in the report and in --json"
    yield ""


def _instruction(line: str, width: int) -> list[str]:
    # A line of a diff is copied: it is cut nowhere.
    if line[:1] in {"+", "-", "@", " "}:
        return [" " * 14 + line]
    return _wrapped(line, width, " " * 14, " " * 16)


def _change(index: int, change: Change, told: str, width: int) -> list[str]:
    return _wrapped(told, width, f"  {index:>2}. x{change.predicted_gain:<6.2f} ", " " * 14)


def _closing(tuned: Tuned, width: int) -> Iterator[str]:
    why = tuned.stopped.value
    if tuned.failure:
        why = f"{why}: {tuned.failure}"
    found = tuned.state.latest
    if found is not None and tuned.stopped is Stopped.INVALID:
        why = f"{why}: {found.why_invalid}"
    for line in f"stopped after {units.format_duration(tuned.seconds)}: {why}".splitlines():
        yield from _wrapped(line, width, "  ", "    ")


def _interval(ratio: Ratio) -> str:
    return f"{ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"


def _ends(ratio: Ratio) -> str:
    return f"{ratio.low:.2f} to {ratio.high:.2f}"


def _wrapped(text: str, width: int, first: str, rest: str) -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
