"""What a reader is told of a line that keeps state."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from surefoot.core.records import Finding
from surefoot.toolbox.state.candidate import Candidate, Strength
from surefoot.toolbox.state.explain import Changed, Culprit
from surefoot.toolbox.state.files import LocalFile
from surefoot.toolbox.state.settings import Setting

__all__ = [
    "does_not_start",
    "file_finding",
    "finding",
    "note",
    "setting_finding",
    "unexplained",
]


_ALSO: Final = 3


def finding(culprit: Culprit, replicas: int) -> Finding:
    """A line because of which several processes answer otherwise."""
    candidate, first = culprit.candidate, culprit.first
    others = dict.fromkeys(each.where for each in culprit.also if each.where != candidate.where)
    also = f" (and {', '.join(list(others)[:_ALSO])})" if others else ""
    what = f"{candidate.name} at {candidate.where}{also} {_kept(candidate)}"
    text = f"{what}: {_meaning(candidate, first)}"
    text += f" ({first.name}: {_shown(first, replicas)})"
    return Finding(text, candidate.file, candidate.line, route=first.name)


def _kept(candidate: Candidate) -> str:
    if candidate.at_start:
        return "is drawn at random when a process starts"
    return "is kept in the process"


def _meaning(candidate: Candidate, first: Changed) -> str:
    if candidate.at_start:
        if candidate.strength == Strength.SECRET:
            return "a session that one replica signed is not valid at the next"
        return "each replica has another one"
    if candidate.strength == Strength.CACHE:
        return "what one replica has cached stays there when another one changes it"
    if first.turned_away:
        return "a user who logged in at one replica is unknown to the next"
    return "what one replica was told is unknown to the next"


def _shown(first: Changed, replicas: int) -> str:
    if first.before != first.after:
        after = first.after or "no answer"
        return f"{first.before} from one process, {after} from {replicas}"
    return f"another answer from {replicas} processes than from one"


def file_finding(file: LocalFile, directory: Path) -> Finding:
    """A line that writes a file which another request reads."""
    name, _, line = file.site.rpartition(":")
    path = Path(file.path)
    shown = path.relative_to(directory) if path.is_relative_to(directory) else path
    return Finding(
        f"{shown}, written at {file.site}, is a file of this machine: {file.written_by} writes it "
        f"and {file.read_by} reads it, which another host, container or release would not have",
        name,
        int(line),
        route=file.written_by,
    )


def setting_finding(setting: Setting, first: Changed, replicas: int) -> Finding:
    """A line of settings by which a framework keeps sessions in the process."""
    text = (
        f"{setting.what} at {setting.where}: a user who logged in at one replica is unknown to the "
        f"next ({first.name}: {_shown(first, replicas)})"
    )
    return Finding(text, setting.file, setting.line, route=first.name)


def does_not_start(error: str, replicas: int) -> Finding:
    """Something that only one process can have: a port, a lock, a file."""
    return Finding(f"one process comes up and {replicas} beside each other do not: {error}")


def note(candidate: Candidate) -> str:
    """A line that keeps something, without any effect on what was asked."""
    return (
        f"{candidate.name} at {candidate.where} is kept in each process; it may be a cache: "
        "nothing that was asked showed it"
    )


def unexplained(first: Changed) -> str:
    """Answers differ, and no line that was seen says why."""
    return (
        f"{first.name} is answered otherwise by several processes than by one, and no line of the "
        "application's own code that was seen keeps anything: look at what its libraries keep "
        "(caches, rate limits, sessions in memory)"
    )
