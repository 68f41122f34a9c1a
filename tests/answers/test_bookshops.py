"""The example bookshops against themselves, orders included: nothing differs."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def services():
    """The world around the bookshops; gives the environment that points to it."""
    waits = [f"--{kind}-wait=0.001" for kind in ("price", "delivery", "stock", "mail")]
    command = [sys.executable, "services.py", "--http-port=0", "--mail-port=0", *waits]
    with subprocess.Popen(command, cwd=EXAMPLES, stdout=subprocess.PIPE, text=True) as process:
        told = json.loads(process.stdout.readline())
        yield {"BOOKSHOP_SERVICES": told["http"], "BOOKSHOP_MAIL": told["mail"]}
        process.terminate()


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Three copies of the seeded database, in a directory each."""
    first = tmp_path_factory.mktemp("bookshop")
    seed = "from bookshop import settings, storage; storage.prepare(settings.read().database_url)"
    environ = os.environ | {"BOOKSHOP_DATA": str(first)}
    subprocess.run([sys.executable, "-c", seed], cwd=EXAMPLES, env=environ, check=True)
    others = [tmp_path_factory.mktemp("copy") / "data" for _ in range(2)]
    for other in others:
        shutil.copytree(first, other)
    return [first, *others]


@pytest.mark.parametrize(
    "target",
    [
        "flask_bookshop.app:create_app()",
        "pyramid_bookshop.app:create_app()",
        "fastapi_bookshop.app:create_app()",
        "django_bookshop.wsgi:application",
    ],
)
def test_a_bookshop_answers_as_it_does_itself(site, target, services, data):
    shop = site(EXAMPLES, target)
    document = tomllib.loads((EXAMPLES / "workload.toml").read_text())
    sides = [shop.up(**services, BOOKSHOP_DATA=str(each)) for each in data]
    variation, answers = shop.compare_stacks(sides, document, requests=150)
    assert (answers.differing, answers.notes) == (0, ()), answers.examples
    assert answers.compared == 150
    assert all(shape == type(shape)() for shape in variation.shapes.values())
