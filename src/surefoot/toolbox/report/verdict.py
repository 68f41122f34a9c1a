"""A proof's verdict for a terminal."""

from __future__ import annotations

import textwrap
from typing import Final

from surefoot.core.proof import Alike, Answers, Measure, Outcome, Ratio, Verdict

__all__ = ["alike_text", "verdict_text"]

_HEADLINES: Final = {
    Outcome.BETTER: "BETTER",
    Outcome.WORSE: "WORSE",
    Outcome.NO_DIFFERENCE: "NO DIFFERENCE",
    Outcome.INCONCLUSIVE: "INCONCLUSIVE",
    Outcome.WRONG_ANSWERS: "WRONG ANSWERS",
}
_LABELS: Final = {
    Measure.CPU: "CPU per request",
    Measure.CAPACITY: "requests per second",
    Measure.LATENCY: "p95 response time",
    Measure.MEMORY: "memory",
    Measure.BYTES: "bytes per answer",
}


def verdict_text(verdict: Verdict, width: int = 96) -> str:
    """A headline, the ratios with their intervals, how far the answers agree, and notes.

    Args:
        verdict: What was found.
        width: Columns of the terminal.
    """
    lines = _wrapped(f"{_HEADLINES[verdict.outcome]}: {verdict.why}", width)
    rows = [_row(m, ratio, verdict) for m, ratio in verdict.ratios.items() if m in _LABELS]
    if rows:
        lines += ["", "variant / base                  ratio   95 % interval", *rows]
        lines.append(
            f"{len(verdict.pairs)} pairs of blocks in {verdict.seconds:.0f} s, "
            f"each pair's noise {verdict.noise:.1%}"
            + (", read at equal speed of the machine" if verdict.steadied else "")
        )
    lines += ["", *_answers(verdict.answers, width)]
    for each in verdict.everybody:
        lines += _wrapped(alike_text(each), width, "", "  ")
    for finding in verdict.findings:
        where = f"{finding.file}:{finding.line}  " if finding.file else ""
        lines += _wrapped(where + finding.text, width, "  ")
    notes = (*verdict.notes, *verdict.answers.notes)
    for note in notes:
        lines += _wrapped(note, width, "note: ", "      ")
    return "\n".join(lines) + "\n"


def alike_text(alike: Alike) -> str:
    """``"for everybody: GET /: 80 answers to 2 users, all as nobody is answered"``."""
    found = alike.answers
    who = f"for everybody: {alike.route}: "
    if found.differing:
        return f"{who}{found.differing} of {found.compared} answers to {alike.users} users differ"
    return f"{who}{found.compared} answers to {alike.users} users, all as nobody is answered"


def _row(measure: Measure, ratio: Ratio, verdict: Verdict) -> str:
    mark = " <- decided on" if measure is verdict.decided_on else ""
    span = f"{ratio.low:.3f} to {ratio.high:.3f}" if ratio.high < 100 else "not known"
    return f"  {_LABELS[measure]:<22}{ratio.value:>12.3f}   {span}{mark}"


def _answers(answers: Answers, width: int) -> list[str]:
    if not answers.compared:
        return ["answers: none were compared"]
    if not answers.differing:
        return [f"answers: {answers.compared} compared, all the same"]
    lines = [f"answers: {answers.differing} of {answers.compared} compared differ"]
    for example in answers.examples:
        where = f" at {example.where}" if example.where else ""
        lines += _wrapped(f"{example.request}: {example.what}{where}", width, "  ")
        for side, text in zip(example.sides, (example.base, example.variant), strict=True):
            lines += _wrapped(f"{side:<9}{text}", width, "    ", "             ")
    return lines


def _wrapped(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    rest = first if rest is None else rest
    return textwrap.wrap(
        text, max(20, width), initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    ) or [first]
