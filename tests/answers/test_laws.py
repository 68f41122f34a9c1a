"""What holds of every comparison, whatever the application answers."""

import itertools
import json
import random
import uuid
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from surefoot.toolbox.answers import compare, learn
from surefoot.toolbox.answers.document import literal, parsed, stepped
from surefoot.toolbox.answers.json_digest import quick
from surefoot.toolbox.answers.json_shape import JsonShape, canonical
from surefoot.toolbox.load import Answered

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers(-99, 99) | st.floats(-9, 9) | WORDS
DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=20,
)


def answered(at, body, kind="application/json", name="page", who="", status=200):
    return Answered((at, 0), name, f"GET /{at}", who, 0, status, (("content-type", kind),), body)


def as_json(documents, **more):
    return [answered(at, json.dumps(each).encode(), **more) for at, each in enumerate(documents)]


def as_text(texts, kind="text/html; charset=utf-8"):
    return [answered(at, text.encode(), kind) for at, text in enumerate(texts)]


def shuffled(value, draw):
    """The same document with its keys in another order."""
    if isinstance(value, dict):
        keys = list(value)
        draw.shuffle(keys)
        return {key: shuffled(value[key], draw) for key in keys}
    if isinstance(value, list):
        return [shuffled(item, draw) for item in value]
    return value


@given(DOCUMENTS, st.randoms(use_true_random=False))
def test_the_order_of_keys_is_none_and_a_canonical_text_is_its_own(document, draw):
    first = parsed(json.dumps(document).encode())
    other = parsed(json.dumps(shuffled(document, draw), indent=1).encode())
    text = canonical(first, JsonShape())
    assert canonical(other, JsonShape()) == text == literal(first)
    assert canonical(parsed(text.encode()), JsonShape()) == text


@given(st.lists(DOCUMENTS, min_size=2, max_size=8))
def test_the_quick_text_tells_the_same_documents_apart(documents):
    bodies = [json.dumps(each).encode() for each in documents]
    half = len(bodies) // 2
    shape = learn(as_json(documents[:half]), as_json(documents[half:])).shape("page").json
    shape = replace(shape, keyed={})
    full = [canonical(parsed(body), shape) for body in bodies]
    short = [quick(body, shape) for body in bodies]
    for one, other in itertools.combinations(range(len(bodies)), 2):
        assert (full[one] == full[other]) == (short[one] == short[other])


@given(st.lists(DOCUMENTS, max_size=8), st.lists(DOCUMENTS, max_size=8))
def test_a_stack_does_not_differ_from_those_it_was_learnt_from(one, other):
    first, second = as_json(one), as_json(other)
    variation = learn(first, second)
    for side in (first, second):
        assert compare(variation, first, side).differing == 0


@given(st.lists(st.text(max_size=30), max_size=6), st.lists(st.text(max_size=30), max_size=6))
def test_nor_does_one_that_answers_text(one, other):
    first, second = as_text(one), as_text(other)
    assert compare(learn(first, first), first, first).differing == 0
    assert compare(learn(first, second), first, first).differing == 0


def places(value, path=(), general=()):
    """Every leaf of a document: the steps to it, and how comparing names its place."""
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key), (*general, key))
    elif isinstance(value, list):
        for index, (step, item) in enumerate(stepped(value)):
            yield from places(item, (*path, index), (*general, step))
    else:
        yield path, general


def put(value, path, leaf):
    """The document with another leaf."""
    if not path:
        return leaf
    copy = value.copy()
    copy[path[0]] = put(value[path[0]], path[1:], leaf)
    return copy


def put_all(value, paths, leaf):
    for path in paths:
        value = put(value, path, leaf)
    return value


def varied(documents, spots, draw):
    """The documents with tokens at some places, others each time."""
    out = []
    for document in documents:
        one = document
        for path in spots:
            one = put(one, path, str(uuid.UUID(int=draw.getrandbits(128))))
        out.append(one)
    return out


@given(st.data(), DOCUMENTS, st.integers())
def test_any_leaf_that_changes_is_found_beside_those_that_vary(data, document, seed):
    draw = random.Random(seed)
    document = {"document": document, "count": 0}
    leaves = dict(places(document))
    spots = data.draw(st.lists(st.sampled_from(sorted(leaves, key=str)), max_size=3, unique=True))
    spots = [path for path in spots if path != ("count",)]
    # What stands beside a token may be of another kind now, and so be named otherwise.
    leaves = dict(places(put_all(document, spots, "token")))
    varying = {leaves[path] for path in spots}
    documents = [document | {"count": n} for n in range(5)]
    first, second, third = (varied(documents, spots, draw) for _ in range(3))
    variation = learn(as_json(first), as_json(second))
    assert set(variation.shape("page").json.varying) <= varying
    assert compare(variation, as_json(first), as_json(third)).differing == 0
    others = [
        path
        for path, place in leaves.items()
        if not any(place[: len(each)] == each for each in varying)
    ]
    wrong = data.draw(st.sampled_from(others))
    third[3] = put(third[3], wrong, "another")
    answers = compare(variation, as_json(first), as_json(third))
    assert answers.differing == 1
    assert answers.examples[0].request == "GET /3"


@given(st.data())
def test_any_word_that_changes_is_found_beside_those_that_vary(data):
    words = data.draw(
        st.lists(st.sampled_from(["alpha", "beta", "gamma", "<p>", "</p>", "12", "7"]), min_size=9)
    )
    spots = data.draw(st.lists(st.integers(0, len(words) - 1), max_size=3, unique=True))
    draw = random.Random(data.draw(st.integers()))

    def page(number, *, wrong=None):
        text = [f"<h1>Page {number}</h1>"]
        for index, word in enumerate(words):
            token = f'<i id="{index}">{draw.getrandbits(64):016x}</i>'
            text.append(token if index in spots else "other" if index == wrong else word)
        return " ".join(text)

    first, second, third = ([page(n) for n in range(5)] for _ in range(3))
    variation = learn(as_text(first), as_text(second))
    assert compare(variation, as_text(first), as_text(third)).differing == 0
    others = [index for index in range(len(words)) if index not in spots]
    if others:
        third[3] = page(3, wrong=data.draw(st.sampled_from(others)))
        answers = compare(variation, as_text(first), as_text(third))
        assert answers.differing == 1
        assert answers.examples[0].request == "GET /3"


@given(st.lists(st.integers(0, 9), min_size=3, max_size=6, unique=True), st.integers())
def test_a_list_in_any_order_hides_nothing_of_its_items(numbers, seed):
    draw = random.Random(seed)

    def documents(items):
        out = []
        for _ in range(8):
            draw.shuffle(items)
            out.append({"items": [{"n": n, "deep": {"x": n * n}} for n in items], "of": 7})
        return out

    first, second, third = (as_json(documents(numbers)) for _ in range(3))
    variation = learn(first, second)
    assert compare(variation, first, third).differing == 0
    third[-1] = as_json([{"items": [{"n": n, "deep": {"x": 99}} for n in numbers], "of": 7}])[0]
    third[-1] = answered(7, third[-1].body)
    assert compare(variation, first, third).differing == 1
