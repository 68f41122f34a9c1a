"""What a plan's samplers get from around them: headers, defaults, timers, assertions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from surefoot.toolbox.workloads.jmeter_text import Scope
from surefoot.toolbox.workloads.jmeter_xml import Element, Node

__all__ = ["Around", "arguments", "around", "capture"]

_TIMERS: Final = frozenset({"ConstantTimer", "UniformRandomTimer", "GaussianRandomTimer"})


@dataclass(frozen=True, slots=True)
class Around:
    """What applies to a sampler, gathered from the outside in."""

    headers: dict[str, str] = field(default_factory=dict)
    defaults: tuple[Element, ...] = ()
    """HTTP Request Defaults, the innermost last."""
    think: tuple[float, float] = (0.0, 0.0)
    """Seconds between which the pause before is drawn."""
    expect: tuple[int, ...] = ()

    def default(self, name: str) -> str:
        """A property of the innermost defaults that say it."""
        return next((text for each in reversed(self.defaults) if (text := each.prop(name))), "")

    def pause(self) -> dict[str, list[str]]:
        """The pause as a request says it; nothing where there is none."""
        return {"think": [f"{seconds:g}s" for seconds in self.think]} if self.think[1] else {}


def around(outer: Around, nodes: Iterable[Node], scope: Scope) -> Around:
    """``outer``, and what these siblings add to it."""
    found = outer
    for node in nodes:
        element = node.element
        if not node.enabled:
            continue
        if node.kind == "HeaderManager":
            found = replace(found, headers=found.headers | dict(_headers(element)))
        elif node.kind == "ConfigTestElement":
            found = replace(found, defaults=(*found.defaults, element))
        elif node.kind in _TIMERS:
            low, high = _pause(element, scope)
            found = replace(found, think=(found.think[0] + low, found.think[1] + high))
        elif node.kind == "ResponseAssertion" and "response_code" in element.prop(
            "Assertion.test_field"
        ):
            found = replace(found, expect=tuple(_codes(element)) or found.expect)
    return found


def _headers(element: Element) -> Iterator[tuple[str, str]]:
    rows = element.part("HeaderManager.headers")
    for row in rows.children if rows else ():
        if name := row.prop("Header.name").strip():
            yield name, row.prop("Header.value")


def _codes(element: Element) -> Iterator[int]:
    # JMeter itself misspells the name.
    rows = element.part("Asserion.test_strings") or element.part("Assertion.test_strings")
    for row in rows.children if rows else ():
        if row.text.strip().isdigit() and 100 <= int(row.text) <= 599:
            yield int(row.text)


def _pause(element: Element, scope: Scope) -> tuple[float, float]:
    """Seconds between which a timer's pause lies; nine of ten, where it has no bounds."""
    delay = _number(element.prop("ConstantTimer.delay"), scope)
    spread = _number(element.prop("RandomTimer.range"), scope)
    if element.tag == "GaussianRandomTimer":
        return max(0.0, delay - 1.645 * spread) / 1000, (delay + 1.645 * spread) / 1000
    return delay / 1000, (delay + spread) / 1000


def _number(text: str, scope: Scope) -> float:
    try:
        return min(max(float(scope.resolved(text)), 0.0), 3.6e6)
    except ValueError:
        return 0.0


def arguments(element: Element | None) -> list[Element]:
    """The rows of an element that holds arguments."""
    rows = element.part("Arguments.arguments") if element is not None else None
    return rows.children if rows is not None else []


def capture(node: Node) -> dict[str, dict[str, str]] | None:
    """What an extractor takes from its sampler's answer; ``None`` for what has no word here."""
    element = node.element
    if node.kind == "RegexExtractor":
        return _by_expression(element)
    if node.kind == "JSONPostProcessor":
        names = element.prop("JSONPostProcessor.referenceNames").split(";")
        paths = element.prop("JSONPostProcessor.jsonPathExprs").split(";")
        pointers = [_pointer(path.strip()) for path in paths]
        fits = len(names) == len(pointers) and all(
            n.strip().isidentifier() and n != "env" for n in names
        )
        if fits and all(pointers):
            return {n.strip(): {"json": p} for n, p in zip(names, pointers, strict=True)}
    return None


def _by_expression(element: Element) -> dict[str, dict[str, str]] | None:
    plain = element.prop("RegexExtractor.template") in {"$1$", ""}
    in_body = element.prop("RegexExtractor.useHeaders") in {"", "false", "unescaped"}
    name, expression = element.prop("RegexExtractor.refname"), element.prop("RegexExtractor.regex")
    try:
        one_group = re.compile(expression).groups == 1
    except re.error:
        return None
    fits = plain and in_body and one_group and name.isidentifier() and name != "env"
    return {name: {"body": expression}} if fits else None


def _pointer(path: str) -> str:
    """A plain JSONPath (``$.a.b[0]``) as a JSON pointer; empty for any other."""
    steps = path.removeprefix("$").replace("[", ".").replace("]", "").split(".")[1:]
    keys = [step.strip("'\"") for step in steps]
    plain = path.startswith("$") and keys and all(k and k not in {"*", ".."} for k in keys)
    if not plain or any(sign in path for sign in ("..", "?", "@", "*", ",", ":")):
        return ""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
