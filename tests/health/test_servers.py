"""Behind real servers, with what they depend on killed and frozen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from servers import wait_until

KINDS = ("gunicorn", "uvicorn", "tornado")
AWAY = "203.0.113.9"
REDIS = """
[cache]
url = "{url}"
[[health.check]]
name = "cache"
hard = {hard}
timeout = "300ms"
"""
OWN = """
from surefoot import health
@health.check("plain", hard=False)
def plain():
    raise RuntimeError("as amqp://user:S3cr3t@host said")
@health.check("coroutine")
async def coroutine():
    pass
"""

pytestmark = pytest.mark.parametrize("kind", KINDS)


def test_the_paths_are_answered_before_the_application(served, kind, tmp_path):
    found = served(kind, "[response]\ncompress = true\n", OWN)
    for path in ("/livez", "/readyz", "/startupz"):
        for method in ("GET", "HEAD"):
            status, headers, body = found.ask(path, method, **{"Accept-Encoding": "gzip"})
            told = {name.lower(): value for name, value in headers.items()}
            assert status == 200
            assert told["cache-control"] == "no-store"
            assert "content-encoding" not in told
            assert bool(body) == (method == "GET")
    assert found.ask("/")[::2] == (200, "/")
    assert found.ask("/healthz/readyz")[::2] == (200, "/healthz/readyz")
    assert found.ask("/livez", "POST")[0] == 405
    assert found.ask("/readyz?verbose=1")[0] == 200


def test_one_connection_serves_them_and_the_application(served, kind):
    found = served(kind)
    with found.connected() as connection:
        connection.auto_open = 0  # a closed one is not opened anew
        connection.connect()
        for method, path in [("HEAD", "/readyz"), ("GET", "/"), ("GET", "/livez"), ("GET", "/")]:
            connection.request(method, path)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200


def test_checks_of_the_application_and_who_sees_them(served, kind):
    found = served(kind, '[health]\ntoken_env = "HEALTH_TOKEN"\n', OWN, HEALTH_TOKEN="open sesame")
    for unix in (False, True):
        status, _, body = found.ask(unix=unix)
        lines = body.splitlines()
        assert (status, lines[0]) == (200, "degraded")
        assert "RuntimeError: as amqp://...@host said" in lines[1]
        assert lines[2].startswith("coroutine: ok (hard")
    assert found.ask(**{"X-Forwarded-For": f"127.0.0.1, {AWAY}"})[2] == "degraded\n"
    known = found.ask(Authorization="Bearer open sesame", **{"X-Forwarded-For": AWAY})
    assert "plain: failed" in known[2]


def test_with_another_prefix_the_application_keeps_its_own_route(served, kind):
    found = served(kind, '[health]\nprefix = "/-/"\n')
    assert found.ask("/-/readyz")[::2] == (200, "ok\n")
    assert found.ask("/readyz")[::2] == (200, "/readyz")


def test_a_file_takes_it_out_while_everything_is_served(served, kind, tmp_path):
    file = tmp_path / "draining"
    found = served(kind, SUREFOOT_DRAINING=str(file))
    assert found.word() == (200, "ok")
    file.touch()
    assert found.word() == (503, "draining")
    assert found.word("/livez") == (200, "ok")
    assert found.ask("/")[0] == 200


def test_a_soft_check_of_a_store_that_is_killed_and_frozen(served, kind, own_redis):
    found = served(kind, REDIS.format(url=own_redis.url, hard="false"))
    assert found.word() == (200, "ok")
    own_redis.kill()
    wait_until(lambda: found.word() == (200, "degraded"))
    assert found.failing() == {"cache"}
    assert found.word("/livez") == (200, "ok")
    own_redis.start()
    wait_until(lambda: found.word() == (200, "ok"))
    own_redis.freeze()
    wait_until(lambda: found.word() == (200, "degraded"))
    with ThreadPoolExecutor(8) as pool:
        # It may be asked by many, and holds up none of the requests in the end.
        asked = [pool.submit(found.word) for _ in range(8)]
        assert found.ask("/")[0] == 200
        assert {each.result()[0] for each in asked} == {200}
    own_redis.thaw()
    wait_until(lambda: found.word() == (200, "ok"))


def test_a_hard_check_takes_it_out_and_lets_it_in_again(served, kind, own_redis):
    own_redis.kill()
    found = served(kind, REDIS.format(url=own_redis.url, hard="true"))
    assert found.word("/startupz") == (503, "starting")
    assert found.word() == (503, "failed")
    assert found.ask("/")[0] == 200
    own_redis.start()
    wait_until(lambda: found.word("/startupz") == (200, "ok"))
    own_redis.freeze()
    wait_until(lambda: found.word() == (503, "failed"))
    assert found.word("/startupz") == (200, "ok")
    assert found.word("/livez") == (200, "ok")
    own_redis.thaw()
    wait_until(lambda: found.word() == (200, "ok"))
