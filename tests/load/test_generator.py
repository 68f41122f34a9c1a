import asyncio
from collections import Counter

import pytest

from surefoot.errors import ServerError, UsageError
from surefoot.toolbox.load import Closed, Generator, Schedule


def test_every_request_of_an_even_schedule_is_sent_and_answered(load):
    (result,), served = load(_ok, Schedule("uniform", 200, 1))
    assert (result.sent, result.unsent, result.completed) == (200, 0, 200)
    assert len(served.asked) == 200
    assert result.statuses == {200: 200}
    assert result.errors == {}
    assert result.names == ("GET /",)
    assert len(result.samples) == 200
    assert result.response.count == 200
    assert result.valid


async def _ok(_):
    return b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def test_it_speaks_to_tcp_and_to_unix_sockets(load, tcp, unix):
    for address in (tcp, unix):
        (result,), served = load(_ok, Schedule("uniform", 100, 0.3), address=address)
        assert result.completed == 30
        host = address.removeprefix("http://") if address == tcp else "localhost"
        assert {asked.headers["host"] for asked in served.asked} == {host}


def test_response_is_never_shorter_than_service(load):
    async def slow(_):
        await asyncio.sleep(0.01)
        return await _ok(_)

    (result,), _ = load(slow, Schedule("poisson", 200, 1))
    samples = result.samples
    for response, service in zip(samples.response, samples.service, strict=True):
        assert response >= service >= 0.01 * 0.9


def test_several_runs_share_their_processes_and_connections(load):
    (first, second), served = load(_ok, Schedule("uniform", 100, 0.5), Closed(2, 5.0, requests=40))
    assert (first.completed, second.completed) == (50, 40)
    assert served.connections <= 50
    assert first.seed != second.seed


def test_a_closed_model_keeps_its_population_in_flight(load):
    now, most = 0, 0

    async def counting(_):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.005)
        now -= 1
        return await _ok(_)

    (result,), _ = load(counting, Closed(7, 1.0))
    assert most == 7
    assert result.completed > 7
    assert set(result.statuses) == {200}


def test_a_closed_model_stops_after_so_many_requests(load):
    (result,), served = load(_ok, Closed(3, 30.0, requests=50), processes=2)
    assert result.completed == len(served.asked) == 50
    assert result.seconds < 30


def test_the_same_arrivals_whatever_the_number_of_processes(load):
    plan = Schedule("poisson", 300, 1)
    due = []
    for processes in (1, 2, 3):
        (result,), _ = load(_ok, plan, processes=processes, seed=5)
        due.append(sorted(round(time, 6) for time in result.samples.due))
    assert due[0] == due[1] == due[2]


def test_another_seed_gives_other_arrivals(load):
    plan = Schedule("poisson", 100, 0.5)
    dues = [sorted(load(_ok, plan, seed=seed)[0][0].samples.due) for seed in (1, 2)]
    assert dues[0] != dues[1]


def test_requests_are_dealt_evenly_over_addresses(serve, workload, short_path):
    async def main():
        async with (
            serve(_ok, f"unix:{short_path}/a") as a,
            serve(_ok, f"unix:{short_path}/b") as b,
            serve(_ok, f"unix:{short_path}/c") as c,
        ):
            servers = (a, b, c)
            async with Generator(workload({"path": "/"}), [s.address for s in servers]) as g:
                await g.run(Schedule("poisson", 300, 1))
                return [len(s.asked) for s in servers]

    counts = asyncio.run(main())
    assert max(counts) - min(counts) <= 1


def test_the_mix_follows_the_weights(load):
    document = {"request": [{"path": "/a", "weight": 3}, {"path": "/b", "weight": 1}]}
    (result,), served = load(_ok, Closed(4, 20.0, requests=1000), document=document)
    paths = Counter(asked.path for asked in served.asked)
    assert paths["/a"] + paths["/b"] == 1000
    assert 680 <= paths["/a"] <= 820  # six standard deviations around 750
    by_index = Counter(result.samples.request)
    assert by_index[result.names.index("GET /a")] == paths["/a"]


def test_templates_are_filled_in(load):
    document = {
        "data": {"word": ["love", "war"]},
        "request": [
            {"path": "/books/{1..3}?q={word}", "method": "POST", "json": {"n": "{7..7}"}},
        ],
    }
    _, served = load(_ok, Closed(2, 20.0, requests=60), document=document)
    paths = {asked.path for asked in served.asked}
    assert paths == {f"/books/{n}?q={w}" for n in (1, 2, 3) for w in ("love", "war")}
    assert {asked.body for asked in served.asked} == {b'{"n":7}'}
    assert served.asked[0].headers["content-type"] == "application/json"


def test_the_instant_of_sending_is_stamped_if_asked_for(load):
    import time

    before = time.time()
    (result,), served = load(_ok, Schedule("uniform", 50, 0.4), stamp=True)
    stamps = [float(asked.headers["x-request-start"].removeprefix("t=")) for asked in served.asked]
    assert len(stamps) == result.sent == 20
    assert stamps == sorted(stamps)
    assert before < stamps[0]
    assert stamps[-1] < time.time()
    _, plain = load(_ok, Schedule("uniform", 50, 0.1))
    assert "x-request-start" not in plain.asked[0].headers


