"""Checks are called at once, seldom, each in its time, and one call of each at most."""

from __future__ import annotations

import asyncio
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from servers import wait_until
from surefoot import health
from surefoot.errors import UsageError
from surefoot.health.board import Board
from surefoot.health.checks import Check, own_checks

LONG = 30.0


class Fixed:
    """A clock that is moved by hand."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Counted:
    """A check that counts its calls and can be made to hang."""

    def __init__(self, name="counted", *, timeout=LONG, asynchronous=False, hard=False):
        self.calls = 0
        self.go = threading.Event()
        self.go.set()
        function = self.called if asynchronous else self.call
        self.check = Check(name, function, hard, timeout, asynchronous)

    def call(self):
        self.calls += 1
        assert self.go.wait(LONG)

    async def called(self):
        self.calls += 1
        while not self.go.is_set():  # noqa: ASYNC110 - it is told by threads too
            await asyncio.sleep(0.005)


def looked(board, asynchronous):
    return asyncio.run(board.look_async()) if asynchronous else board.look()


@pytest.fixture(params=[False, True], ids=["threads", "loop"])
def look(request):
    return lambda board: looked(board, request.param)


def errors(outcomes):
    return {each.name: each.error for each in outcomes}


def failing(error):
    def function():
        raise error

    return function


@pytest.mark.parametrize("asynchronous", [False, True], ids=["plain", "coroutine"])
@pytest.mark.parametrize(
    ("result", "error"),
    [
        (None, ""),
        (0, ""),
        ("", ""),
        (True, ""),
        (False, "it returned False"),
        (ValueError("no luck"), "ValueError: no luck"),
        (ValueError(), "ValueError"),
        (OSError("redis://:secret@host"), "OSError: redis://...@host"),
    ],
    ids=str,
)
def test_what_counts_as_failed(look, asynchronous, result, error):
    def plain():
        if isinstance(result, Exception):
            raise result
        return result

    async def coroutine():
        return plain()

    function = coroutine if asynchronous else plain
    board = Board(lambda: [Check("shop", function, False, LONG, asynchronous)])
    assert errors(look(board)) == {"shop": error}


def test_a_check_that_exits_has_failed(look):
    board = Board(lambda: [Check("shop", failing(SystemExit(3)), False, LONG)])
    assert errors(look(board)) == {"shop": "SystemExit: 3"}


@pytest.mark.parametrize("asynchronous", [False, True], ids=["plain", "coroutine"])
def test_outcomes_are_told_again_for_a_second(look, asynchronous):
    clock, counted = Fixed(), Counted(asynchronous=asynchronous)
    board = Board(lambda: [counted.check], clock)
    look(board)
    clock.now += 0.99
    look(board)
    assert counted.calls == 1
    clock.now += 0.02
    look(board)
    assert counted.calls == 2


def test_many_threads_that_ask_at_once_cause_one_round():
    counted = Counted()
    counted.go.clear()
    board = Board(lambda: [counted.check])
    with ThreadPoolExecutor(20) as pool:
        asking = [pool.submit(board.look) for _ in range(20)]
        wait_until(lambda: counted.calls == 1)
        counted.go.set()
        found = {errors(each.result(LONG))["counted"] for each in asking}
    assert found == {""}
    assert counted.calls == 1


@pytest.mark.parametrize("asynchronous", [False, True], ids=["plain", "coroutine"])
def test_many_tasks_that_ask_at_once_cause_one_round_and_the_loop_goes_on(asynchronous):
    counted = Counted(asynchronous=asynchronous)
    counted.go.clear()
    board = Board(lambda: [counted.check])

    async def main():
        asking = [asyncio.create_task(board.look_async()) for _ in range(20)]
        while not counted.calls:  # noqa: ASYNC110 - a thread counts
            await asyncio.sleep(0.001)
        assert not any(task.done() for task in asking)
        counted.go.set()
        return {errors(each)["counted"] for each in await asyncio.gather(*asking)}

    assert asyncio.run(main()) == {""}
    assert counted.calls == 1


def test_checks_are_called_concurrently(look):
    meet = threading.Barrier(2)
    names = ("one", "other")
    checks = [Check(name, lambda: meet.wait(LONG) and None, False, LONG) for name in names]
    assert errors(look(Board(lambda: checks))) == {"one": "", "other": ""}


def test_a_plain_check_that_hangs_is_one_thread_and_holds_nobody_up(look):
    clock, hanging, well = Fixed(), Counted("hanging", timeout=0.05), Counted("well")
    hanging.go.clear()
    board = Board(lambda: [hanging.check, well.check], clock)
    try:
        for _ in range(5):
            found = errors(look(board))
            assert found == {"hanging": "no answer within 50ms", "well": ""}
            clock.now += 1.0
        assert hanging.calls == 1
        assert well.calls == 5
        mine = [t for t in threading.enumerate() if t.name == "surefoot-health-hanging"]
        assert len(mine) == 1
    finally:
        hanging.go.set()
    # It has returned, is called again, and is well.
    mine[0].join(LONG)
    assert errors(look(board))["hanging"] == ""
    assert hanging.calls == 2


@pytest.mark.parametrize("asynchronous", [False, True], ids=["threads", "loop"])
def test_a_coroutine_that_hangs_is_cancelled(asynchronous):
    cancelled = threading.Event()

    async def hang():
        try:
            await asyncio.sleep(LONG)
        finally:
            cancelled.set()

    board = Board(lambda: [Check("hang", hang, False, 0.05, asynchronous=True)])
    assert errors(looked(board, asynchronous)) == {"hang": "no answer within 50ms"}
    assert cancelled.wait(LONG)


def test_an_answer_that_came_too_late_is_a_failure():
    clock = Fixed()

    def slow():
        clock.now += 2.0

    (found,) = Board(lambda: [Check("slow", slow, False, 1.0)], clock).look()
    assert found.error in {"answered after 2s, not within 1s", "no answer within 1s"}


def test_a_coroutine_runs_in_the_loop_that_serves():
    async def main():
        here = asyncio.get_running_loop()
        seen = []

        async def look():
            seen.append(asyncio.get_running_loop())

        await Board(lambda: [Check("look", look, False, LONG, asynchronous=True)]).look_async()
        assert seen == [here]

    asyncio.run(main())


def test_a_coroutine_is_told_nothing_of_the_request_that_asks():
    import contextvars

    variable = contextvars.ContextVar("request", default=None)

    async def main():
        variable.set("somebody's")
        seen = []

        async def look():
            seen.append(variable.get())

        await Board(lambda: [Check("look", look, False, LONG, asynchronous=True)]).look_async()
        assert seen == [None]

    asyncio.run(main())


def test_somebody_who_goes_away_takes_nothing_from_the_others():
    counted = Counted()
    counted.go.clear()
    board = Board(lambda: [counted.check])

    async def main():
        impatient, patient = (asyncio.create_task(board.look_async()) for _ in range(2))
        while not counted.calls:  # noqa: ASYNC110 - a thread counts
            await asyncio.sleep(0.001)
        impatient.cancel()
        await asyncio.sleep(0)
        counted.go.set()
        return errors(await patient)

    assert asyncio.run(main()) == {"counted": ""}


def test_without_checks_there_is_nothing_to_wait_for(look):
    assert look(Board(list)) == ()


# --- The decorator --------------------------------------------------------------------------------

names = (f"name-{number}" for number in itertools.count())


def test_a_decorated_function_stays_what_it_is_and_is_known():
    name = next(names)

    @health.check(name, hard=False, timeout=2.5)
    def look():
        return "well"

    assert look() == "well"
    (found,) = (each for each in own_checks() if each.name == name)
    assert (found.hard, found.timeout, found.asynchronous) == (False, 2.5, False)


def test_a_coroutine_function_is_known_as_one():
    name = next(names)

    @health.check(name)
    async def look(): ...

    (found,) = (each for each in own_checks() if each.name == name)
    assert (found.hard, found.timeout, found.asynchronous) == (True, 1.0, True)


def test_a_module_that_is_executed_again_replaces_its_checks():
    name = next(names)

    def define():
        @health.check(name)
        def look(): ...

    define()
    define()
    assert len([each for each in own_checks() if each.name == name]) == 1


def test_two_checks_of_one_name_are_refused():
    name = next(names)

    @health.check(name)
    def one(): ...

    with pytest.raises(UsageError, match="already"):

        @health.check(name)
        def other(): ...


@pytest.mark.parametrize("name", ["", "a b", "a\nb", "-a", "x" * 65])
def test_a_name_that_cannot_be_shown_is_refused(name):
    with pytest.raises(UsageError, match="no name"):
        health.check(name)


@pytest.mark.parametrize("timeout", [0, -1, float("nan")])
def test_a_check_needs_time(timeout):
    with pytest.raises(UsageError, match="no time"):
        health.check("patient", timeout=timeout)
