import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnosed import Shop, statements, waits

pytestmark = pytest.mark.filterwarnings("error")


def named(diagnosis):
    return str(diagnosis.bottleneck)


def levers(diagnosis):
    return {change.lever: change for change in diagnosis.changes}


def test_computing_is_bounded_by_one_interpreter_and_another_replica_helps():
    found = Shop(cpu=0.010).diagnosis()
    assert named(found) == "app.cpu"
    assert found.stations[0].bound == pytest.approx(100)
    change = levers(found)["replicas"]
    assert change.action[0].after == 2
    assert change.predicted_gain == pytest.approx(2.0, rel=0.1)


def test_waiting_for_others_is_bounded_by_threads_and_more_of_them_help():
    found = Shop(cpu=0.001, outside=0.099, uses=[waits("http.prices:9001", 0.099)]).diagnosis()
    assert named(found) == "app.threads"
    assert found.stations[0].bound == pytest.approx(40)
    assert "http.prices:9001 99% of GET /" in found.findings[0].text
    assert found.findings[0].line == 21
    change = levers(found)["threads"]
    assert change.action[0].after >= 32
    assert change.predicted_gain > 6
    # How soon it is asked the same again is not known here.
    assert "cache-result" not in levers(found)


def test_mail_in_a_request_is_moved_behind_it():
    found = Shop(cpu=0.002, outside=0.060, uses=[waits("smtp.prices:9001", 0.060)]).diagnosis()
    assert levers(found)["background-task"].where == "shop.py:21"


def test_an_event_loop_is_not_bounded_by_what_it_awaits():
    found = Shop(
        cpu=0.002, outside=0.1, loop=0.002, interface="asgi", slots=32,
        uses=[waits("http.prices:9001", 0.1)],
    ).diagnosis()  # fmt: skip
    assert named(found) == "app.cpu"
    assert "threads" not in levers(found)


def test_an_event_loop_that_stands_still_is_named_with_the_line():
    found = Shop(
        cpu=0.002, other=0.020, loop=0.022, interface="asgi", slots=32,
        stacks=[("wait", "shop.py:50", 90), ("cpu", "shop.py:60", 10)],
    ).diagnosis()  # fmt: skip
    assert named(found) == "app.loop"
    assert levers(found)["blocking-call"].where == "shop.py:50"


def test_one_connection_held_across_a_wait_bounds_and_is_widened():
    found = Shop(cpu=0.001, other=0.020, held=0.021, pool=1).diagnosis()
    assert named(found) == "db.pool"
    assert found.stations[0].bound == pytest.approx(1 / 0.021)
    assert levers(found)["pool-size"].predicted_gain > 2


def test_a_lock_is_named_by_the_time_others_wait_for_it():
    # Held 15 ms by one of four: the others stand in line for about 45 ms.
    found = Shop(cpu=0.001, other=0.015, lock_wait=0.043).diagnosis()
    assert named(found) == "app.lock"
    lock = next(s for s in found.stations if str(s.resource) == "app.lock")
    assert lock.demand == pytest.approx(0.015, rel=0.15)
    assert levers(found)["shared-state"].where == "shop.py:33"


def test_statements_in_a_loop_cost_the_interpreter_and_become_one():
    found = Shop(
        cpu=0.012, db_cpu=0.001, uses=[statements(80, 0.0000125)],
        stacks=[("driver", "shop.py:7", 80), ("cpu", "shop.py:90", 20)],
    ).diagnosis()  # fmt: skip
    assert named(found) == "app.cpu"
    assert any("around 80 statements a request" in f.text for f in found.findings)
    change = levers(found)["eager-load"]
    assert change.where == "shop.py:7"
    assert change.predicted_gain == pytest.approx(0.013 / 0.0026, rel=0.4)


def test_a_scan_names_the_database_and_the_column_to_index():
    slow = statements(1, 0.020, what="SELECT title FROM book WHERE book.title_key LIKE ? LIMIT ?")
    found = Shop(cpu=0.002, db_cpu=0.020, uses=[slow]).diagnosis()
    assert named(found) == "db.cpu"
    change = levers(found)["add-index"]
    assert change.where == "book(title_key)"
    assert change.action.inverse == "DROP INDEX ix_book_title_key"
    assert change.predicted_gain > 2


def test_neighbours_that_keep_the_cores_are_named_as_the_host():
    found = Shop(cpu=0.010, neighbours=1.7).diagnosis()
    assert named(found) == "host.cpu"


def test_what_one_second_blocks_cannot_decide_is_said():
    found = Shop(cpu=0.0050, other=0.0150, slots=4, varied=(0.8, 1.2, 0.8, 1.2)).diagnosis()
    assert found.confidence < 1
    assert {named(found), *map(str, found.also)} >= {"app.cpu", "app.threads"}


def test_changes_come_best_first_each_with_its_arithmetic():
    found = Shop(cpu=0.004, outside=0.05, uses=[waits("http.prices:9001", 0.05)]).diagnosis()
    gains = [change.predicted_gain for change in found.changes]
    assert gains == sorted(gains, reverse=True)
    assert all("/s -> " in change.arithmetic for change in found.changes)


@settings(deadline=None)
@given(
    cpu=st.floats(0.0005, 0.02),
    outside=st.floats(0, 0.2),
    other=st.floats(0, 0.05),
    claimed=st.floats(0, 0.3),
)
def test_what_a_route_needs_adds_up_to_its_time(cpu, outside, other, claimed):
    found = Shop(
        cpu=cpu, outside=outside, other=other, uses=[waits("http.prices:9001", claimed)]
    ).diagnosis()
    route = found.routes[0]
    assert sum(seconds for _, seconds in route.demands) == pytest.approx(cpu + outside + other)


@settings(deadline=None)
@given(
    cpu=st.floats(0.0005, 0.02),
    other=st.floats(0, 0.1),
    slots=st.integers(1, 16),
    replicas=st.integers(1, 3),
    pool=st.integers(0, 8),
)
def test_the_model_never_exceeds_the_tightest_resource(cpu, other, slots, replicas, pool):
    held = (cpu + other) / 2 if pool else 0.0
    model = Shop(cpu=cpu, other=other, slots=slots, replicas=replicas, pool=pool, held=held).model
    tightest = model.capacities(0.0)[0]
    assert model.uncorrected <= tightest.bound * 1.001
