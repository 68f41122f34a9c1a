"""Applications are found, imported once in their own interpreter, and described."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from surefoot import __version__
from surefoot.errors import ConfigError, InterpreterError, TargetError


def refused(found, directory, flags=(), **environ):
    with pytest.raises(TargetError) as caught:
        found(directory, flags, **environ)
    return str(caught.value)


def test_a_flask_application_and_its_routes(flask_app, found):
    application, _ = found(flask_app)
    assert (application.interface, application.framework) == ("wsgi", "flask")
    assert application.target == "app:app"
    assert application.code == (str(flask_app), "app")
    assert application.server.kind == "gunicorn"
    routes = {(r.method, r.template): r for r in application.routes}
    assert routes["GET", "/books/<int:book>"].rule_parameters == (("book", "int"),)
    assert routes["GET", "/books/<int:book>"].endpoint == "book"
    assert {method for method, _ in routes} == {"GET"}


def test_a_fastapi_application_with_routers_mounts_and_typed_parameters(tmp_path, found):
    (tmp_path / "main.py").write_text("""
import fastapi, uuid
app = fastapi.FastAPI()
router = fastapi.APIRouter(prefix="/shelf")
inner = fastapi.APIRouter(prefix="/row")
@inner.get("/{number}")
async def row(number: int): ...
@router.post("/{name}/{key}")
def put(name: str, key: uuid.UUID): ...
router.include_router(inner)
app.include_router(router, prefix="/v1")
sub = fastapi.FastAPI()
@sub.get("/file/{path:path}")
def file(path: str): ...
app.mount("/sub", sub)
""")
    application, _ = found(tmp_path)
    assert (application.interface, application.framework) == ("asgi", "fastapi")
    assert application.server.kind == "uvicorn"
    routes = {(r.method, r.template): r.rule_parameters for r in application.routes}
    assert routes["GET", "/v1/shelf/row/{number}"] == (("number", "int"),)
    assert routes["POST", "/v1/shelf/{name}/{key}"] == (("name", "str"), ("key", "uuid"))
    assert routes["GET", "/sub/file/{path:path}"] == (("path", "path"),)


@pytest.mark.parametrize(
    ("code", "interface"),
    [
        ("def app(environ, start_response): ...", "wsgi"),
        ("async def app(scope, receive, send): ...", "asgi"),
        ("class A:\n async def __call__(self, s, r, w): ...\napp = A()", "asgi"),
        ("class A:\n def __call__(self, environ, start): ...\napp = A()", "wsgi"),
        ("def app(scope, receive, send): ...", "asgi"),
        ("import functools\ndef f(a, e, s): ...\napp = functools.partial(f, 1)", "wsgi"),
        ("def app(*args): ...", "wsgi"),
        ("import starlette.applications as s\napp = s.Starlette()", "asgi"),
    ],
)
def test_wsgi_is_told_from_asgi(tmp_path, found, code, interface):
    (tmp_path / "app.py").write_text(code)
    assert found(tmp_path)[0].interface == interface


def test_the_framework_is_seen_under_middleware(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import flask
from werkzeug.middleware.proxy_fix import ProxyFix
made = flask.Flask(__name__)
made.add_url_rule("/x", "x", lambda: "x")
app = ProxyFix(made)
""")
    application, _ = found(tmp_path)
    assert application.framework == "flask"
    assert "/x" in {route.template for route in application.routes}


def test_a_factory_is_called_with_the_configured_settings(tmp_path, found):
    (tmp_path / "shop.py").write_text("""
import flask
def make(name, *, debug):
    assert (name, debug) == ("live", True)
    return flask.Flask(name)
""")
    (tmp_path / "surefoot.toml").write_text(
        "[app]\ntarget = \"shop:make('live')\"\n[app.settings]\ndebug = true\n"
    )
    assert found(tmp_path)[0].framework == "flask"


def test_settings_for_what_is_no_factory_are_refused(wsgi_app, found):
    (wsgi_app / "surefoot.toml").write_text("[app.settings]\ndebug = true\n")
    assert "no factory" in refused(found, wsgi_app)


