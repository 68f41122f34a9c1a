"""What a server is given to serve."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from surefoot import config
from surefoot.errors import ConfigError, TargetError
from surefoot.web import entry

SOURCE = Path(entry.__file__).parents[2]


def in_worker(directory, code, **environ):
    """Run code in a fresh interpreter, as a server would import the entry."""
    told = {k: v for k, v in os.environ.items() if not k.startswith("SUREFOOT_")} | environ
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=directory,
        env=told | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def settings_text(directory, target="app:app", **more):
    described = config.from_mapping({"app": {"target": target, "directory": str(directory)}})
    return json.dumps(
        {"config": config.to_mapping(described), "replica": "0", "records": ""} | more
    )


def test_the_variable_of_the_toolbox_is_read(tmp_path):
    told = settings_text(tmp_path, records="/run/x.sock", every=True, code=["/a", "shop"])
    read = entry.worker_settings({entry.VARIABLE: told}, Path("/"))
    assert read.config.app.target == "app:app"
    assert read.directory == tmp_path
    assert (read.records, read.every, read.code) == ("/run/x.sock", True, ("/a", "shop"))


def test_without_it_the_file_of_the_working_directory_is_read(tmp_path):
    (tmp_path / "surefoot.toml").write_text("[app]\ntarget = 'shop:app'\ndirectory = 'src'\n")
    read = entry.worker_settings({}, tmp_path)
    assert read.config.app.target == "shop:app"
    assert read.directory == tmp_path / "src"
    assert read.records == ""


@pytest.mark.parametrize(
    "text", ["{", "[]", "{}", '{"config": 3}', '{"config": {"app": {"x": 1}}}']
)
def test_a_variable_that_is_not_what_surefoot_writes_is_told_plainly(tmp_path, text):
    with pytest.raises(ConfigError, match="SUREFOOT_SETTINGS"):
        entry.worker_settings({entry.VARIABLE: text}, tmp_path)


def test_telemetry_is_planned_only_where_records_are_wanted(tmp_path):
    off = entry.plan(entry.worker_settings({entry.VARIABLE: settings_text(tmp_path)}, tmp_path))
    assert off.recording is None
    told = settings_text(tmp_path, records="/run/x.sock", every=True)
    on = entry.plan(entry.worker_settings({entry.VARIABLE: told}, tmp_path))
    assert on.recording == entry.Recording("/run/x.sock", True, 40, (str(tmp_path), "app"))


def test_a_plan_without_a_target_is_refused(tmp_path):
    with pytest.raises(TargetError, match="no target"):
        entry.plan(entry.worker_settings({}, tmp_path))


def test_with_telemetry_off_nothing_outside_the_standard_library_is_loaded(tmp_path):
    (tmp_path / "app.py").write_text("def app(environ, start_response): ...\n")
    done = in_worker(
        tmp_path,
        "import sys\n"
        "from surefoot.web import entry\n"
        "assert entry.wsgi.app.__module__ == 'app'\n"
        "tops = {name.partition('.')[0] for name in sys.modules}\n"
        "print(sorted(tops - sys.stdlib_module_names - {'__main__'}))\n"
        "print([n for n in sys.modules if n.startswith('surefoot.telemetry')])\n",
        SUREFOOT_SETTINGS=settings_text(tmp_path),
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    # Whatever a .pth file of this environment loads is there before the first line.
    ambient = in_worker(
        tmp_path, "import sys; print(sorted(n.partition('.')[0] for n in sys.modules))"
    )
    tops = set(json.loads(lines[0].replace("'", '"'))) - set(
        json.loads(ambient.stdout.replace("'", '"'))
    )
    assert tops == {"surefoot", "app"}
    assert lines[1] == "[]"


def test_the_application_is_imported_once_for_all_who_ask(tmp_path):
    (tmp_path / "app.py").write_text("print('imported')\ndef app(environ, start_response): ...\n")
    done = in_worker(
        tmp_path,
        "from surefoot.web import entry\nassert entry.wsgi is entry.wsgi\n",
        SUREFOOT_SETTINGS=settings_text(tmp_path),
    )
    assert done.stdout == "imported\n"
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("code", "name", "words"),
    [
        ("async def app(scope, receive, send): ...", "wsgi", "serve surefoot.web.entry:asgi"),
        ("def app(environ, start_response): ...", "asgi", "serve surefoot.web.entry:wsgi"),
        ("x = 1", "wsgi", "there is no app in app"),
    ],
)
def test_a_plain_mistake_ends_the_worker_with_one_error_and_no_traceback(
    tmp_path, code, name, words
):
    (tmp_path / "app.py").write_text(code)
    done = in_worker(
        tmp_path,
        f"from surefoot.web import entry\nentry.{name}\n",
        SUREFOOT_SETTINGS=settings_text(tmp_path),
    )
    # 3 keeps gunicorn's master from starting the worker again and again.
    assert done.returncode == 3
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_attribute_error_of_the_application_is_not_taken_for_a_missing_name(tmp_path):
    (tmp_path / "app.py").write_text("import os\nos.no_such_thing\n")
    done = in_worker(
        tmp_path,
        "from surefoot.web import entry\n"
        "try:\n entry.wsgi\nexcept AttributeError: print('hidden')\n",
        SUREFOOT_SETTINGS=settings_text(tmp_path),
    )
    assert "hidden" not in done.stdout
    assert "no_such_thing" in done.stderr


def test_names_that_no_server_asks_for_are_not_there():
    with pytest.raises(AttributeError, match="has no attribute 'application'"):
        _ = entry.application


@pytest.mark.parametrize("fault", ["install", "Recorded"])
def test_a_fault_in_telemetry_never_keeps_the_application_from_serving(tmp_path, fault):
    (tmp_path / "app.py").write_text("def app(environ, start_response): ...\n")
    broken = {
        "install": "from surefoot import telemetry\n"
        "def install(options): raise RuntimeError('broken')\n"
        "telemetry.install = install\n",
        "Recorded": "import surefoot.web.wsgi as adapter\n"
        "def Recorded(app, recorder): raise RuntimeError('broken')\n"
        "adapter.Recorded = Recorded\n",
    }[fault]
    done = in_worker(
        tmp_path,
        broken + "from surefoot.web import entry\nprint(entry.wsgi.app.__name__)\n",
        SUREFOOT_SETTINGS=settings_text(tmp_path, records=str(tmp_path / "x.sock")),
    )
    assert done.stdout == "app\n"
    assert "serving without telemetry: RuntimeError: broken" in done.stderr


def test_a_user_s_own_gunicorn_serves_what_the_file_says(tmp_path, free_port):
    pytest.importorskip("gunicorn")
    (tmp_path / "shop.py").write_text("""
def make(word):
    def app(environ, start_response):
        start_response("200 OK", [])
        return [word.encode()]
    return app
""")
    (tmp_path / "surefoot.toml").write_text(
        "[app]\ntarget = 'shop:make()'\n[app.settings]\nword = 'hello'\n"
    )
    options = ["--no-control-socket", "--log-level", "error", "--bind", f"127.0.0.1:{free_port}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *options, "surefoot.web.entry:wsgi"],
        cwd=tmp_path,
        env={k: v for k, v in os.environ.items() if not k.startswith("SUREFOOT_")},
    )
    try:
        assert fetched(f"http://127.0.0.1:{free_port}/", process) == b"hello"
    finally:
        process.terminate()
        process.wait(30)


def fetched(url, process):
    import time
    import urllib.error
    import urllib.request

    for _ in range(300):
        assert process.poll() is None
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return answer.read()
        except urllib.error.URLError:
            time.sleep(0.05)
    return pytest.fail("it never answered")
