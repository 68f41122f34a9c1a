import asyncio
import os
import signal
import threading
import time
from collections import Counter

import pytest

from surefoot.errors import ServerError
from surefoot.toolbox.load import Closed, Generator, Schedule

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def ok(_):
    return OK


def run(coroutine):
    return asyncio.run(coroutine)


def test_a_frozen_server_shows_in_the_response_of_all_who_were_due(stoppable, workload):
    process, url = stoppable

    def freeze():
        time.sleep(0.5)
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.0)
        process.send_signal(signal.SIGCONT)

    async def main():
        async with Generator(workload({"path": "/"}), [url]) as generator:
            freezer = threading.Thread(target=freeze)
            freezer.start()
            result = await generator.run(Schedule("uniform", 200, 3))
            freezer.join()
            return result

    result = run(main())
    assert (result.sent, result.unsent, result.completed) == (600, 0, 600)
    # A third of the requests fell into the second of standstill, and waited half of it on average.
    assert result.response.count_above(0.25) >= 600 * 0.15
    assert result.response.maximum >= 0.9


def test_a_server_that_never_answers_times_out_and_the_count_is_complete(load):
    async def never(_):
        await asyncio.sleep(60)

    (result,), _ = load(never, Schedule("uniform", 50, 1), timeout=0.5)
    assert result.sent == 50
    assert result.completed == 0
    assert result.errors == {"time-out": 50}
    assert set(result.samples.status) == {1}
    assert result.response.count == 50
    assert result.response.quantile(0.5) >= 0.5
    assert result.valid


def test_a_connection_closed_while_idle_is_opened_again_silently(load):
    async def then_close(asked):
        if asked.nth == 3:
            await asyncio.sleep(0)
            return None
        return OK

    (result,), _ = load(then_close, Closed(1, 20.0, requests=60))
    assert result.errors == {}
    assert result.completed == 60
    assert result.retries > 0


def test_a_request_that_must_not_be_sent_twice_is_an_error_then(load):
    async def then_close(asked):
        return None if asked.nth == 3 else OK

    document = {"request": [{"path": "/", "method": "POST", "body": "x"}]}
    (result,), served = load(then_close, Closed(1, 20.0, requests=40), document=document)
    assert result.errors == {"connection closed": 10}
    assert result.retries == 0
    assert len(served.asked) == 40
    assert Counter(result.samples.status) == {200: 30, 0: 10}


def test_a_server_that_always_closes_is_an_error_and_no_endless_loop(load):
    async def close(_):
        return None

    (result,), _ = load(close, Schedule("uniform", 50, 0.4))
    assert result.errors == {"connection closed": 20}
    assert result.completed == 0


def test_a_server_that_closes_after_each_answer_is_served_by_new_connections(load):
    async def closing(_):
        return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"

    (result,), served = load(closing, Closed(2, 20.0, requests=50))
    assert result.errors == {}
    assert result.completed == 50
    assert served.connections >= 50


def test_an_answer_without_length_ends_with_its_connection(load):
    async def old(asked):
        return b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nhello"

    (result,), _ = load(old, Closed(1, 20.0, requests=20))
    assert result.errors == {}
    assert result.statuses == {200: 20}


def test_an_answer_cut_short_is_an_error(load):
    async def short(_):
        return b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 500\r\n\r\nhello"

    (result,), _ = load(short, Closed(1, 20.0, requests=20))
    assert result.errors == {"connection closed": 20}


def test_an_answer_that_is_no_http_is_an_error(load):
    async def rubbish(_):
        return b"SSH-2.0-OpenSSH_9.2\r\nconnection: close\r\n"

    (result,), _ = load(rubbish, Schedule("uniform", 50, 0.4))
    assert result.errors == {"malformed answer": 20}


@pytest.mark.parametrize(
    ("status", "expect", "errors"),
    [
        ("500 Oops", [], {"status 500": 20}),
        ("302 Found", [], {"status 302": 20}),
        ("302 Found", [302], {}),
        ("200 OK", [201], {"status 200": 20}),
        ("404 Not Found", [200, 404], {}),
        ("429 Too Many", [], {"status 429": 20}),
    ],
)
def test_a_status_is_right_if_expected(load, answers, status, expect, errors):
    async def handler(_):
        return answers(b"x", status)

    document = {"request": [{"path": "/", "expect": expect}]}
    (result,), _ = load(handler, Closed(1, 20.0, requests=20), document=document)
    assert result.errors == errors
    assert sum(result.samples.failed) == sum(errors.values())
    assert result.completed == 20


def test_a_server_that_goes_away_is_counted_as_refused(serve, workload, tcp):
    async def main():
        async with serve(ok, tcp) as served:
            generator = Generator(workload({"path": "/"}), [served.address])
            await generator.__aenter__()
        try:
            return await generator.run(Schedule("uniform", 50, 0.4))
        finally:
            await generator.__aexit__(None, None, None)

    result = run(main())
    assert result.sent == 20
    assert sum(result.errors.values()) == 20
    assert set(result.errors) <= {"connection refused", "connection closed"}
    # A refusal is quick; it must not make the latencies look good.
    assert result.response.count == 0


def test_past_the_allowed_connections_requests_wait_and_the_wait_counts(load):
    async def slow(_):
        await asyncio.sleep(0.1)
        return OK

    (result,), served = load(slow, Schedule("uniform", 40, 1), connections=2)
    # Two connections carry 20 a second, so that the last of 40 waits about a second.
    assert (result.sent, result.unsent) == (40, 0)
    assert served.connections <= 3
    assert result.response.maximum > 0.8
    assert result.response.quantile(0.8) > result.service.quantile(0.8) + 0.3
    assert result.lag.quantile(0.8) < result.response.quantile(0.8) / 2


def test_what_could_not_be_sent_is_counted_and_the_run_is_invalid(load):
    async def never(_):
        await asyncio.sleep(60)

    (result,), _ = load(never, Schedule("uniform", 40, 1), connections=2, timeout=0.5)
    assert (result.sent, result.unsent) == (2, 38) or result.sent + result.unsent == 40
    assert result.unsent > 0
    assert not result.valid
    assert "could not be sent: every connection allowed was in use" in result.why_invalid


def test_a_sending_process_that_dies_is_one_clear_error(serve, workload, unix):
    async def main():
        async with (
            serve(ok, unix) as served,
            Generator(workload({"path": "/"}), [served.address]) as generator,
        ):
            loop = asyncio.get_running_loop()
            loop.call_later(0.3, os.kill, generator.pids[0], signal.SIGKILL)
            await generator.run(Schedule("uniform", 50, 30))

    with pytest.raises(ServerError, match=r"ended unexpectedly \(signal 9\)"):
        run(main())


def test_a_run_that_is_cancelled_leaves_no_process(serve, workload, unix, eventually):
    pids = []

    async def main():
        async with (
            serve(ok, unix) as served,
            Generator(workload({"path": "/"}), [served.address], processes=2) as generator,
        ):
            pids.extend(generator.pids)
            async with asyncio.timeout(0.5):
                await generator.run(Schedule("uniform", 50, 30))

    with pytest.raises(TimeoutError):
        run(main())
    assert len(pids) == 2
    for pid in pids:
        assert eventually(lambda pid=pid: not alive(pid))


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