def test_values_of_the_env_file_reach_the_application_and_are_never_shown(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import os
def app(environ, start_response): ...
assert os.environ["TOKEN"] == "hunter2"
""")
    (tmp_path / "live.env").write_text("TOKEN=hunter2\n")
    application, _ = found(tmp_path, {"app.env_file": "live.env"})
    assert "hunter2" not in repr(application)


def test_what_the_application_prints_does_not_disturb(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import os, sys
print("{}"); os.write(1, b"raw"); os.write(2, b"raw"); print("x", file=sys.stderr)
def app(environ, start_response): ...
""")
    assert found(tmp_path)[0].interface == "wsgi"


def test_a_thread_that_never_ends_does_not_keep_it_waiting(tmp_path, found):
    (tmp_path / "app.py").write_text("""
import threading, time
threading.Thread(target=time.sleep, args=(3600,)).start()
def app(environ, start_response): ...
""")
    assert found(tmp_path)[0].interface == "wsgi"


def test_an_import_that_fails_shows_the_application_s_traceback_last_line_first(tmp_path, found):
    (tmp_path / "app.py").write_text("import inner\napp = 1\n")
    (tmp_path / "inner.py").write_text("def f():\n    raise ValueError('no database')\nf()\n")
    said = refused(found, tmp_path)
    first, *rest = said.splitlines()
    assert first == "app:app does not import: ValueError: no database"
    assert any("inner.py" in line and "line 2" in line for line in rest)
    assert "surefoot/web" not in said
    assert "importlib" not in said


def test_a_missing_package_names_the_interpreter(tmp_path, found):
    (tmp_path / "app.py").write_text("import no_such_package\napp = 1\n")
    said = refused(found, tmp_path)
    assert said.startswith("app:app does not import: ModuleNotFoundError")
    assert "--python" in said


def test_a_mistake_of_syntax_names_file_and_line(tmp_path, found):
    (tmp_path / "app.py").write_text("import bad\napp = 1\n")
    (tmp_path / "bad.py").write_text("x = (\n")
    assert "bad.py" in refused(found, tmp_path)


@pytest.mark.parametrize(
    ("code", "target", "words"),
    [
        ("import sys; sys.exit('no licence')", "app:app", "SystemExit: no licence"),
        ("import os; os._exit(7)", "app:app", "exit code 7"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "app:app", "exit code -11"),
        ("app = 3", "app:app", "of type int"),
        ("app = None", "app:app", "None"),
        ("x = 1", "app:app", "there is no app in app"),
        ("x = 1", "app", "neither an application nor an app"),
        ("x = 1", "gone.wsgi:app", "there is no module gone"),
        ("x = 1", "gone.py:app", "there is no file"),
        ("def make(): ...", "app:make", "make()"),
        ("def make(): ...", "app:make()", "None"),
        ("def app(a, b, c, d): ...", "app:app", "4 arguments"),
        ("x = 1", "app:x()", "no function"),
    ],
)
def test_what_cannot_be_served_is_one_plain_error(tmp_path, found, code, target, words):
    (tmp_path / "app.py").write_text(code)
    said = refused(found, tmp_path, {"app.target": target})
    assert words in said
    assert "do: " in said


def test_a_file_in_a_package_is_imported_by_its_dotted_name(tmp_path, found):
    package = tmp_path / "shop" / "web"
    package.mkdir(parents=True)
    (tmp_path / "shop" / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "site.py").write_text("from shop.web import x\ndef app(e, s): ...\n")
    (package / "x.py").touch()
    application, _ = found(tmp_path, {"app.target": "shop/web/site.py:app"})
    assert application.target == "shop.web.site:app"
    assert application.code == (str(tmp_path), "shop")


def test_a_script_outside_a_package_finds_its_neighbours(tmp_path, found):
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "serve.py").write_text("import beside\ndef app(e, s): ...\n")
    (tmp_path / "site" / "beside.py").touch()
    application, _ = found(tmp_path, {"app.target": "site/serve.py:app"})
    assert application.target == "serve:app"
    assert application.directory == tmp_path / "site"


def test_a_directory_that_is_not_there_is_told(tmp_path, found):
    assert "there is no directory" in refused(found, tmp_path, {"app.directory": "gone"})


def test_a_server_that_does_not_speak_the_interface_is_refused(wsgi_app, found):
    with pytest.raises(ConfigError, match="uvicorn does not serve WSGI"):
        found(wsgi_app, {"server.kind": "uvicorn"})


