"""Replicas come up, answer, are started again when they die, and leave nothing behind."""

import asyncio
import http.client
import json
import os
import shutil
import signal
import socket
import stat
from pathlib import Path

import pytest

from serving import BOUND, alive, second_answer, text, until
from surefoot.errors import InterpreterError, ServerError
from surefoot.toolbox.stack import Stack


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


@pytest.mark.parametrize("kind", ["flask_app", "fastapi_app"])
def test_every_replica_answers_on_its_own_socket_and_all_on_the_front(
    request, found, free_port, kind
):
    application, settings = found(request.getfixturevalue(kind), {"server.replicas": 2})

    async def main():
        async with Stack(application, settings, listen=f"127.0.0.1:{free_port}") as stack:
            assert stack.front == f"127.0.0.1:{free_port}"
            own = [await text(replica.address) for replica in stack.replicas]
            for body, replica in zip(own, stack.replicas, strict=True):
                assert str(replica.worker()) in body
                assert replica.worker() in replica.pids()
                assert replica.pid in replica.pids()
            assert await text(stack.front) in own
            assert stat.S_IMODE(stack.environ_directory.stat().st_mode) == 0o700
            for replica in stack.replicas:
                assert stat.S_IMODE(replica.socket.stat().st_mode) == 0o600
                assert os.getsid(replica.pid) == replica.pid
                assert len(os.fsencode(replica.socket)) <= 107
            pids = [pid for replica in stack.replicas for pid in replica.pids()]
        assert not [pid for pid in pids if alive(pid)]
        assert not stack.environ_directory.exists()
        assert not stack.left_over()

    asyncio.run(main())


def test_an_asgi_application_is_told_an_address_on_a_unix_socket(fastapi_app, found):
    application, settings = found(fastapi_app)

    async def main():
        async with Stack(application, settings) as stack:
            assert stack.front == ""
            return json.loads(await text(stack.replicas[0].address))

    assert asyncio.run(main())["host"] == "127.0.0.1"


def test_uvloop_and_httptools_are_used_where_the_environment_has_them(tmp_path, found):
    pytest.importorskip("uvloop")
    (tmp_path / "app.py").write_text("""
import asyncio, sys
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError
    said = type(asyncio.get_running_loop()).__module__.encode()
    said += b" httptools" if "httptools" in sys.modules else b""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said})
""")
    application, settings = found(tmp_path)

    async def main():
        async with Stack(application, settings) as stack:
            return await text(stack.replicas[0].address)

    assert asyncio.run(main()) == "uvloop httptools"


def test_an_idle_connection_is_kept_open_as_long_as_configured(flask_app, found):
    application, settings = found(flask_app, {"server.keep_alive": "60s"})

    async def main():
        async with Stack(application, settings) as stack:
            return await asyncio.to_thread(second_answer, stack.replicas[0].address)

    answer = asyncio.run(main())
    assert answer.status == 200
    assert not answer.will_close


def test_no_control_socket_is_opened(flask_app, found, tmp_path):
    application, settings = found(flask_app, HOME=str(tmp_path / "home"))

    async def main():
        async with Stack(application, settings) as stack:
            await text(stack.replicas[0].address)

    asyncio.run(main())
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("kind", ["flask_app", "fastapi_app"])
def test_a_replica_that_is_killed_is_started_again(request, found, free_port, kind):
    application, settings = found(request.getfixturevalue(kind))
    seen = []

    def watch(event):
        if event.what != "output":
            seen.append(event)

    async def main():
        async with Stack(
            application, settings, listen=f"127.0.0.1:{free_port}", watch=watch
        ) as stack:
            replica = stack.replicas[0]
            before = replica.pids()
            os.killpg(replica.pid, signal.SIGKILL)
            # The front socket is held: who comes meanwhile waits instead of being refused.
            assert await text(stack.front)
            await until(lambda: seen[-1].what == "up" and len(seen) > 2, "up again")
            assert str(replica.worker()) in await text(stack.front)
            assert not [pid for pid in before if alive(pid)]
            assert replica.restarts == 1
            assert not stack.failure.done()

    asyncio.run(main())
    assert [event.what for event in seen] == ["up", "died", "up"]
    assert seen[1].text == "killed by SIGKILL"


