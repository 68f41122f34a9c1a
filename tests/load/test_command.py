import asyncio
import json
import os
import signal
import subprocess
import sys
import threading

import pytest

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def ok(_):
    return OK


@pytest.fixture
def background(serve, tcp):
    """A server that runs in a thread while the command is a process of its own."""
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    box = []

    async def main():
        async with serve(ok, tcp) as served:
            box.append(served)
            ready.set()
            await stop.wait()

    def target():
        loop.run_until_complete(main())
        loop.close()

    thread = threading.Thread(target=target)
    thread.start()
    assert ready.wait(10)
    yield box[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)
    assert not thread.is_alive()


def surefoot(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "surefoot", *words],
        capture_output=True, text=True, timeout=60, check=False, **options,
    )  # fmt: skip


def start(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "surefoot", *words],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_json_holds_what_others_rely_on(background, tmp_path):
    file = tmp_path / "out.json"
    done = surefoot(
        "load", background.address, "--rate", "200", "--seconds", "1", "--arrivals", "uniform",
        "--json", str(file),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    data = json.loads(file.read_text())
    assert (data["sent"], data["unsent"], data["valid"], data["errors"]) == (200, 0, True, {})
    for table in ("response_ms", "service_ms"):
        assert list(data[table]) == ["p50", "p90", "p95", "p99", "p999", "max"]
        assert 0 < data[table]["p50"] <= data[table]["max"]
    assert data["generator_cpu_us"] > 0
    assert data["lag_ms"]["p99"] >= 0
    assert data["requests"][0]["name"] == "GET /"
    assert data["statuses"] == {"200": 200}


def test_the_screen_shows_response_beside_service(background):
    done = surefoot("load", background.address, "--rate", "100", "--seconds", "500ms")
    assert done.returncode == 0
    words = [line.split()[0] for line in done.stdout.splitlines() if line]
    assert "response" in words
    assert "service" in words
    assert "0 errors, 0 unsent" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    "shape",
    [
        ("--ramp", "50..150"),
        ("--step", "50,100,150"),
        ("--spike", "300", "--rate", "50"),
        ("--spike", "300@0.1+0.2", "--rate", "50"),
        ("--in-flight", "3"),
    ],
)
def test_every_shape_can_be_asked_for(background, shape):
    done = surefoot("load", background.address, "--seconds", "0.6", *shape, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["completed"] > 20


def test_a_trace_is_followed(background, tmp_path):
    file = tmp_path / "trace"
    file.write_text("".join(f"{n / 100}\n" for n in range(30)))
    done = surefoot("load", background.address, "--trace", str(file), "--json")
    assert json.loads(done.stdout)["sent"] == 30


def test_a_request_can_be_described_on_the_command_line(background, tmp_path):
    (tmp_path / "body").write_text("hello")
    done = surefoot(
        "load", background.address + "/a?b={4..4}", "--method", "put", "--header", "X-A: b: c",
        "--body", f"@{tmp_path}/body", "--rate", "50", "--seconds", "0.2", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    asked = background.asked[0]
    assert (asked.method, asked.path, asked.body) == ("PUT", "/a?b=4", b"hello")
    assert asked.headers["x-a"] == "b: c"


def test_a_workload_file_can_be_given(background, tmp_path):
    (tmp_path / "w.toml").write_text('[[request]]\npath = "/x"\n[[request]]\npath = "/y"\n')
    done = surefoot(
        "load", background.address, "--workload", str(tmp_path / "w.toml"), "--rate", "100",
        "--seconds", "0.5", "--json",
    )  # fmt: skip
    assert {entry["name"] for entry in json.loads(done.stdout)["requests"]} == {"GET /x", "GET /y"}
    assert {asked.path for asked in background.asked} == {"/x", "/y"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_with_what_was_measured(background, number, eventually, tmp_path):
    file = tmp_path / "out.json"
    process = start(
        "load", background.address, "--rate", "100", "--seconds", "60", "--json", str(file)
    )
    assert eventually(lambda: len(background.asked) > 20)
    workers = children(process.pid)
    assert workers
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in out
    assert "Traceback" not in err
    data = json.loads(file.read_text())
    assert data["interrupted"]
    assert data["sent"] > 20
    assert all(gone(pid) for pid in workers)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_before_anything_was_sent_ends_too(serve, tcp, number, eventually, tmp_path):
    # Nobody answers the log-in, so that the run never begins.
    async def never(_):
        await asyncio.sleep(60)

    (tmp_path / "w.toml").write_text(
        'users = 1\n[[request]]\npath = "/in"\nlogin = true\n[[request]]\npath = "/"\n'
    )

    async def main():
        async with serve(never, tcp) as served:
            process = start("load", tcp, "--workload", str(tmp_path / "w.toml"))
            assert await asyncio.to_thread(eventually, lambda: served.asked)
            workers = children(process.pid)
            process.send_signal(number)
            out = await asyncio.to_thread(process.communicate, timeout=30)
            return process.returncode, out, workers

    code, (_, err), workers = asyncio.run(main())
    assert code == 130
    assert "Traceback" not in err
    assert workers
    assert all(eventually(lambda pid=pid: gone(pid)) for pid in workers)


def test_nothing_is_left_behind_when_it_is_killed(background, eventually):
    process = start(
        "load", background.address, "--rate", "50", "--seconds", "60", "--processes", "2"
    )
    assert eventually(lambda: len(background.asked) > 5)
    workers = children(process.pid)
    assert len(workers) == 2
    process.kill()
    _, err = process.communicate(timeout=30)
    assert err == ""
    assert all(eventually(lambda pid=pid: gone(pid)) for pid in workers)


WRONG = [
    (("load", "https://127.0.0.1/"), "https:// cannot be loaded yet"),
    (("load", "http://192.0.2.1/"), "--i-own-this-host"),
    (("load", "http://127.0.0.1:1/", "--rate", "fast"), "'fast' is not a rate"),
    (("load", "http://127.0.0.1:1/", "--seconds", "soon"), "'soon' is not a duration"),
    (("load", "http://127.0.0.1:1/", "--seconds", "0"), "--seconds is 0"),
    (("load", "http://127.0.0.1:1/", "--rate", "0"), "holds no request"),
    (("load", "http://127.0.0.1:1/", "--ramp", "5"), "write --ramp 100..500"),
    (("load", "http://127.0.0.1:1/", "--spike", "5@1"), "write --spike 1000@5s+2s"),
    (("load", "http://127.0.0.1:1/", "--processes", "0"), "--processes is 0"),
    (("load", "http://127.0.0.1:1/", "--header", "nonsense"), "no header line"),
    (("load", "http://127.0.0.1:1/", "--workload", "no.toml"), "no.toml cannot be read"),
    (("load", "http://127.0.0.1:1/", "--workload", "w", "--body", "x"), "go with a URL"),
    (("load", "http://127.0.0.1:1/a", "--workload", "w"), "--workload names others"),
    (("load", "http://127.0.0.1:1/{9..1}"), "ends before it starts"),
    (("load", "http://127.0.0.1:1/", "--body", "@/no/such"), "cannot be read"),
]


@pytest.mark.parametrize(("words", "said"), WRONG)
def test_wrong_words_are_one_clear_line(words, said):
    done = surefoot(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_nobody_listening_is_one_clear_line(tcp):
    done = surefoot("load", tcp)
    assert done.returncode == 1
    assert "nothing takes connections" in done.stderr
    assert "do: start the application first" in done.stderr


def test_an_invalid_run_has_an_exit_code_of_its_own(serve, unix):
    async def never(_):
        await asyncio.sleep(60)

    async def main():
        async with serve(never, unix):
            return await asyncio.to_thread(
                surefoot, "load", unix, "--rate", "40", "--seconds", "1",
                "--connections", "1", "--timeout", "300ms",
            )  # fmt: skip

    done = asyncio.run(main())
    assert done.returncode == 3
    assert "INVALID" in done.stdout


def test_no_answer_at_all_is_the_application_s_failure(serve, unix):
    async def close(_):
        return None

    async def main():
        async with serve(close, unix):
            return await asyncio.to_thread(
                surefoot, "load", unix, "--rate", "40", "--seconds", "0.5"
            )

    done = asyncio.run(main())
    assert done.returncode == 1
    assert "x connection closed" in done.stdout


def test_help_shows_an_example():
    done = surefoot("load", "--help")
    assert done.returncode == 0
    assert "surefoot load http://127.0.0.1:8000/ --rate 500" in done.stdout


def children(pid: int) -> list[int]:
    out = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", f"{pid}"], capture_output=True, text=True, check=False
    )
    return [int(word) for word in out.stdout.split()]


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