# --- Interpreters -------------------------------------------------------------------------------


def test_the_application_s_own_environment_comes_before_others(tmp_path, found):
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "--symlinks", tmp_path / ".venv"],
        check=True,
    )
    (tmp_path / "app.py").write_text("import sys\nassert '.venv' in sys.prefix\ndef app(e, s): ...")
    application, _ = found(tmp_path, VIRTUAL_ENV=sys.prefix)
    assert application.interpreter.source == ".venv"
    assert application.interpreter.path == tmp_path / ".venv" / "bin" / "python"


def test_a_server_is_put_beside_an_environment_that_has_none(tmp_path, wsgi_app, found):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    pip = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "-d", tmp_path / "wheels", "gunicorn"],
        check=False,
    )
    if pip.returncode:
        pytest.skip("no package index can be reached")
    application, _ = found(wsgi_app, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert application.server.kind == "gunicorn"
    assert application.server.appended[0].is_relative_to(tmp_path / "cache" / "surefoot")
    installed = list((tmp_path / ".venv").rglob("site-packages/*"))
    assert not [path for path in installed if "gunicorn" in path.name or "surefoot" in path.name]


def test_offline_one_line_names_the_package(tmp_path, wsgi_app, found):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    with pytest.raises(InterpreterError) as caught:
        found(
            wsgi_app,
            XDG_CACHE_HOME=str(tmp_path / "cache"),
            PIP_NO_INDEX="1",
            PIP_FIND_LINKS=str(tmp_path),
        )
    assert "gunicorn is not installed" in caught.value.message
    assert "\n" not in caught.value.message
    assert caught.value.do.endswith("-m pip install gunicorn")


def test_another_python_version_imports_the_application(wsgi_app, found, other_python, tmp_path):
    said = wsgi_app / "said.json"
    (wsgi_app / "app.py").write_text(
        "import json, sys\n"
        f"json.dump([list(sys.version_info[:2]), sys.path], open({str(said)!r}, 'w'))\n"
        "def app(e, s): ...\n"
    )
    try:
        application, _ = found(wsgi_app, {"app.python": other_python})
    except InterpreterError as error:
        pytest.skip(f"no package index can be reached: {error.message}")
    version, path = json.loads(said.read_text())
    assert tuple(version) == application.interpreter.version[:2] != sys.version_info[:2]
    assert path[0] == str(wsgi_app)
    # Surefoot comes last, in a directory that holds nothing else.
    assert [entry.name for entry in Path(path[-1]).iterdir()] == ["surefoot"]


@pytest.mark.parametrize(
    ("python", "words"),
    [
        ("/no/such/python", "there is no Python at /no/such/python"),
        ("no-such-python", "there is no Python"),
        ("/bin/true", "does not run as a Python"),
    ],
)
def test_an_interpreter_that_is_not_there_is_told(wsgi_app, found, python, words):
    with pytest.raises(InterpreterError, match=words):
        found(wsgi_app, {"app.python": python})


def test_an_interpreter_that_is_too_old_is_told(wsgi_app, found, tmp_path):
    fake = tmp_path / "old-python"
    fake.write_text('#!/bin/sh\necho \'[[3, 9, 1], "cpython-39", "linux"]\'\n')
    fake.chmod(0o755)
    with pytest.raises(InterpreterError, match=r"Python 3\.9\.1; 3\.11 or newer"):
        found(wsgi_app, {"app.python": str(fake)})


def test_a_cache_that_cannot_be_made_is_told(wsgi_app, found, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InterpreterError, match="XDG_CACHE_HOME"):
        found(wsgi_app, XDG_CACHE_HOME=str(tmp_path / "file"))


def test_another_version_of_surefoot_in_the_application_s_environment_is_told(wsgi_app, found):
    package = wsgi_app / "surefoot"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "web").mkdir()
    (package / "web" / "inspect.py").write_text(
        "import json, os, sys\n"
        "fd = int(sys.argv[sys.argv.index('--fd') + 1])\n"
        "os.write(fd, json.dumps({'surefoot': '0.0.1'}).encode())\n"
    )
    with pytest.raises(InterpreterError, match=f"0.0.1 installed, this is {__version__}"):
        found(wsgi_app)