def test_a_head_request_has_no_body_to_wait_for(load):
    async def head(_):
        return b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"

    document = {"request": [{"path": "/", "method": "HEAD"}]}
    (result,), served = load(head, Closed(1, 20.0, requests=20), document=document)
    assert result.statuses == {200: 20}
    assert served.connections <= 2  # and one that asked whether anybody listens


CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
)
EARLY_HINTS = (
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
)
LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(CHUNKED, id="chunked"),
        pytest.param(EARLY_HINTS, id="early hints"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", id="empty"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", id="204"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", id="304"),
        pytest.param(LARGE, id="large"),
    ],
)
def test_answers_of_every_shape_keep_the_connection(load, reply):
    async def handler(_):
        return reply

    (result,), served = load(handler, Closed(1, 20.0, requests=30))
    assert result.errors == {}
    assert result.completed == 30
    assert served.connections <= 2


def test_its_processes_are_gone_afterwards(serve, workload, unix):
    import os

    async def main():
        async with serve(_ok, unix) as served:
            async with Generator(workload({"path": "/"}), [served.address], processes=2) as g:
                pids = g.pids
                await g.run(Closed(1, 5.0, requests=5))
            return pids

    for pid in asyncio.run(main()):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_nobody_listening_is_said_at_once(workload, tcp):
    async def main():
        async with Generator(workload({"path": "/"}), [tcp]):
            pass

    with pytest.raises(ServerError, match=r"nothing takes connections at http://127\.0\.0\.1:"):
        asyncio.run(main())


@pytest.mark.parametrize("address", ["http://192.0.2.7:80", "http://[2001:db8::1]:80"])
def test_another_host_is_refused(workload, address):
    with pytest.raises(UsageError, match="is not this machine"):
        Generator(workload({"path": "/"}), [address])


@pytest.mark.parametrize("address", ["http://localhost:80", "http://[::1]:80", "127.0.0.2:80"])
def test_this_machine_by_any_name_is_allowed(workload, address):
    Generator(workload({"path": "/"}), [address])


@pytest.mark.parametrize(
    "address", ["https://127.0.0.1", "ftp://127.0.0.1", "unix:", "http://127.0.0.1:99999", ""]
)
def test_what_is_no_address_is_refused(workload, address):
    with pytest.raises(UsageError):
        Generator(workload({"path": "/"}), [address])


def test_progress_is_told_while_it_runs(serve, workload, unix):
    seen = []

    async def main():
        async with (
            serve(_ok, unix) as served,
            Generator(workload({"path": "/"}), [served.address]) as g,
        ):
            await g.run(Schedule("uniform", 100, 1.8), progress=seen.append)

    asyncio.run(main())
    assert len(seen) >= 2
    assert seen[-1].ended > seen[0].ended >= 0
    assert seen[-1].p99 >= seen[-1].p50 > 0


def test_a_run_ends_early_with_what_was_measured(serve, workload, unix):
    async def slow(asked):
        await asyncio.sleep(0.2)
        return await _ok(asked)

    async def main():
        stop = asyncio.Event()
        async with (
            serve(slow, unix) as served,
            Generator(workload({"path": "/"}), [served.address]) as g,
        ):
            asyncio.get_running_loop().call_later(1.0, stop.set)
            first = await g.run(Schedule("uniform", 100, 60), stop=stop)
            second = await g.run(Schedule("uniform", 20, 0.5))
            return first, second

    first, second = asyncio.run(main())
    assert first.interrupted
    assert 0 < first.seconds < 60
    assert first.completed > 0
    assert first.valid
    assert not second.interrupted
    assert second.completed == 10


def test_a_run_that_is_stopped_before_it_begins_sends_next_to_nothing(serve, workload, unix):
    async def main():
        stop = asyncio.Event()
        stop.set()
        async with (
            serve(_ok, unix) as served,
            Generator(workload({"path": "/"}), [served.address], processes=2) as g,
        ):
            plans = (Schedule("uniform", 100, 60), Closed(3, 60.0))
            return [await g.run(plan, stop=stop) for plan in plans]

    for result in asyncio.run(main()):
        assert result.interrupted
        assert result.elapsed < 60


def test_more_processes_than_requests_in_flight_do_not_wait_for_the_end(load):
    (result,), _ = load(_ok, Closed(1, 600.0, requests=10), processes=3)
    assert result.completed == 10
    assert result.elapsed < 600


def test_a_name_is_looked_up_once_and_still_sent(free_port, serve, workload):
    async def main():
        async with serve(_ok, f"http://127.0.0.1:{free_port}") as served:
            name = f"http://localhost:{free_port}"
            async with Generator(workload({"path": "/"}), [name]) as g:
                await g.run(Closed(1, 20.0, requests=5))
            return served

    hosts = {asked.headers["host"] for asked in asyncio.run(main()).asked}
    assert hosts == {f"localhost:{free_port}"}
