"""A Pyramid application of other people, described by a PasteDeploy file, with PostgreSQL."""

import json
import shutil
import subprocess
import urllib.request
import uuid
from pathlib import Path

import pytest

from applications import APPLICATIONS

HERE = Path(__file__).parent

SETTINGS = """
[app:main]
use = egg:kinto
kinto.userid_hmac_secret = only of a test
multiauth.policies = basicauth
kinto.bucket_create_principals = system.Authenticated
kinto.storage_backend = kinto.core.storage.postgresql
kinto.storage_url = {url}
kinto.cache_backend = kinto.core.cache.postgresql
kinto.cache_url = {url}
kinto.permission_backend = kinto.core.permission.postgresql
kinto.permission_url = {url}

[server:main]
use = egg:gunicorn#main
workers = 1
threads = 2
"""
IN_MEMORY = """
[app:main]
use = egg:kinto
kinto.userid_hmac_secret = only of a test
kinto.includes = kinto_seed
multiauth.policies = basicauth
kinto.bucket_create_principals = system.Authenticated
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
"""
WORKLOAD = """
headers = { Authorization = "Basic cmVhZGVyOm9wZW4=" }

[[request]]
path = "/v1/buckets/shop/collections/books/records?_limit=100"
weight = 70
[[request]]
path = "/v1/buckets/shop/collections/books/records/book-{0..399}"
weight = 20
[[request]]
path = "/v1/"
weight = 10
"""
RECORDS = "GET /v1/buckets/{bucket_id}/collections/{collection_id}/records"


@pytest.fixture
def kinto(tmp_path, environment, postgres, surefoot):
    """A seeded Kinto on PostgreSQL, where ``surefoot`` runs; returns its interpreter."""
    import psycopg

    python = environment("kinto", *APPLICATIONS["kinto"])
    name = f"kinto_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create database {name}")
        connection.execute(f"alter database {name} set timezone to 'UTC'")
    url = f"{postgres.rpartition('/')[0]}/{name}"
    (tmp_path / "kinto.ini").write_text(SETTINGS.format(url=url))
    (tmp_path / "workload.toml").write_text(WORKLOAD)
    for command in (
        [python.with_name("kinto"), "migrate", "--ini", "kinto.ini"],
        [python, HERE / "kinto_seed.py", "kinto.ini"],
    ):
        subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=100, check=True)
    return python


@pytest.mark.timeout(500)
def test_it_is_served_from_its_memory(environment, surefoot, tmp_path, free_port):
    python = environment("kinto", *APPLICATIONS["kinto"])
    (tmp_path / "kinto.ini").write_text(IN_MEMORY)
    shutil.copy(HERE / "kinto_seed.py", tmp_path)
    port = str(free_port())
    process = surefoot.start("run", "kinto.ini", "--python", str(python), "--port", port)
    with process:
        assert any("r1.sock" in line for line in process.stdout)
        address = f"http://127.0.0.1:{port}/v1/buckets/shop/collections/books/records?_limit=3"
        headers = {"Authorization": "Basic cmVhZGVyOm9wZW4="}
        request = urllib.request.Request(address, headers=headers)
        with urllib.request.urlopen(request, timeout=20) as answer:
            titles = [each["title"] for each in json.load(answer)["data"]]
        process.terminate()
        process.communicate(timeout=30)
    assert titles == ["book 399", "book 398", "book 397"]
    assert surefoot.wait_until_nobody_is_left() == []


@pytest.mark.timeout(600)
def test_its_statements_are_named_with_their_lines(kinto, quiet, surefoot):
    words = ["kinto.ini", "--python", str(kinto), "--workload", "workload.toml"]
    words += ["--slo", "500ms", "--quantile", "0.9", "--seconds", "5"]
    run = surefoot("measure", *words, timeout=200)
    assert run.code in {0, 3}, run.err
    result = run.result
    # Two threads, as its own server has them.
    assert (result["framework"], result["slots"]) == ("pyramid", 2)
    # Its own Python, and SQLAlchemy's under it, is what the worker is busy with.
    assert result["bottleneck"]["resource"] in {"app.cpu", "host.cpu"}
    routes = {route["route"]: route for route in result["routes"]}
    records = routes[RECORDS]
    assert records["demands"]["app.cpu"] > records["demands"]["db.wait"] > 0.5
    # The server's own count, by pg_stat_statements: twice per request the collection's timestamp is
    # looked up and inserted again, everything else is asked for once.
    stamps = [each for each in records["evidence"] if "2 statements a request" in each["text"]]
    assert {each["file"] for each in stamps} == {"kinto/core/storage/postgresql/__init__.py"}
