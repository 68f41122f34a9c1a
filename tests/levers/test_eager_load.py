"""What a loop over rows costs, and what is left when its rows come at once."""

import dataclasses

import pytest

from diagnosed import Shop, case_of, place, use
from surefoot.core.records import StackSample
from surefoot.core.resources import Kind
from surefoot.toolbox.analysis.case import Case, server_at
from surefoot.toolbox.levers import eager_load

AUTHOR = "SELECT name FROM author WHERE author.id = ?"
REVIEW = "SELECT text FROM review WHERE review.book_id = ?"


def asked(site, what, each, seconds, kind=Kind.DB_CPU):
    def of(requests):
        spent = requests * each * seconds
        return place(site, what, requests * each, use=spent, cpu=spent)

    return of


def using(*places, kind=Kind.DB_CPU):
    return lambda requests: use(kind, *(of(requests) for of in places))


def woken(*counts):
    """Times a coroutine came back from another thread, by line."""
    return lambda requests: use(
        Kind.APP_LOOP, *(place(site, count=requests * each, wait=1e-4) for site, each in counts)
    )


def step(case):
    (found,) = eager_load.steps(case)
    return found


def test_all_lines_of_a_route_that_ask_row_by_row_are_one_step():
    both = using(asked("shop.py:7", AUTHOR, 40, 1e-5), asked("shop.py:9", REVIEW, 40, 2e-5))
    found = step(
        case_of(
            cpu=0.012,
            db_cpu=0.0012,
            uses=[both],
            stacks=[("cpu", "shop.py:7", 45), ("cpu", "shop.py:9", 45), ("cpu", "shop.py:3", 10)],
        )
    )
    assert found.where == "shop.py:9"
    assert "shop.py:7 and shop.py:9 ask for" in found.how
    assert "joinedload(Model.author), selectinload(Model.review)" in found.how
    assert "80 statements a request of GET / become 2" in found.because
    # Nine tenths of the CPU were seen at the two lines, of which one in forty stays.
    assert found.model.alone.app == pytest.approx(0.012 * (1 - 0.9 * 39 / 40))
    assert found.model.alone.db_cpu == pytest.approx(0.0012 / 40, rel=0.01)


def test_a_connection_is_held_no_longer_than_for_what_stays():
    found = step(
        case_of(
            cpu=0.012, db_cpu=0.0008, held=0.0128, pool=1,
            uses=[using(asked("shop.py:7", AUTHOR, 80, 1e-5))],
            stacks=[("cpu", "shop.py:7", 100)],
        )
    )  # fmt: skip
    assert found.model.alone.pool_held == pytest.approx(0.0128 / 80)


def test_the_server_s_share_is_charged_by_the_times_somebody_was_woken():
    handing = case_of(
        cpu=0.020, db_cpu=0.0008, loop=0.020, server_cpu=0.010, interface="asgi", slots=32,
        uses=[using(asked("shop.py:7", AUTHOR, 80, 1e-5)), woken(("shop.py:7", 89), ("", 10))],
        stacks=[("cpu", "shop.py:7", 100)],
    )  # fmt: skip
    assert server_at(handing, "GET /", "shop.py:7") == pytest.approx(0.0089)
    assert server_at(handing, "GET /", "shop.py:8") == 0.0
    found = step(handing)
    assert found.model.alone.server == pytest.approx(0.010 - 0.0089 * 79 / 80)
    assert found.model.full.server == pytest.approx(found.model.alone.server, rel=0.01)


def test_threads_of_a_server_are_woken_for_the_request_alone():
    uses = [using(asked("shop.py:7", AUTHOR, 80, 1e-5)), woken(("shop.py:7", 80))]
    case = case_of(cpu=0.020, db_cpu=0.0008, server_cpu=0.010, uses=uses)
    assert server_at(case, "GET /", "shop.py:7") == 0.0


def test_garbage_is_collected_by_what_stays():
    loop = {
        "cpu": 0.012,
        "db_cpu": 0.0008,
        "uses": [using(asked("shop.py:7", AUTHOR, 80, 1e-5))],
        "stacks": [("cpu", "shop.py:7", 100)],
    }
    # A fifth of a second for a hundred requests.
    told = step(case_of(**loop, probe={"collecting": 0.2})).model
    assert told.alone.app == pytest.approx(0.012 - 0.010 * 79 / 80)
    assert told.full.app == pytest.approx(told.alone.app)


def test_what_threads_lost_in_handing_over_the_interpreter_goes_with_the_statements():
    case = case_of(
        cpu=0.012, db_cpu=0.0008,
        uses=[using(asked("shop.py:7", AUTHOR, 80, 1e-5))], stacks=[("cpu", "shop.py:7", 100)],
    )  # fmt: skip
    slow = dataclasses.replace(case, model=case.model.changed(correction=0.8))
    assert slow.model.lost == pytest.approx(0.25 / slow.model.uncorrected)
    found = step(slow).model
    # Given up 81 times a request before, twice afterwards.
    assert found.lost == pytest.approx(slow.model.lost * 2 / 81)
    quick = dataclasses.replace(case, model=case.model.changed(correction=1.1))
    assert step(quick).model.correction == pytest.approx(1.1)


def test_lines_of_different_routes_are_different_steps():
    shop = Shop(cpu=0.010, db_cpu=0.0008, uses=[using(asked("shop.py:7", AUTHOR, 80, 1e-5))])
    (first,) = shop.evidence.probes[0].routes
    other = dataclasses.replace(first, route="GET /other")
    probes = tuple(
        dataclasses.replace(
            probe,
            routes=(first, other),
            stacks=(StackSample(1, "GET /", "cpu", (), "shop.py:7", 10),),
        )
        for probe in shop.evidence.probes
    )
    case = Case(dataclasses.replace(shop.evidence, probes=probes), shop.model, None)
    assert [found.because.split(" become")[0][-5:] for found in eager_load.steps(case)] == [
        "GET /",
        "other",
    ]


def test_a_request_costs_at_least_what_one_does_that_asks_as_little():
    shop = Shop(cpu=0.010, db_cpu=0.0008, uses=[using(asked("shop.py:7", AUTHOR, 80, 1e-5))])

    def beside(cpu, each):
        """The step of a loop that nearly all looks saw, beside a route with so many statements."""
        probes = []
        for probe in shop.evidence.probes:
            (loop,) = probe.routes
            few = using(asked("shop.py:20", "SELECT 1", each, 1e-5))(100)
            other = dataclasses.replace(
                loop, route="GET /other", cpu=cpu * loop.requests, resources=(few,)
            )
            seen = (StackSample(1, "GET /", "cpu", (), "shop.py:7", 100),)
            probes.append(dataclasses.replace(probe, routes=(loop, other), stacks=seen))
        evidence = dataclasses.replace(shop.evidence, probes=tuple(probes))
        return step(Case(evidence, shop.model, None))

    # Of 10 ms, half of all requests' 9.875 ms or, beside a page of 2 ms, 8 ms.
    assert beside(0.002, 2).model.alone.app == pytest.approx(0.010 - 0.010 * 79 / 80 / 2)
    assert beside(0.002, 1).model.alone.app == pytest.approx(0.010 - 0.008 / 2)