def test_a_worker_that_dies_under_its_master_is_counted(flask_app, found):
    application, settings = found(flask_app)

    async def main():
        async with Stack(application, settings) as stack:
            replica = stack.replicas[0]
            os.kill(replica.worker(), signal.SIGKILL)
            await until(lambda: replica.restarts == 1, "counted")
            await until(lambda: replica.worker() != 0, "worker back")
            assert str(replica.worker()) in await text(replica.address)

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["flask_app", "fastapi_app"])
def test_what_dies_as_often_as_it_is_started_ends_in_one_error(request, found, kind):
    application, settings = found(request.getfixturevalue(kind))

    async def main():
        async with Stack(application, settings) as stack:

            async def batter():
                while True:
                    try:
                        await text(stack.replicas[0].address, "/die")
                    except (OSError, http.client.HTTPException):
                        await asyncio.sleep(0.05)

            task = asyncio.create_task(batter())
            try:
                async with asyncio.timeout(90):
                    return await stack.failure
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    error = asyncio.run(main())
    assert isinstance(error, ServerError)
    assert error.message.startswith("replica 0 dies as often as it is started")


def test_a_replica_that_does_not_come_up_again_ends_in_its_own_last_words(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import pathlib, os
if pathlib.Path("broken").exists():
    raise RuntimeError("the licence has expired")
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]
""")
    application, settings = found(tmp_path)

    async def main():
        async with Stack(application, settings) as stack:
            (tmp_path / "broken").touch()
            os.kill(stack.replicas[0].pid, signal.SIGKILL)
            async with asyncio.timeout(60):
                return await stack.failure

    assert "the licence has expired" in asyncio.run(main()).message


@pytest.mark.parametrize(
    ("death", "words"),
    [
        ("raise RuntimeError('no database')", "RuntimeError: no database"),
        ("os._exit(3)", "last words"),
        ("raise SystemExit", "last words"),
    ],
)
def test_a_first_start_that_fails_is_one_error_with_the_application_s_words(
    tmp_path, found, death, words
):
    (tmp_path / "app.py").write_text(f"""
import os
print("last words", flush=True)
if "SUREFOOT_SETTINGS" in os.environ:
    {death}
def app(environ, start_response): ...
""")
    application, settings = found(tmp_path, {"server.replicas": 2})

    async def main():
        async with Stack(application, settings) as stack:
            pytest.fail(f"{stack.replicas} came up")

    with pytest.raises(ServerError) as caught:
        asyncio.run(main())
    assert caught.value.message.startswith("replica ")
    assert words in caught.value.message


def test_an_address_in_use_is_one_error_and_nothing_is_started(flask_app, found):
    application, settings = found(flask_app)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        async def main():
            async with Stack(application, settings, listen=f"127.0.0.1:{port}"):
                pytest.fail("came up")

        with pytest.raises(ServerError, match=f"127.0.0.1:{port} is in use by ") as caught:
            asyncio.run(main())
    assert f"process {os.getpid()}" in caught.value.message
    assert "--listen" in caught.value.do


def test_requests_under_way_are_finished_before_a_graceful_end(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import time
def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.7)
    start_response("200 OK", [])
    return [b"finished"]
""")
    application, settings = found(tmp_path)

    async def main():
        async with Stack(application, settings) as stack:
            slow = asyncio.create_task(text(stack.replicas[0].address, "/slow"))
            await asyncio.sleep(0.3)
        return await slow

    assert asyncio.run(main()) == "finished"


