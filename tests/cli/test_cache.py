"""`surefoot cache`: what a store holds, what is under a key, and taking it away."""

import functools
import json
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from command import run_surefoot
from surefoot.cache import Cache, Codec
from surefoot.cli.cache_get import got
from surefoot.cli.cache_place import Place
from surefoot.errors import UsageError

READER = """
import pathlib, sys, time
from surefoot.cache import Cache

cache = Cache.from_url(sys.argv[1], name=sys.argv[2], local="1MB")
said = None
while True:
    value = cache.get_or_compute("k", pathlib.Path(sys.argv[3]).read_text, ttl=600, tags=["t"])
    if value != said:
        print(value, flush=True)
        said = value
    time.sleep(0.01)
"""


@pytest.fixture
def surefoot(tmp_path):
    """Runs a command in the project's directory."""
    return functools.partial(run_surefoot, tmp_path)


@pytest.fixture(params=["sqlite", "redis"])
def url(request, tmp_path):
    """Of a store that can list what it holds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/cache.db"
    return request.getfixturevalue("redis").url


@pytest.fixture
def name():
    """Of a cache that nobody else has."""
    return f"books-{uuid4().hex[:8]}"


@pytest.fixture
def cache(url, name):
    made = Cache.from_url(url, name=name, codec=Codec(pickle_key=b"k" * 16))
    yield made
    made.close()


def test_stats_count_by_cache(surefoot, url, cache, name):
    cache.set_many({"a": "x" * 100, "b": 7}, ttl=60, tags=["t"])
    cache.set("c", 1, ttl=600)
    cache.incr("n", ttl=60)
    other = Cache.from_url(url, name=f"{name}-2")
    other.set("a", 1, ttl=60)
    other.close()
    told = json.loads(surefoot("cache", "stats", "--url", url, "--json").stdout)
    found = {each["name"]: each for each in told["caches"]}
    assert found[name]["values"] == 4
    assert found[name]["tags"] == 1
    assert found[name]["bytes"] > 250
    assert 50 < found[name]["first_ends"] < 70
    assert 500 < found[name]["last_ends"] < 700
    assert found[f"{name}-2"]["values"] == 1
    alone = surefoot("cache", "stats", "--url", url, "--name", f"{name}-2").stdout
    lines = alone.splitlines()
    assert len(lines) == 3
    assert lines[2].split()[:2] == [f"{name}-2", "1"]


def test_stats_see_what_is_stale_and_what_is_being_computed(url, cache, name, surefoot):
    cache.set("old", 1, ttl=0.01, stale=600)
    began, end = threading.Event(), threading.Event()

    def compute():
        began.set()
        end.wait(60)
        return 1

    thread = threading.Thread(target=lambda: cache.get_or_compute("new", compute, ttl=60))
    thread.start()
    assert began.wait(60)
    time.sleep(0.02)
    told = surefoot("cache", "stats", "--url", url, "--name", name, "--json").stdout
    (found,) = json.loads(told)["caches"]
    claimed = got(Place(url, Path("/")), name, "new")
    end.set()
    thread.join()
    assert (found["values"], found["stale"], found["claimed"]) == (1, 1, 1)
    assert (claimed.state, claimed.claimed > 0) == ("claimed", True)


def test_what_is_nobody_s_cache_is_not_counted(surefoot, redis):
    redis.said("SET session:1 x")
    redis.said("SET books:1 x")
    redis.said("HSET hash:=1 a b")
    told = json.loads(surefoot("cache", "stats", "--url", redis.url, "--json").stdout)
    assert not {"session", "books", "hash"} & {each["name"] for each in told["caches"]}


def test_get_tells_state_and_times(url, cache, name):
    place = Place(url, Path("/"))
    assert got(place, name, "k").state == "absent"
    cache.set("k", {"title": "Äther", "tags": ["a", None]}, ttl=60, stale=600, tags=["t", "u"])
    found = got(place, name, "k")
    assert (found.state, found.tags, found.codec) == ("fresh", ("t", "u"), "msgpack")
    assert found.value == {"title": "Äther", "tags": ["a", None]}
    assert 0 <= found.age < 50 < found.ttl < 61 < found.stale < 661
    cache.invalidate(tags=["u"])
    found = got(place, name, "k")
    assert (found.state, found.changed) == ("invalidated", ("u",))
    cache.set("k", "v", ttl=0.01, stale=600)
    time.sleep(0.02)
    assert got(place, name, "k").state == "stale"
    cache.incr("n", 41, ttl=60)
    assert (got(place, name, "n").state, got(place, name, "n").value) == ("number", 41)


@dataclass
class Book:
    title: str


def test_get_shows_what_json_has_and_nothing_else(url, cache, name):
    place = Place(url, Path("/"))
    cache.set("tuple", (1, 2), ttl=60)
    assert got(place, name, "tuple").value == [1, 2]
    cache.set("book", Book("A"), ttl=60, type=Book)
    assert got(place, name, "book").value == {"title": "A"}
    cache.set("pickled", Book("A"), ttl=60)
    pickled = got(place, name, "pickled")
    assert pickled.value is None
    assert "pickled" in pickled.hidden
    assert "not shown" in pickled.text()


def test_get_shows_no_secret(url, name):
    place = Place(url, Path("/"))
    cache = Cache.from_url(url, name=name, codec=Codec(allow_secrets=True))
    cache.set("user", {"name": "A", "password": "hunter2"}, ttl=60)
    cache.set("shop.users.api_token(user=7)", "hunter2", ttl=60)
    cache.close()
    for key in ("user", "shop.users.api_token(user=7)"):
        found = got(place, name, key)
        assert "secret" in found.hidden
        assert "hunter2" not in found.text() + json.dumps(found.data())


def test_get_takes_the_key_as_the_function_tells_it(surefoot, url, cache, name):
    @cache.cached(ttl=60, name="shop.load")
    def load(number: int) -> str:
        return f"book {number}"

    load(7)
    assert load.key(7) == "shop.load(number=7)"
    shown = surefoot("cache", "get", name, load.key(7), "--url", url).stdout
    assert "shop.load(number=7) in " in shown
    assert '"book 7"' in shown
    words = ("--url", url, "--name", name, "--key", load.key(7))
    assert surefoot("cache", "get", *words).stdout.splitlines()[0] == shown.splitlines()[0]


def test_what_is_written_there_cannot_speak_to_the_terminal(surefoot, url, cache, name):
    cache.set("k", "\x1b[2J", ttl=60)
    assert "\x1b" not in surefoot("cache", "get", name, "k", "--url", url).stdout


def test_invalidate_takes_keys_and_tags_away(surefoot, url, cache, name):
    cache.set_many({"a": 1, "b": 2}, ttl=60)
    cache.set("c", 3, ttl=60, tags=["t"])
    words = ("--name", name, "--key", "a", "--key", "missing", "--tag", "t", "--json")
    told = json.loads(surefoot("cache", "invalidate", "--url", url, *words).stdout)
    assert (told["keys"], told["tags"], told["all"]) == (1, ["t"], False)
    assert cache.get_many(["a", "b", "c"]) == {"b": 2}


def test_invalidate_takes_a_whole_cache_away_and_no_other(surefoot, url, cache, name):
    other = Cache.from_url(url, name=f"{name}-2")
    for each in (cache, other):
        each.set_many({str(number): number for number in range(1200)}, ttl=60, tags=["t"])
    done = surefoot("cache", "invalidate", "--url", url, "--name", name, "--all")
    assert "1,200 values taken away" in done.stdout
    assert cache.get_many(map(str, range(1200))) == {}
    assert len(other.get_many(map(str, range(1200)))) == 1200
    other.close()


def test_invalidate_leaves_keys_that_only_begin_alike(surefoot, redis, name):
    cache = Cache.from_url(redis.url, name=name)
    cache.set("k", 1, ttl=60)
    redis.said(f"SET {name}:7 theirs")
    redis.said("SET r:7 theirs")
    surefoot("cache", "invalidate", "--url", redis.url, "--name", name, "--all")
    surefoot("cache", "invalidate", "--url", redis.url, "--responses", "--all")
    assert cache.get("k") is None
    assert redis.said(f"GET {name}:7") == redis.said("GET r:7") == "theirs"
    cache.close()


@pytest.mark.parametrize("words", [("--key", "k"), ("--tag", "t"), ("--all",)])
def test_copies_of_a_running_process_are_gone(surefoot, url, name, tmp_path, words):
    truth = tmp_path / "truth"
    truth.write_text("old\n")
    command = [sys.executable, "-c", READER, url, name, str(truth)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as reader:
        try:
            assert reader.stdout.readline() == "old\n"
            reader.stdout.readline()
            truth.write_text("new\n")
            done = surefoot("cache", "invalidate", "--url", url, "--name", name, *words)
            assert done.returncode == 0
            assert reader.stdout.readline() == "new\n"
        finally:
            reader.kill()


def test_memcached_tells_its_counters_and_takes_keys(surefoot, memcached, name):
    cache = Cache.from_url(memcached.url, name=name)
    cache.set_many({"a": 1, "b": 2}, ttl=60)
    words = ("--url", memcached.url)
    assert "cannot list what it holds" in surefoot("cache", "stats", *words).stdout
    (server,) = json.loads(surefoot("cache", "stats", *words, "--json").stdout)["servers"].values()
    assert server["curr_items"] >= 2
    assert "fresh" in surefoot("cache", "get", name, "a", *words).stdout
    assert surefoot("cache", "invalidate", *words, "--name", name, "--key", "a").returncode == 0
    assert cache.get_many(["a", "b"]) == {"b": 2}
    refused = surefoot("cache", "invalidate", *words, "--name", name, "--all")
    assert refused.returncode == 2
    assert "do: invalidate by key or tag" in refused.stderr
    cache.close()


def test_the_store_of_the_configuration_is_the_one(surefoot, tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "surefoot.toml").write_text(
        "[app]\ndirectory = 'app'\n[cache]\nurl = 'sqlite:///kept.db'\n"
    )
    missing = surefoot("cache", "stats")
    assert missing.returncode == 2
    assert f"there is no cache in {tmp_path}/app/kept.db" in missing.stderr
    assert not list((tmp_path / "app").iterdir()), "to look is not to make one"
    cache = Cache.from_url(f"sqlite:///{tmp_path}/app/kept.db", name="books")
    cache.set("k", 1, ttl=60)
    cache.close()
    assert "books" in surefoot("cache", "stats").stdout


def test_memory_cannot_be_asked(surefoot):
    refused = surefoot("cache", "stats")
    assert refused.returncode == 2
    assert "do: look at the caches that surefoot measure shows" in refused.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("invalidate", "--all"),
        ("invalidate", "--name", "books"),
        ("invalidate", "--name", "books", "--all", "--key", "k"),
        ("invalidate", "--name", "no:name", "--all"),
        ("invalidate", "--responses", "--key", "k"),
        ("invalidate", "--responses", "--name", "books", "--all"),
        ("invalidate", "books", "--all"),
        ("get", "books"),
        ("get", "books", "k", "k"),
        ("get", "GET", "/books", "--responses"),
        ("get", "books", "k", "--all"),
        ("stats", "--all"),
        ("stats", "books"),
    ],
)
def test_words_that_do_not_fit_are_told(surefoot, url, words):
    done = surefoot("cache", *words, "--url", url)
    assert done.returncode == 2
    assert done.stderr.startswith("surefoot: ")


def test_a_password_is_taken_from_the_environment_and_shown_nowhere(surefoot, free_port):
    url = f"redis://user:hunter2@127.0.0.1:{free_port()}/0"
    told = surefoot("cache", "stats", "--url", url)
    assert told.returncode == 2
    assert "do: leave --url out, and set SUREFOOT_CACHE_URL" in told.stderr
    assert "hunter2" not in told.stdout + told.stderr
    for words in (("stats",), ("get", "b", "k"), ("invalidate", "--name", "b", "--key", "k")):
        done = surefoot("cache", *words, SUREFOOT_CACHE_URL=url)
        assert done.returncode == 1
        assert "hunter2" not in done.stdout + done.stderr
        assert "127.0.0.1" in done.stderr
    with pytest.raises(UsageError) as told:
        Place("memory://", Path("/"))
    assert "hunter2" not in repr(Place(url, Path("/"))) + str(told.value)
