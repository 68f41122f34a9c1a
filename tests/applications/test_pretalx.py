"""A Django application of other people, from its package index, with nothing of ours in it."""

import subprocess
import uuid
from urllib.parse import urlsplit

import pytest

from applications import APPLICATIONS

WORKLOAD = """
[[request]]
path = "/democon/schedule/"
headers = { Host = "localhost" }
weight = 20
[[request]]
path = "/democon/schedule/export/schedule.json"
headers = { Host = "localhost" }
weight = 60
[[request]]
path = "/api/events/democon/submissions/?page_size=50"
headers = { Host = "localhost" }
weight = 20
"""
CONFIG = """
[app]
target = "pretalx.wsgi:application"
python = "{python}"
[server]
# Its renderer of Markdown is one for all threads, and garbles what two of them ask of it at once.
threads = 1
[slo]
latency = "2s"
quantile = 0.95
[workload]
file = "workload.toml"
[data]
disposable = true
"""
OWNER = {
    "PRETALX_INIT_ORGANISER_NAME": "Organiser",
    "PRETALX_INIT_ORGANISER_SLUG": "organiser",
    "DJANGO_SUPERUSER_EMAIL": "organiser@example.org",
    "DJANGO_SUPERUSER_PASSWORD": "only for a test",
}
STEPS = (
    "migrate",
    "collectstatic --noinput",
    "init --noinput",
    "create_test_event --stage schedule --slug democon --seed 1",
)


@pytest.fixture
def conference(tmp_path, environment, postgres, surefoot):
    """A seeded pretalx on PostgreSQL, configured where ``surefoot`` runs."""
    import psycopg

    python = environment("pretalx", *APPLICATIONS["pretalx"])
    name = f"pretalx_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create database {name}")
    parts = urlsplit(postgres)
    surefoot.environ |= {
        "PRETALX_DB_TYPE": "postgresql",
        "PRETALX_DB_NAME": name,
        "PRETALX_DB_USER": str(parts.username),
        "PRETALX_DB_HOST": str(parts.hostname),
        "PRETALX_DB_PORT": str(parts.port),
        "PRETALX_SITE_URL": "http://localhost",
        "PRETALX_DEBUG": "False",
    }
    for kind in ("LOGS", "MEDIA", "STATIC"):
        folder = tmp_path / kind.lower()
        folder.mkdir()
        surefoot.environ[f"PRETALX_FILESYSTEM_{kind}"] = str(folder)
    for step in STEPS:
        subprocess.run(
            [python, "-m", "pretalx", *step.split()],
            cwd=tmp_path,
            env=surefoot.environ | OWNER,
            capture_output=True,
            timeout=300,
            check=True,
        )
    with psycopg.connect(f"{postgres.rpartition('/')[0]}/{name}", autocommit=True) as connection:
        connection.execute("update event_event set is_public = true")
    (tmp_path / "workload.toml").write_text(WORKLOAD)
    (tmp_path / "surefoot.toml").write_text(CONFIG.format(python=python))


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("conference")
def test_its_bottleneck_is_named_and_the_loop_of_statements_behind_its_export(surefoot):
    run = surefoot("measure", "--seconds", "6", timeout=300)
    assert run.code in {0, 3}, run.err
    result = run.result
    assert result["framework"] == "django"
    # Templates and serializers in Python; the one thread is busy for as long and a little longer.
    assert result["bottleneck"]["resource"] in {"app.cpu", "host.cpu", "app.threads"}
    demands = {resource["name"]: resource["demand_ms"] for resource in result["resources"]}
    assert 0 < demands["db.cpu"] < demands["app.cpu"] / 2
    routes = {route["route"]: route for route in result["routes"]}
    assert routes.keys() >= {
        "GET /<slug:event>/schedule/",
        "GET /<slug:event>/schedule/export/<name>",
        "GET /api/events/<slug:event>/submissions/",
    }
    # Its own log of statements shows 36 for each of the two lines.
    export = routes["GET /<slug:event>/schedule/export/<name>"]["evidence"]
    loops = [line for line in export if line["file"] == "pretalx/schedule/exporters.py"]
    assert len(loops) >= 2
    assert all("36 statements a request" in line["text"] for line in loops)
    assert "eager-load" in {change["lever"] for change in result["changes"]}
