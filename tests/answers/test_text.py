"""Words that vary are found by what stands around them, and nothing else is hidden."""

import itertools
import random

import pytest

from surefoot.toolbox.answers import compare, learn
from surefoot.toolbox.load import Answered

DRAW = random.Random()


@pytest.fixture(autouse=True)
def _the_same_each_time():
    DRAW.seed(1)


def token(size):
    return DRAW.randbytes(size).hex()


def answered(texts, kind="text/html"):
    return [
        Answered(
            (at, 0), "page", f"GET /{at}", "", 0, 200, (("content-type", kind),), text.encode()
        )
        for at, text in enumerate(texts)
    ]


def learnt(page, count=8):
    """What is learnt of pages of these numbers."""
    first, second = ([page(number) for number in range(count)] for _ in range(2))
    return learn(answered(first), answered(second))


def same(variation, one, other):
    answers = compare(variation, answered([one]), answered([other]))
    return answers.differing == 0


def rows(number):
    draw = random.Random(number)
    return draw.sample(range(1000), 12 + number % 5)


def token_in_every_form(number):
    csrf = token(16)
    forms = "\n".join(
        f'<form id="f{row}"><input type="hidden" name="csrf" value="{csrf}"><b>{row}</b></form>'
        for row in rows(number)
    )
    return f"<h1>{number}</h1>\n{forms}"


def number_in_every_row(number):
    return "\n".join(
        f'<tr><td>{row}</td><td class="stock">{DRAW.randrange(10**9)}</td></tr>'
        for row in rows(number)
    )


def right_after_what_differs_by_page(number):
    return f"<p>Book {number}: {DRAW.randrange(10**9)} visits</p><p>{number * 7} pages</p>"


def at_the_very_beginning(number):
    return f"{DRAW.randrange(10**9)} visits of page {number}"


def alone(_):
    return token(16)


def two_side_by_side(number):
    words = [token(8), DRAW.randrange(10**9)]
    return f"<p>{number}</p><script nonce='{words[0]}' data-at='{words[1]}'>go({number})</script>"


def sometimes_there(number):
    flash = f"<p class=flash>Hello {DRAW.randrange(10**6)}</p>" if DRAW.random() < 0.5 else ""
    return f"<body>{flash}<h1>{number}</h1></body>"


def lines_in_any_order(number):
    items = [f"<li>{row}</li>" for row in rows(number)]
    DRAW.shuffle(items)
    return "<ul>" + "".join(items) + f"</ul><p>{number}</p>"


def sentence(number):
    minutes = DRAW.randrange(100, 10**6)
    return f"<p>Page {number} was made {minutes} minutes ago by {token(4)}.</p>"


PAGES = [
    token_in_every_form,
    number_in_every_row,
    right_after_what_differs_by_page,
    at_the_very_beginning,
    alone,
    two_side_by_side,
    sometimes_there,
    lines_in_any_order,
    sentence,
]


@pytest.mark.parametrize("page", PAGES)
def test_pages_that_were_not_seen_before_vary_in_the_same_places(page):
    variation = learnt(page, 16)
    shape = variation.shape("page")
    assert not shape.whole
    for number in range(100, 140):
        assert same(variation, page(number), page(number)), shape.text


@pytest.mark.parametrize("page", [each for each in PAGES if each is not alone])
def test_what_stands_beside_is_still_compared(page):
    variation = learnt(page, 16)
    for number, other in itertools.pairwise(range(100, 120)):
        assert not same(variation, page(number), page(other))
        text = page(number)
        assert not same(variation, text, text.replace(str(number), f"{number}x", 1)) or (
            str(number) not in text
        )
        assert not same(variation, text, text + "<p>more</p>")


def test_a_random_page_is_not_compared_at_all():
    first, second = (
        [" ".join(token(n % 5 + 1) for n in range(200)) for _ in range(5)] for _ in range(2)
    )
    assert learn(answered(first), answered(second)).shape("page").whole
