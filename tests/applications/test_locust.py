"""A locustfile is run by locust itself, in an environment of its own, and sent again."""

import json
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
LOCUSTFILE = """
import random
from locust import FastHttpUser, HttpUser, SequentialTaskSet, between, task


class Reader(HttpUser):
    wait_time = between(1, 2)

    def on_start(self):
        self.client.get("/")

    @task(9)
    def book(self):
        self.client.get(f"/books/{random.randint(1, 20000)}", name="/books/[id]")

    @task
    def order(self):
        book = {"book": random.randint(1, 20000), "copies": 1, "email": "reader@example.org"}
        self.client.post("/orders", json=book)


class Browser(FastHttpUser):
    wait_time = between(1, 2)

    def on_start(self):
        self.client.get("/")

    @task
    class Search(SequentialTaskSet):
        @task
        def look(self):
            self.client.get("/search", params={"q": "silent river"})

        @task
        def turn(self):
            self.client.get("/books?page=2")
            self.interrupt()
"""


def test_a_locustfile_becomes_a_workload(environment, surefoot, services, tmp_path):
    python = environment("locust-2.47.0", "locust==2.47.0")
    surefoot.environ |= services | {"BOOKSHOP_FAULTS": "none", "BOOKSHOP_DATA": str(tmp_path)}
    surefoot.environ["PATH"] = f"{python.parent}:{surefoot.environ['PATH']}"
    file = tmp_path / "locustfile.py"
    file.write_text(LOCUSTFILE)
    out = tmp_path / "made.json"
    words = ["workload", "flask_bookshop.app:create_app()", "--from", str(file), "--python"]
    run = surefoot(*words, sys.executable, "--json", str(out), cwd=EXAMPLES)
    assert run.code == 0, run.err
    made = json.loads(out.read_text())
    paths = [request["path"] for request in made["request"]]
    assert any(path.startswith("/books/{") for path in paths)
    assert made["request"][paths.index("/orders")]["json"]["copies"] == 1
    (search,) = made["session"]
    assert [step["path"] for step in search["request"]] == [
        "/search?q=silent+river",
        "/books?page=2",
    ]
    assert 1 <= float(search["request"][1]["think"].removesuffix("s")) <= 2
    assert {"what": "GET /", "why": "a user begins with it, once", "count": 8} in made["left_out"]
    assert surefoot.wait_until_nobody_is_left() == []


def test_without_data_that_may_be_written_to_it_is_not_run(surefoot, application, tmp_path):
    code = "from flask import Flask\napp = Flask(__name__)\n@app.get('/')\ndef home(): return 'x'\n"
    directory = application(code)
    (directory / "locustfile.py").write_text("raise SystemExit('it was run')\n")
    run = surefoot("workload", "--from", "locustfile.py", "--python", sys.executable)
    assert run.code == 1
    assert "locustfile.py may write" in run.err
    assert "[data] url_env" in run.err
