"""The tree of a JMeter plan, read without anything that XML can do beyond text and tags.

A plan is a list of pairs: an element, and a ``hashTree`` with what belongs to it. Document types,
entities and depth without end are refused: that is all an attacker has in XML.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from surefoot.errors import WorkloadError

__all__ = ["Element", "Node", "parse_plan"]

_DEEPEST: Final = 200
_MOST: Final = 500_000


@dataclass(slots=True)
class Element:
    """One tag."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def prop(self, name: str) -> str:
        """The text of the property of this name, ``stringProp``, ``boolProp`` or any other."""
        return next((c.text for c in self.children if c.attributes.get("name") == name), "")

    def part(self, name: str) -> Element | None:
        """The property of this name that holds others."""
        return next((c for c in self.children if c.attributes.get("name") == name), None)


@dataclass(slots=True)
class Node:
    """An element of the plan, and those that belong to it."""

    element: Element
    inner: list[Node] = field(default_factory=list)

    @property
    def enabled(self) -> bool:
        """Whether JMeter would take notice of it."""
        return self.element.attributes.get("enabled", "true") != "false"

    @property
    def kind(self) -> str:
        """What it is: ``HTTPSamplerProxy``, ``ThreadGroup``, ..."""
        return self.element.tag

    @property
    def name(self) -> str:
        """What its author called it."""
        return self.element.attributes.get("testname", "") or self.element.tag


def parse_plan(text: str, name: str) -> list[Node]:
    """The outermost elements of a plan.

    Raises:
        WorkloadError: It is no plan, or holds what a plan does not need.
    """
    builder = _Builder()
    parser = expat.ParserCreate("utf-8")  # it is text already, whatever it says of itself
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except (expat.ExpatError, _RefusedError, ValueError) as error:
        raise WorkloadError(f"{name} is no JMeter plan: {error}") from None
    root = builder.root
    if root is None or root.tag != "jmeterTestPlan":
        raise WorkloadError(f"{name} is no JMeter plan: it holds no jmeterTestPlan")
    return [node for tree in root.children if tree.tag == "hashTree" for node in _nodes(tree)]


def _nodes(tree: Element) -> Iterator[Node]:
    node: Node | None = None
    for child in tree.children:
        if child.tag != "hashTree":
            if node is not None:
                yield node
            node = Node(child)
        elif node is not None:
            node.inner = list(_nodes(child))
            yield node
            node = None
    if node is not None:
        yield node


class _RefusedError(Exception):
    """Something that no plan needs."""


def _refuse(*_: object) -> None:
    raise _RefusedError("it declares a document type or entities, which no plan needs")


class _Builder:
    """Callbacks of the parser that make a tree."""

    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= _DEEPEST or self._count > _MOST:
            raise _RefusedError("it is deeper or larger than a plan is")
        element = Element(tag, attributes)
        if self._open:
            self._open[-1].children.append(element)
        self.root = self.root or element
        self._open.append(element)

    def end(self, _tag: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        if self._open:
            self._open[-1].text += text
