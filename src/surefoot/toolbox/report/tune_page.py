"""The walk up the hill as one page to look at: no other file, no network, no script."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from surefoot.core.ab import Question
from surefoot.core.proof import Ratio
from surefoot.core.records import Change
from surefoot.toolbox.report import quantity, validity, walk
from surefoot.toolbox.report.environment import render
from surefoot.toolbox.report.headline import Tile
from surefoot.toolbox.report.proof_view import ProofView, proof_view
from surefoot.toolbox.report.walk import Row
from surefoot.toolbox.report.walk_plot import walk_plot
from surefoot.toolbox.tune.run import Tuned
from surefoot.toolbox.tune.state import Stopped

__all__ = ["tune_page"]

_TIMES: Final = "\N{MULTIPLICATION SIGN}"
_YOURS: Final = (
    "Edits of the code and of the database are never made for you. Each gain is a prediction; "
    "prove one against a working copy with surefoot prove --with DIR."
)


@dataclass(frozen=True, slots=True)
class _StepView:
    index: int
    number: int
    lever: str
    edited: str
    predicted: str
    proven: str
    interval: str
    fate: str
    capacity: str
    arithmetic: str
    risk: str
    view: ProofView


@dataclass(frozen=True, slots=True)
class _Proposal:
    gain: str
    lever: str
    where: str
    how: str
    instruction: str
    why: str
    risk: str


def tune_page(tuned: Tuned, target: str, origin: validity.Origin | None = None) -> str:
    """The page, as HTML.

    Args:
        tuned: What was done.
        target: What was tuned.
        origin: Where and when it was made; this machine, now, where not given.
    """
    origin = origin or validity.here()
    stopped = _stopped(tuned)
    goal = tuned.state.goal.until
    return render(
        "tune.html.jinja",
        title=f"{target}: the walk up the hill",
        brand=f"tuned {origin.written:%Y-%m-%d %H:%M} UTC on {origin.system}",
        heading=target,
        banners=_banners(tuned),
        lead=_lead(tuned),
        tiles=_tiles(tuned),
        picture=walk_plot(walk.stands(tuned), goal, f"Capacity after each change; {_lead(tuned)}"),
        steps=_steps(tuned),
        stopped=stopped,
        lists=_lists(tuned),
        notes=(),
        facts=(
            ("Took", f"{tuned.seconds:.0f} s"),
            ("Stopped because", stopped),
            ("Changes tried", str(len(tuned.state.steps))),
            ("Measurements", str(len(tuned.state.found))),
        ),
    )


def _stopped(tuned: Tuned) -> str:
    return f"{tuned.stopped.value}: {tuned.failure}" if tuned.failure else tuned.stopped.value


def _banners(tuned: Tuned) -> list[tuple[str, str]]:
    banners = []
    if tuned.stopped is Stopped.INTERRUPTED:
        banners.append(("Interrupted", "This is what was done until then; it is in force."))
    if tuned.stopped is Stopped.FAILED:
        banners.append(("Ended early", tuned.failure))
    found = tuned.state.latest
    if found is not None and found.unsafe:
        told = f"{found.unsafe[:1].upper()}{found.unsafe[1:]}."
        banners.append(("Wrong answers", f"{told} Do: {found.remedy}." if found.remedy else told))
    if found is not None and not found.valid:
        banners.append(("Too busy a machine", found.why_invalid))
    if tuned.start is not None and tuned.end is None:
        banners.append(("Not measured", "What is in force now was not measured any more."))
    return banners


def _lead(tuned: Tuned) -> str:
    start, end, gain = tuned.start, tuned.end, walk.total(tuned)
    if start is None:
        return "Nothing was measured."
    kept = sum(step.kept for step in tuned.state.steps)
    tried = len(tuned.state.steps)
    told = f"{tried} {'change was' if tried == 1 else 'changes were'} tried and {kept} kept"
    if gain is None or end is None:
        return f"It serves {quantity.per_second(start.capacity.rps)} within the SLO; {told}."
    return (
        f"From {quantity.per_second(start.capacity.rps)} to "
        f"{quantity.per_second(end.capacity.rps)} within the SLO: {told}."
    )


def _tiles(tuned: Tuned) -> tuple[Tile, ...]:
    found = tuned.state.latest
    gain, goal = walk.total(tuned), tuned.state.goal.until
    if found is None:
        return ()
    capacity = found.capacity
    return (
        Tile(
            "Capacity now",
            quantity.per_second(capacity.rps).removesuffix("/s"),
            "requests/s",
            f"the limit lies between {quantity.per_second(capacity.low)} and "
            f"{quantity.per_second(capacity.high)}",
            f"the goal was {quantity.per_second(goal)}" if math.isfinite(goal) else "",
        ),
        Tile(
            "Total gain",
            f"{_TIMES}{quantity.times(gain.value)}" if gain else "None",
            "",
            _between(gain) if gain else "nothing was kept and measured",
            "capacity at the end over that at the start",
        ),
        Tile(
            "Limited by",
            str(found.bottleneck or "Unknown"),
            "",
            tuned.stopped.value[:1].upper() + tuned.stopped.value[1:],
        ),
    )


def _between(ratio: Ratio | None) -> str:
    if ratio is None or not math.isfinite(ratio.high):
        return ""
    return f"{ratio.low:.2f} to {ratio.high:.2f}"


def _steps(tuned: Tuned) -> tuple[_StepView, ...]:
    after: Mapping[int, str] = _capacities(tuned)
    return tuple(_step(row, after.get(row.index, "")) for row in walk.rows(tuned))


def _capacities(tuned: Tuned) -> dict[int, str]:
    """The capacity measured after each step that was kept, by the step's number."""
    kept = [row.index for row in walk.rows(tuned) if row.step.kept]
    later = tuned.state.found[1:]
    return {
        index: quantity.per_second(found.capacity.rps)
        for index, found in zip(kept, later, strict=False)
    }


def _step(row: Row, capacity: str) -> _StepView:
    change = row.change
    question = Question(on=change.on, guards=change.guards)
    return _StepView(
        index=row.index,
        number=row.step.number,
        lever=change.lever,
        edited=walk.edited(change),
        predicted=_TIMES + quantity.times(change.predicted_gain),
        proven=_TIMES + quantity.times(row.gain.value) if row.gain else "not measured",
        interval=_between(row.gain),
        fate=row.fate,
        capacity=capacity,
        arithmetic=change.arithmetic,
        risk=change.risk,
        view=proof_view(row.verdict, question),
    )


def _lists(tuned: Tuned) -> list[tuple[str, str, tuple[_Proposal, ...]]]:
    state = tuned.state
    return [
        (
            "Not tried",
            "Worth a proof by their prediction; here is why none was made.",
            tuple(_proposal(one.change, one.why) for one in state.skipped),
        ),
        (
            "To try next",
            "Best gain for its risk first; run it again and it goes on from here.",
            tuple(_proposal(change, change.arithmetic) for change in state.candidates),
        ),
        (
            "Yours to make",
            _YOURS,
            tuple(_proposal(change, change.arithmetic) for change in state.edits),
        ),
    ]


def _proposal(change: Change, why: str) -> _Proposal:
    return _Proposal(
        gain=quantity.times(change.predicted_gain),
        lever=change.lever,
        where=change.where,
        how=change.how[:1].upper() + change.how[1:],
        instruction="\n".join(walk.instruction(change)),
        why=why,
        risk=change.risk,
    )
