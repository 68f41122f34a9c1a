"""What an application's answers vary by themselves, learnt from two equal stacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from surefoot.toolbox.answers.behaviour import Seen, Traits, traits
from surefoot.toolbox.answers.headers import Headers, kept_headers
from surefoot.toolbox.answers.json_draft import JsonDraft
from surefoot.toolbox.answers.pattern import Pattern, describe
from surefoot.toolbox.answers.shape import Content, Place, Shape, document_of, grouped, text_of
from surefoot.toolbox.answers.text_draft import TextDraft
from surefoot.toolbox.load.observation import Answered

__all__ = ["Pairs", "Variation", "content", "learn", "paired", "series"]

Pairs = Sequence[tuple[Answered, Answered]]
"""Answers of two stacks to the same request."""

_PLAIN: Final = Shape()
_PASSES: Final = 4


@dataclass(frozen=True, slots=True)
class Variation:
    """What varies by itself, by the name of the request; it judges answers in sending processes."""

    shapes: Mapping[str, Shape] = field(default_factory=dict)
    traits: Mapping[tuple[str, Place], Traits] = field(default_factory=dict)

    def shape(self, name: str) -> Shape:
        """What varies of the answers to requests of this name."""
        return self.shapes.get(name, _PLAIN)

    def kept(self, headers: Headers) -> Headers:
        """The headers that count, written in one way."""
        return kept_headers(headers)

    def digest(self, name: str, status: int, kept: Headers, body: bytes) -> bytes:
        """Equal for two answers to the request ``name`` that count as the same."""
        return self.shape(name).digest(Content(status, kept, body))


def content(answered: Answered) -> Content:
    """An answer as far as it is compared."""
    return Content(answered.status, kept_headers(answered.headers), answered.body)


def paired(one: Iterable[Answered], other: Iterable[Answered]) -> list[tuple[Answered, Answered]]:
    """Answers to the same request: of the same arrival and step, and the same name."""
    there = {answered.at: answered for answered in other}
    return [
        (answered, there[answered.at])
        for answered in one
        if answered.at in there and there[answered.at].name == answered.name
    ]


def learn(first: Sequence[Answered], second: Sequence[Answered]) -> Variation:
    """What varies between two equal stacks that were asked the same in the same order."""
    by_name: dict[str, list[tuple[Answered, Answered]]] = defaultdict(list)
    for pair in paired(first, second):
        if all(answered.status >= 200 and not answered.packed for answered in pair):
            by_name[pair[0].name].append(pair)
    shapes = {name: _shape(pairs) for name, pairs in by_name.items()}
    held: dict[tuple[str, Place], Traits] = {}
    for name, pairs in by_name.items():
        one, other = (series(shapes[name], side) for side in zip(*pairs, strict=True))
        for place in one.keys() & other.keys():
            pattern = shapes[name].pattern(place)
            held[name, place] = traits(one[place], other[place], pattern)
    return Variation(shapes, held)


def series(shape: Shape, answers: Iterable[Answered]) -> dict[Place, list[Seen]]:
    """What stood at each place that varies, from answer to answer; the first of each answer."""
    found: dict[Place, list[Seen]] = defaultdict(list)
    for answered in answers:
        here: set[Place] = set()
        for place, value in shape.values(content(answered)):
            if place not in here:
                here.add(place)
                found[place].append(Seen(answered.who, value, answered.ended))
    return found


def _shape(pairs: Pairs) -> Shape:
    contents = [(content(one), content(other)) for one, other in pairs]
    statuses = {
        c.status for one, other in contents if one.status != other.status for c in (one, other)
    }
    alike = [pair for pair in contents if pair[0].status == pair[1].status]
    headers, optional = _headers(alike)
    json, text, whole = _bodies(alike)
    sides = [each for pair in alike for each in pair]
    return Shape(
        statuses=frozenset(statuses),
        headers=headers,
        optional=optional,
        json=json.shape(document for each in sides if (document := document_of(each)) is not None),
        text=text.shape(_texts(sides)),
        whole=whole or text.whole,
    )


def _texts(sides: Iterable[Content]) -> Iterator[str]:
    for each in sides:
        if document_of(each) is None and (text := text_of(each)) is not None:
            yield text


def _bodies(pairs: Sequence[tuple[Content, Content]]) -> tuple[JsonDraft, TextDraft, bool]:
    """What was learnt of bodies, and whether there are some of which nothing can be."""
    json, text = JsonDraft(), TextDraft()
    apart = [(one, other) for one, other in pairs if one.body != other.body]
    documents, rest = _split(apart, document_of)
    texts, others = _split(rest, text_of)
    # What one pair teaches may make another one differ that was looked at before.
    for _ in range(_PASSES):
        news = [json.see(*pair) for pair in documents] + [text.see(*pair) for pair in texts]
        if not any(news):
            return json, text, bool(others)
    if any(json.see(*pair) for pair in documents):
        json.give_up()
    unsettled = any(text.see(*pair) for pair in texts)
    return json, text, bool(others) or unsettled


_Split = tuple[list[tuple[Any, Any]], list[tuple[Content, Content]]]


def _split(pairs: Iterable[tuple[Content, Content]], read: Callable[[Content], Any]) -> _Split:
    """Those pairs of which both can be read, as they are read, and the others."""
    readable: list[tuple[Any, Any]] = []
    others: list[tuple[Content, Content]] = []
    for one, other in pairs:
        before, after = read(one), read(other)
        if before is None or after is None:
            others.append((one, other))
        else:
            readable.append((before, after))
    return readable, others


def _headers(
    pairs: Iterable[tuple[Content, Content]],
) -> tuple[dict[str, Pattern], frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    varying: set[str] = set()
    optional: set[str] = set()
    for one, other in pairs:
        before, after = grouped(one.kept), grouped(other.kept)
        for each in (before, after):
            for name, value in each.items():
                found[name].add(value)
        for name in before.keys() | after.keys():
            if before.get(name) != after.get(name):
                varying.add(name)
                if name not in before or name not in after:
                    optional.add(name)
    return {name: describe(found[name]) for name in sorted(varying)}, frozenset(optional)
