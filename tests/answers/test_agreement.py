"""Sets of answers: what the base gives by turns is not held against the variant."""

import json

from surefoot.toolbox.answers import Agreement, Variation, agree
from surefoot.toolbox.answers.variation import content
from surefoot.toolbox.load import Answered, Observed
from surefoot.toolbox.load.observation import Digested

JUDGE = Variation()


def block(*answers, keep=True, name="book"):
    """What a run remembers of ``(request, document)``."""
    digests, samples = {}, {}
    for request, document in answers:
        kind = (("content-type", "application/json"),)
        body = json.dumps(document).encode()
        answered = Answered((0, 0), name, request, "", 0, 200, kind, body)
        digest = JUDGE.shape(name).digest(content(answered))
        counts = digests.setdefault(hash(request), Digested(name, request)).counts
        counts[digest] = counts.get(digest, 0) + 1
        if keep:
            samples[digest] = answered
    return Observed(digests=digests, samples=samples)


def test_an_answer_that_the_base_never_gave_is_a_difference_however_rare():
    base = block(*[("GET /1", {"n": 1})] * 1000)
    variant = block(*[("GET /1", {"n": 1})] * 999, ("GET /1", {"n": 2}))
    answers = agree(JUDGE, [base], [variant])
    assert (answers.compared, answers.differing) == (1000, 1)
    (example,) = answers.examples
    assert (example.request, example.where) == ("GET /1", "/n")
    assert (example.base, example.variant) == ("1", "2")


def test_what_the_base_gives_too_is_none_whenever_it_does():
    odd, even = ("GET /1", {"n": 1}), ("GET /1", {"n": 2})
    agreement = Agreement(JUDGE)
    agreement.add(block(odd), block(even))
    assert agreement.answers().differing == 1
    agreement.add(block(even), block(odd))
    assert agreement.answers().differing == 0


def test_a_place_where_the_base_differs_from_itself_is_not_held_against_the_variant():
    def documents(first, *fields):
        return [("GET /1", {"hits": hit, "title": "a"} | dict(fields)) for hit in first]

    agreement = Agreement(JUDGE)
    agreement.add(block(*documents(range(4))), block(*documents(range(2, 9))))
    answers = agreement.answers()
    assert answers.differing == 0
    assert answers.notes == ("5 answers differ only where the base differs from itself under load",)
    agreement.add(block(*documents([5])), block(*documents([99], ("title", "b"))))
    assert agreement.answers().differing == 1


def test_what_the_base_was_not_asked_is_not_compared():
    answers = agree(JUDGE, [block(("GET /1", 1))], [block(("GET /2", 2))])
    assert (answers.compared, answers.differing) == (0, 0)


def test_requests_that_are_not_named_are_not_compared():
    pair = block(("GET /1", 1)), block(("GET /1", 2))
    assert agree(JUDGE, *([each] for each in pair), names={"book"}).differing == 1
    assert agree(JUDGE, *([each] for each in pair), names={"other"}).compared == 0


def test_answers_that_were_not_kept_are_counted_all_the_same():
    pair = block(("GET /1", 1), keep=False), block(("GET /1", 2), keep=False)
    answers = agree(JUDGE, *([each] for each in pair))
    assert answers.differing == 1
    assert answers.examples[0].variant == "(not kept)"


def test_a_variant_that_is_wrong_throughout_is_counted_whole():
    base = block(*[(f"GET /{n}", {"n": n, "title": "a"}) for n in range(1000)])
    variant = block(*[(f"GET /{n}", {"n": n, "title": "b"}) for n in range(1000)])
    answers = agree(JUDGE, [base], [variant])
    assert (answers.compared, answers.differing, len(answers.examples)) == (1000, 1000, 10)
