"""Faults planted in small shops: is each refused, every time, for its own reason?

    python bench/prove/plants.py                # every plant five times, about 15 minutes
    python bench/prove/plants.py --times 1

Shared state is looked for when a second replica is proposed; the wrong answer is one field that
differs in every 1,000th answer of one route.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

COUNTER = """
from flask import Flask, jsonify
app = Flask(__name__)
visits = 0

@app.get("/")
def home():
    global visits
    visits += 1  # planted
    return jsonify(visits=visits)
"""
SESSION = """
import uuid
from flask import Flask, jsonify, request
app = Flask(__name__)
SESSIONS = {}

@app.post("/login")
def login():
    token = uuid.uuid4().hex
    SESSIONS[token] = request.form["name"]  # planted
    answer = jsonify(hello=SESSIONS[token])
    answer.set_cookie("session", token)
    return answer

@app.get("/me")
def me():
    name = SESSIONS.get(request.cookies.get("session"))
    return jsonify(name=name) if name else ("who are you?", 401)
"""
FILE = """
import json, pathlib
from flask import Flask, jsonify
app = Flask(__name__)
NOTES = pathlib.Path(__file__).with_name("notes.json")

@app.post("/notes")
def write():
    with NOTES.open("w") as file:  # planted
        json.dump(["a note"], file)
    return jsonify(ok=True), 201

@app.get("/notes")
def read():
    if not NOTES.exists():
        return jsonify([])
    with NOTES.open() as file:
        return jsonify(json.load(file))
"""
HONEST = """
import itertools
from flask import Flask, jsonify
app = Flask(__name__)

@app.get("/books/<int:number>")
def book(number):
    return jsonify(number=number, title="A Bridge", price=12)
"""
WRONG = HONEST.replace("price=12)", "price=13 if next(calls) % 1000 == 0 else 12)").replace(
    "app = Flask(__name__)", "app = Flask(__name__)\ncalls = itertools.count(1)"
)
GET = '[[request]]\npath = "{}"\n'
LOGIN = """
[[request]]
method = "POST"
path = "/login"
form = { name = "ada" }
login = true
"""
WRITE = '[[request]]\nmethod = "POST"\npath = "/notes"\njson = {}\nexpect = 201\n'
PLANTS = {
    "counter": (COUNTER, GET.format("/")),
    "in-process session": (SESSION, "users = 2\n" + GET.format("/me") + LOGIN),
    "local file": (FILE, GET.format("/notes") + WRITE),
}


def prove(folder: Path, *words: str) -> dict[str, Any]:
    """The document of one proof."""
    out = folder / "result.json"
    command = [sys.executable, "-m", "surefoot", "prove", *words, "--json", str(out)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if not out.exists():
        return {"verdict": "failed", "why": (done.stderr or done.stdout).strip(), "findings": []}
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def written(folder: Path, code: str, workload: str) -> None:
    """A project in ``folder``."""
    (folder / "shop.py").write_text(code)
    (folder / "workload.toml").write_text(workload)
    (folder / "surefoot.toml").write_text(
        f'[app]\ntarget = "shop:app"\npython = "{sys.executable}"\n'
        '[workload]\nfile = "workload.toml"\n[data]\ndisposable = true\n'
    )


def state(name: str) -> str:
    """One run with shared state; what came of it."""
    code, workload = PLANTS[name]
    line = next(n for n, text in enumerate(code.splitlines(), 1) if "# planted" in text)
    with tempfile.TemporaryDirectory() as folder:
        written(Path(folder), code, workload)
        found = prove(Path(folder), "--set", "server.replicas=2", "--seconds", "30")
    named = [f"{finding['file']}:{finding['line']}" for finding in found["findings"]]
    right = found["verdict"] == "wrong-answers" and named[:1] == [f"shop.py:{line}"]
    return "ok" if right else f"WRONG {found['verdict']} {named} {found['why'][:80]}"


def wrong_answer() -> str:
    """One run with the answer that is wrong now and then."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        written(home, HONEST, GET.format("/books/{1..200}"))
        branch = home / "branch"
        branch.mkdir()
        written(branch, WRONG, GET.format("/books/{1..200}"))
        found = prove(home, "--with", "branch", "--seconds", "60")
    examples = found.get("answers", {}).get("examples", [])
    shown = bool(examples) and "13" in examples[0]["variant"] and "12" in examples[0]["base"]
    compared = found.get("answers", {}).get("compared", 0)
    right = found["verdict"] == "wrong-answers" and shown
    return (
        f"ok ({compared} compared)" if right else f"WRONG {found['verdict']} ({compared} compared)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=5)
    args = parser.parse_args()
    for name in PLANTS:
        for _ in range(args.times):
            print(f"{name:<20} {state(name)}", flush=True)
    for _ in range(args.times):
        print(f"{'1 of 1,000 answers':<20} {wrong_answer()}", flush=True)


if __name__ == "__main__":
    main()
