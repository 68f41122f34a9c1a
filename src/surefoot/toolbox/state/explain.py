"""From answers that differ to the lines that keep what the next process does not know. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from surefoot.core.witness import Place, Sighting
from surefoot.toolbox.state.candidate import Candidate, Strength

__all__ = ["Changed", "Culprit", "culprits", "executed", "merged"]


@dataclass(frozen=True, slots=True)
class Changed:
    """A step that several processes answer otherwise than one does."""

    step: int
    name: str
    """``"GET /visits"``: its route where that is known."""
    before: int
    """Status that one process answers."""
    after: int
    turned_away: bool = False
    """Whether somebody whom one process lets in is sent elsewhere, or refused."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """A line, and the first of the steps that it explains."""

    candidate: Candidate
    first: Changed
    explains: int
    also: tuple[Candidate, ...] = ()
    """Other lines that were executed and change the same."""


def merged(sightings: Iterable[Sighting]) -> dict[int, Sighting]:
    """By step, all that was told of it; what comes late is told twice."""
    found: dict[int, Sighting] = {}
    for each in sightings:
        if each.step < 0:
            continue
        before = found.get(each.step)
        if before is None:
            found[each.step] = each
            continue
        found[each.step] = Sighting(
            each.step,
            each.name if each.status else before.name,
            each.status or before.status,
            before.lines | each.lines,
            before.functions | each.functions,
            tuple(dict.fromkeys((*before.opened, *each.opened))),
        )
    return found


def executed(
    candidates: Iterable[Candidate], seen: Mapping[int, Sighting]
) -> dict[Candidate, list[int]]:
    """The steps at which each candidate changed something that outlived the request."""
    found: dict[Candidate, list[int]] = {}
    for candidate in candidates:
        steps = [step for step, sighting in sorted(seen.items()) if _ran(candidate, sighting)]
        if steps:
            found[candidate] = steps
    return found


def _ran(candidate: Candidate, sighting: Sighting) -> bool:
    if candidate.owner in sighting.functions:
        return False
    return any((candidate.path, line) in sighting.lines for line in candidate.lines)


def culprits(
    changed: Sequence[Changed],
    candidates: Sequence[Candidate],
    seen: Mapping[int, Sighting],
    readers: Mapping[Place, frozenset[str]],
) -> list[Culprit]:
    """The lines that explain why steps changed, the likeliest first.

    A line explains a step if it was executed by then and a function that the step executed refers
    to what it changes; the fewer steps there are for which that holds and which do not differ, the
    better. Secrets drawn at the start explain that somebody is turned away, and what nothing else
    explains. Where not even those do, what was executed at all is named.

    Args:
        changed: The steps that differ.
        candidates: Every line that may keep something.
        seen: What was seen at each step.
        readers: Which function refers to what.
    """
    ran, also = _by_what_they_change(executed(candidates, seen))
    open_steps = {each.step: each for each in changed}
    # The first time that something is changed, nobody can know of it yet.
    linked = {
        candidate: [
            step
            for step in _reading(candidate, first, seen, readers)
            if step > first or step in open_steps
        ]
        for candidate, first in ran.items()
    }
    sure = {each: steps for each, steps in linked.items() if each.strength > Strength.ARGUMENT}
    found = list(_cover(sure, open_steps))
    found += _secrets(candidates, changed, seen, open_steps)
    found += _cover(linked, open_steps)
    drawn = {
        candidate: _reading(candidate, 0, seen, readers)
        for candidate in candidates
        if candidate.at_start and not _per_request(candidate, seen)
    }
    found += _cover(drawn, open_steps)
    earlier = {
        candidate: [step for step in sorted(seen) if step >= first]
        for candidate, first in ran.items()
    }
    found += _cover(earlier, open_steps)
    return [replace(each, also=also.get(each.candidate, ())) for each in found]


def _by_what_they_change(
    ran: Mapping[Candidate, Sequence[int]],
) -> tuple[dict[Candidate, int], dict[Candidate, tuple[Candidate, ...]]]:
    """One line for each thing that is changed: the surest, then the first to be executed.

    Returns:
        The lines with the step at which anything changed that thing first, and the other lines.
    """
    groups: dict[frozenset[str], list[Candidate]] = {}
    for candidate in sorted(ran, key=lambda each: (-each.strength, ran[each][0], each.line)):
        groups.setdefault(candidate.keys, []).append(candidate)
    firsts = {group[0]: min(ran[each][0] for each in group) for group in groups.values()}
    return firsts, {group[0]: tuple(group[1:]) for group in groups.values()}


def _cover(
    explained: Mapping[Candidate, Sequence[int]], open_steps: dict[int, Changed]
) -> Iterator[Culprit]:
    """Greedily: the likeliest that explains some of what is left; what it explains is closed.

    Args:
        explained: The steps, changed or not, that each would have had an effect on.
        open_steps: What is left to explain.
    """
    left = dict(explained)

    def likelihood(each: Candidate) -> tuple[float, int]:
        hits = sum(step in open_steps for step in left[each])
        return each.strength * hits / max(1, len(left[each])), hits

    while left and open_steps:
        best = max(left, key=likelihood)
        mine = [open_steps[step] for step in left.pop(best) if step in open_steps]
        if mine:
            yield Culprit(best, mine[0], len(mine))
            for each in mine:
                del open_steps[each.step]


def _reading(
    candidate: Candidate,
    first: int,
    seen: Mapping[int, Sighting],
    readers: Mapping[Place, frozenset[str]],
) -> list[int]:
    """The steps from ``first`` on that executed something which refers to what it changes."""
    names: set[str] = set()
    if candidate.strength == Strength.CACHE:
        # What is answered from a cache executes nothing: another time, the same route filled it.
        names = {sighting.name for sighting in seen.values() if _ran(candidate, sighting)}
    return [
        step
        for step, sighting in sorted(seen.items())
        if step >= first
        and (
            sighting.name in names
            or any(candidate.keys & readers.get(place, frozenset()) for place in sighting.functions)
        )
    ]


def _secrets(
    candidates: Sequence[Candidate],
    changed: Sequence[Changed],
    seen: Mapping[int, Sighting],
    open_steps: dict[int, Changed],
) -> list[Culprit]:
    away = [each for each in changed if each.turned_away] or list(open_steps.values())
    secrets = [
        each
        for each in candidates
        if each.at_start and each.strength == Strength.SECRET and not _per_request(each, seen)
    ]
    if not away or not secrets:
        return []
    # Whoever is turned away sees other pages from then on.
    for step in [step for step in open_steps if step >= away[0].step]:
        del open_steps[step]
    return [Culprit(secret, away[0], len(away)) for secret in secrets]


def _per_request(candidate: Candidate, seen: Mapping[int, Sighting]) -> bool:
    return any(candidate.owner in sighting.functions for sighting in seen.values())
