"""A flame graph: which functions were on the stack, the wider the more often.

The lowest row is everything that was sampled, the row above splits it by what the thread was doing,
and from there on each box stands on its caller. Server and framework below the application's own
outermost function are left out, or every picture would begin with the same twenty rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from surefoot.core.records import StackSample
from surefoot.toolbox.report import quantity
from surefoot.toolbox.report.svg import element, percent, words

__all__ = ["STATES", "Function", "Node", "draw", "functions", "grow", "own_packages"]

STATES: Final[Mapping[str, str]] = {
    "cpu": "computing",
    "driver": "inside a driver (database, HTTP)",
    "lock": "waiting for a lock",
    "wait": "waiting",
}
_ROW: Final = 19.0
_LEAST: Final = 0.003  # of the width; less is not seen, and thousands of boxes make a page slow
_NAMED: Final = 0.03
_WIDE: Final = 0.2  # narrower boxes show no name on a telephone
_DEEPEST: Final = 60
_ELSEWHERE: Final = "server and framework"


@dataclass(slots=True)
class Node:
    """A function, called by the one it hangs below, and how often it was seen there."""

    name: str
    state: str = ""
    owner: str = "group"
    """``"own"``, ``"library"``, or ``"group"`` for the rows that are no functions."""
    count: int = 0
    children: dict[str, Node] = field(default_factory=dict)

    def child(self, name: str, state: str, owner: str = "group") -> Node:
        """The child of this name, made when there is none."""
        return self.children.setdefault(name, Node(name, state, owner))

    @property
    def depth(self) -> int:
        """Rows it takes."""
        return 1 + max((child.depth for child in self.children.values()), default=0)


def own_packages(stacks: Iterable[StackSample]) -> frozenset[str]:
    """The files' first path components that are the application's: those its sites are in."""
    return frozenset(_package(stack.site.rpartition(":")[0]) for stack in stacks if stack.site)


def grow(stacks: Iterable[StackSample], name: str, own: frozenset[str]) -> Node:
    """One tree of all stacks."""
    root = Node(name)
    for stack in stacks:
        root.count += stack.count
        node = root.child(STATES.get(stack.state, stack.state), stack.state)
        node.count += stack.count
        for frame in _trimmed(stack.frames, own)[:_DEEPEST]:
            owner = "own" if _package(frame) in own else "library"
            node = node.child(frame, stack.state, owner)
            node.count += stack.count
    return root


def draw(root: Node, label: str) -> str:
    """The picture, as wide as the page gives it; empty when nothing was sampled."""
    if not root.count:
        return ""
    boxes = list(_boxes(root, 0.0, 0, root.count))
    rows = 1 + max(level for level, _ in boxes)
    height = rows * _ROW
    drawn = [
        element("svg", box, y=height - (level + 1) * _ROW, height=_ROW - 1, **place)
        for level, (box, place) in boxes
    ]
    return element(
        "svg", *drawn, class_="flame", width="100%", height=height, role="img", aria_label=label
    )


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the application in the tree's figures."""

    name: str
    share: float
    """Of the samples: it or something it called was found."""
    states: tuple[tuple[str, int], ...]
    """What it was doing then, and how often, the commonest first."""


def functions(root: Node, most: int) -> tuple[Function, ...]:
    """The application's functions that were found most often; what the picture says in words."""
    seen: dict[str, dict[str, int]] = {}
    _count(root, frozenset(), seen)
    ranked = sorted(seen.items(), key=lambda item: -sum(item[1].values()))
    return tuple(
        Function(
            name,
            sum(states.values()) / root.count,
            tuple(sorted(states.items(), key=lambda state: -state[1])),
        )
        for name, states in ranked[:most]
    )


def _count(node: Node, above: frozenset[str], seen: dict[str, dict[str, int]]) -> None:
    """Counts each function once per stack, however often it called itself."""
    if node.owner == "own" and node.name not in above:
        above |= {node.name}
        states = seen.setdefault(node.name, {})
        word = STATES.get(node.state, node.state)
        states[word] = states.get(word, 0) + node.count
    for child in node.children.values():
        _count(child, above, seen)


def _boxes(
    node: Node, left: float, level: int, whole: int
) -> Iterator[tuple[int, tuple[str, dict[str, str]]]]:
    share = node.count / whole
    yield level, (_box(node, share), {"x": percent(left), "width": percent(share)})
    at = left
    for child in sorted(node.children.values(), key=lambda child: -child.count):
        if child.count / whole >= _LEAST:
            yield from _boxes(child, at, level + 1, whole)
        at += child.count / whole


def _box(node: Node, share: float) -> str:
    kind = f"s-{node.state}" if node.state in STATES else "s-all"
    parts = [
        element("title", words(f"{node.name}: {quantity.share(share)}, {node.count} samples")),
        element("rect", width="100%", height="100%", rx=2, class_=f"{kind} {node.owner}"),
    ]
    if share >= _NAMED:
        size = "" if share >= _WIDE else " small"
        parts.append(element("text", *_label(node), x=4, y=13, class_=node.owner + size))
    return "".join(parts)


def _trimmed(frames: tuple[str, ...], own: frozenset[str]) -> tuple[str, ...]:
    for index, frame in enumerate(frames):
        if _package(frame) in own:
            return frames[index:]
    return (_ELSEWHERE, *frames[-3:])


def _package(frame: str) -> str:
    return frame.partition("/")[0].partition(":")[0]


def _label(node: Node) -> list[str]:
    """``"base.py:execute"`` as ``"execute base.py"``: the function is what one looks for."""
    path, _, function = node.name.rpartition(":")
    if node.owner == "group" or not path:
        return [words(node.name)]
    return [words(function), element("tspan", words(path), dx=7, class_="file")]