def test_what_ignores_the_end_is_killed_after_the_grace(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import time
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/stuck":
        time.sleep(3600)
    await send({"type": "http.response.body", "body": b"ok"})
""")
    application, settings = found(tmp_path, {"server.graceful_timeout": "500ms"})

    async def main():
        async with Stack(application, settings) as stack:
            stuck = asyncio.create_task(text(stack.replicas[0].address, "/stuck"))
            await asyncio.sleep(0.3)
        await asyncio.gather(stuck, return_exceptions=True)
        return stack.left_over()

    assert asyncio.run(main()) == set()


def test_children_that_left_their_session_are_ended_too(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import os, subprocess, sys
if "SUREFOOT_SETTINGS" in os.environ:
    subprocess.Popen(
        [sys.executable, "-c",
         "import os, time; open(f'pid-{os.getpid()}', 'w'); time.sleep(3600)"],
        start_new_session=True)
def app(environ, start_response):
    start_response("200 OK", [])
    return [b"ok"]
""")
    application, settings = found(tmp_path)

    async def main():
        async with Stack(application, settings) as stack:
            await until(lambda: list(tmp_path.glob("pid-*")), "the escaped child is there")
            os.kill(stack.replicas[0].pid, signal.SIGKILL)
            await until(lambda: len(list(tmp_path.glob("pid-*"))) >= 2, "so is a second one")

    asyncio.run(main())
    pids = [int(path.name.removeprefix("pid-")) for path in tmp_path.glob("pid-*")]
    assert len(pids) >= 2
    assert not [pid for pid in pids if alive(pid)]


@pytest.mark.parametrize("after", [0.0, 0.01, 0.05, 0.15, 0.3])
def test_cancelled_at_any_moment_it_leaves_nothing(flask_app, found, free_port, after):
    application, settings = found(flask_app, {"server.replicas": 2})
    stack = None

    async def main():
        nonlocal stack
        stack = Stack(application, settings, listen=f"127.0.0.1:{free_port}")
        async with stack:
            await asyncio.sleep(3600)

    async def cancelled():
        task = asyncio.create_task(main())
        await asyncio.sleep(after)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert task.cancelled()

    asyncio.run(cancelled())
    assert not stack.left_over()
    assert stack.environ_directory == Path() or not stack.environ_directory.exists()
    with socket.socket() as again:
        again.bind(("127.0.0.1", free_port))


def test_cancelled_while_it_ends_gracefully_it_ends_at_once_and_leaves_nothing(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import time
def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(3600)
    start_response("200 OK", [])
    return [b"ok"]
""")
    application, settings = found(tmp_path, {"server.graceful_timeout": "1h"})

    async def main():
        async with Stack(application, settings) as stack:
            slow = asyncio.create_task(text(stack.replicas[0].address, "/slow"))
            await asyncio.sleep(0.2)
            asyncio.get_running_loop().call_later(0.3, stack.hurry)
        await asyncio.gather(slow, return_exceptions=True)
        return stack.left_over()

    assert asyncio.run(main()) == set()


def test_what_the_application_prints_is_passed_on_and_kept(flask_app, found):
    application, settings = found(flask_app)
    seen = []

    async def main():
        async with Stack(application, settings, watch=seen.append) as stack:
            assert "flask starts" in stack.log_tail()

    asyncio.run(main())
    assert [e.text for e in seen if e.what == "output"].count("flask starts") == 1


def test_long_output_is_kept_in_bounds(tmp_path, found):
    (tmp_path / "app.py").write_text("""
def app(environ, start_response):
    for _ in range(60):
        print("x" * 100_000, flush=True)
    print("the end", flush=True)
    start_response("200 OK", [])
    return [b"ok"]
""")
    application, settings = found(tmp_path)

    async def main():
        async with Stack(application, settings) as stack:
            replica = stack.replicas[0]
            await text(replica.address)
            await until(lambda: "the end" in stack.log_tail(3), "read to the end")
            await until(lambda: replica.output.path.stat().st_size < 5_000_000, "emptied")
            assert stack.log_tail(1) == "the end"

    asyncio.run(main())


def test_the_worker_is_told_its_settings(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import os, sys
def app(environ, start_response):
    start_response("200 OK", [])
    return [os.environ["SUREFOOT_SETTINGS"].encode()]
""")
    application, settings = found(tmp_path, {"server.threads": 3})

    async def main():
        async with Stack(application, settings) as stack:
            return json.loads(await text(stack.replicas[0].address))

    told = asyncio.run(main())
    assert told["config"]["server"]["threads"] == 3
    assert told["config"]["app"]["target"] == "app:app"
    assert told["code"] == [str(tmp_path), "app"]
    assert (told["replica"], told["records"], told["every"]) == ("0", "", False)


