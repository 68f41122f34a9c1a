"""A Flask application of other people, from its package index, with nothing of ours in it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from applications import APPLICATIONS

HERE = Path(__file__).parent

SETTINGS = """
SQLALCHEMY_DATABASE_URI = "sqlite:///{database}"
SECRET_KEY = "only for a test"
SESSION_COOKIE_SECURE = False
ACTIVATE_DEMO_PROJECT = True
MAIL_DEFAULT_SENDER = ("Budget", "budget@example.org")
MAIL_SUPPRESS_SEND = True
"""

# Two users: the application lets one address log in only so often.
WORKLOAD = """
users = 2

[[data.who]]
project = "house0"
[[data.who]]
project = "house1"

[[session]]
login = true
[[session.request]]
path = "/authenticate?project_id={who.project}"
capture = { csrf = 'name="csrf_token"[^>]*value="([^"]+)"' }
[[session.request]]
method = "POST"
path = "/authenticate?project_id={who.project}"
form = { csrf_token = "{csrf}", id = "{who.project}", password = "open" }
expect = 302

[[request]]
path = "/{who.project}/"
weight = 60
[[request]]
path = "/{who.project}/statistics"
weight = 20
[[request]]
path = "/{who.project}/settle_bills"
weight = 20
"""


@pytest.fixture
def house(tmp_path, environment):
    """A seeded ihatemoney; returns its interpreter and the environment it runs in."""
    python = environment("ihatemoney", *APPLICATIONS["ihatemoney"])
    settings = tmp_path / "settings.py"
    settings.write_text(SETTINGS.format(database=tmp_path / "ihatemoney.sqlite3"))
    (tmp_path / "workload.toml").write_text(WORKLOAD)
    environ = {k: v for k, v in os.environ.items() if not k.startswith("SUREFOOT_")}
    environ["IHATEMONEY_SETTINGS_FILE_PATH"] = str(settings)
    seeded = subprocess.run(
        [python, HERE / "ihatemoney_seed.py"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert seeded.stdout.split()[-1] == "600"
    return python, environ


@pytest.mark.timeout(900)
def test_its_bottleneck_is_named_with_the_lines_that_make_it(house, quiet, tmp_path):
    python, environ = house
    words = ["ihatemoney.wsgi:application", "--python", str(python), "--threads", "2"]
    words += ["--workload", "workload.toml", "--slo", "2s", "--quantile", "0.95"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "surefoot",
            "measure",
            *words,
            "--seconds",
            "6",
            "--json",
            "o.json",
        ],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "o.json").read_text())
    assert result["bottleneck"]["resource"] == "app.cpu"
    assert result["bottleneck"]["confidence"] > 0.9
    # Balances are computed anew in Python for each page; another profiler finds most of the time
    # below the same lines: the loop over bills in models.py and the template that shows them.
    files = {line["file"] for line in result["bottleneck"]["evidence"]}
    assert files & {"ihatemoney/models.py", "ihatemoney/web.py"}
    routes = {route["route"]: route for route in result["routes"]}
    assert routes["GET /<project_id>/"]["demands"]["app.cpu"] > 10
    assert "set server.replicas" in done.stdout or os.cpu_count() == 1
