"""Answers that come under load are compared by the sets of them."""

import asyncio
import contextlib

import pytest

from surefoot.toolbox.answers import Agreement, same_answers
from surefoot.toolbox.load import Closed, Generator, Observation, parse_workload

DOCUMENT = {
    "request": [
        {"path": "/books/{1..20000}", "name": "book", "weight": 8},
        {"path": "/clock?page={1..9}", "name": "clock"},
        {"path": "/shuffled", "name": "shuffled"},
    ]
}


@pytest.fixture(scope="module")
def observed(shop):
    """Blocks of load on a base and a variant that makes the mistake, after a look one by one."""

    def run(mistake, *pairs, document=DOCUMENT):
        workload = parse_workload(document, "test.toml")

        async def blocks(stack, variation, plan, seed):
            addresses = [replica.address for replica in stack.replicas]
            watch = Observation(judge=variation)
            async with Generator(workload, addresses, seed=1, observe=watch) as generator:
                return await generator.run(plan, seed=seed)

        async def main():
            async with contextlib.AsyncExitStack() as up:
                sides = [shop.up(), shop.up(), shop.up(WRONG=mistake)]
                stacks = [await up.enter_async_context(side) for side in sides]
                where = [[replica.address for replica in each.replicas] for each in stacks]
                variation, answers = await same_answers(*where, workload, requests=60)
                agreement = Agreement(variation)
                for seed, plans in enumerate(pairs):
                    sides = zip(stacks[::2], plans, strict=True)
                    pair = [await blocks(each, variation, plan, seed) for each, plan in sides]
                    agreement.add(*(each.answers for each in pair))
                return answers, agreement.answers(), pair

        return asyncio.run(main())

    return run


def test_one_wrong_field_in_a_thousand_answers_is_found_and_both_are_shown(observed):
    document = {"request": [{"path": "/books/{1..20000}", "name": "book"}]}
    plan = Closed(4, 120, requests=5000)
    before, under, (base, _) = observed("thousandth", (plan, plan), document=document)
    assert before.differing == 0
    assert (under.compared, under.differing) == (5000, 5)
    assert base.answers.errors == 0
    for example in under.examples:
        assert example.request.startswith("GET /books/")
        assert (example.what, example.where) == ("body", "/book/title")
        assert example.variant == example.base[:-1] + '!"'


def test_what_varies_is_no_difference_under_load_either(observed):
    plan = Closed(4, 60, requests=400)
    _, under, (base, variant) = observed("", (plan, plan), (plan, plan))
    assert (under.differing, under.notes) == (0, ())
    assert under.compared == 800
    assert base.received == pytest.approx(variant.received, rel=0.01)


def test_a_counter_that_runs_on_is_not_held_against_the_variant(observed):
    document = {"request": [{"path": "/visits"}]}
    short, long = Closed(4, 60, requests=50), Closed(4, 60, requests=80)
    _, under, _ = observed("", (short, long), (long, short), document=document)
    assert under.differing == 0, under.examples