def test_no_secret_is_in_any_command_line(tmp_path, found):
    (tmp_path / "app.py").write_text("""
def make(key):
    def app(environ, start_response):
        start_response("200 OK", [])
        return [key.encode()]
    return app
""")
    (tmp_path / "secret.env").write_text("TOKEN=hunter2\n")
    (tmp_path / "surefoot.toml").write_text(
        "[app]\ntarget='app:make()'\nenv_file='secret.env'\n[app.settings]\nkey = 'hunter3'\n"
    )
    application, settings = found(tmp_path)

    async def main():
        async with Stack(application, settings) as stack:
            assert await text(stack.replicas[0].address) == "hunter3"
            return [command_line(pid) for pid in stack.replicas[0].pids()]

    lines = asyncio.run(main())
    assert lines
    assert not [line for line in lines if "hunter" in line]


def test_an_application_in_another_python_runs_with_nothing_installed_there(
    tmp_path, found, other_python
):
    (tmp_path / "app.py").write_text("""
import sys
def app(environ, start_response):
    start_response("200 OK", [])
    return [f"{sys.version_info[0]}.{sys.version_info[1]}".encode()]
""")
    try:
        application, settings = found(tmp_path, {"app.python": other_python})
    except InterpreterError as error:
        pytest.skip(f"no server for {other_python}: {error}")

    async def main():
        async with Stack(application, settings) as stack:
            return await text(stack.replicas[0].address)

    version = ".".join(map(str, application.interpreter.version[:2]))
    assert asyncio.run(main()) == version


def test_a_lifespan_that_fails_is_named_in_the_first_line(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import contextlib, fastapi
@contextlib.asynccontextmanager
async def life(app):
    raise RuntimeError("no broker")
    yield
app = fastapi.FastAPI(lifespan=life)
""")
    application, settings = found(tmp_path)

    async def main():
        async with Stack(application, settings):
            pytest.fail("came up")

    with pytest.raises(ServerError) as caught:
        asyncio.run(main())
    assert caught.value.message.splitlines()[0].endswith("first answer: RuntimeError: no broker")


def test_hooks_of_a_gunicorn_conf_py_run_and_what_surefoot_sets_wins(flask_app, found, tmp_path):
    (tmp_path / "gunicorn.conf.py").write_text(f"""
workers = 4
pidfile = {str(tmp_path / "gunicorn.pid")!r}
def post_fork(server, worker):
    print("hook ran", flush=True)
""")
    application, settings = found(flask_app, {"server.replicas": 2})

    async def main():
        async with Stack(application, settings) as stack:
            assert [len(replica.pids()) for replica in stack.replicas] == [2, 2]
            return stack.log_tail()

    assert asyncio.run(main()).count("hook ran") == 2
    assert not (tmp_path / "gunicorn.pid").exists()


def test_a_replica_that_cannot_be_started_again_is_one_error(flask_app, found):
    application, settings = found(flask_app)

    async def main():
        async with Stack(application, settings) as stack:
            shutil.rmtree(stack.environ_directory)
            os.killpg(stack.replicas[0].pid, signal.SIGKILL)
            async with asyncio.timeout(BOUND):
                return await stack.failure

    error = asyncio.run(main())
    assert isinstance(error, ServerError)
    assert "No such file or directory" in error.message


def test_who_watches_and_fails_does_not_stop_what_runs(flask_app, found):
    application, settings = found(flask_app)

    def watch(event):
        raise BrokenPipeError

    async def main():
        async with Stack(application, settings, watch=watch) as stack:
            replica, before = stack.replicas[0], stack.replicas[0].pid
            os.killpg(before, signal.SIGKILL)
            await until(lambda: replica.pid != before and replica.up_since > 0, "up again")
            assert await text(replica.address)
        assert not stack.environ_directory.exists()

    asyncio.run(main())
