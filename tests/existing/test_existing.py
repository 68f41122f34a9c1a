"""How an application is started today becomes a first configuration, and what cannot is listed."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command import run_surefoot
from surefoot.errors import ConfigError
from surefoot.toolbox.existing.dockerfile import dockerfile
from surefoot.toolbox.existing.gunicorn_file import gunicorn_file
from surefoot.toolbox.existing.options import given as read_options
from surefoot.toolbox.existing.procfile import procfile
from surefoot.toolbox.existing.reading import existing
from surefoot.toolbox.existing.script import script
from surefoot.toolbox.existing.servers import SERVERS
from surefoot.toolbox.existing.source import read_existing
from surefoot.toolbox.existing.start import Start
from surefoot.toolbox.existing.unit import unit
from surefoot.toolbox.existing.words import command


def taken(line, **files):
    """Settings of a command line beside these files."""
    texts = {name.replace("__", "."): text for name, text in files.items()}
    found = existing(Start(line, "here"), texts.get)
    return None if found is None else dict(found.settings)


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        (
            "gunicorn shop.wsgi -w 4 --threads 8 -b 127.0.0.1:9000 --keep-alive=5",
            {
                "app.target": "shop.wsgi:application",
                "server.replicas": 4,
                "server.threads": 8,
                "balancer.listen": "127.0.0.1:9000",
                "server.keep_alive": 5.0,
            },
        ),
        # A worker of the synchronous kind works on one request at a time.
        ("gunicorn shop:app", {"app.target": "shop:app", "server.threads": 1}),
        # Forked after the import, workers share its memory.
        (
            "/srv/venv/bin/gunicorn -w3 --preload --graceful-timeout 20 'shop:create_app()'",
            {
                "app.target": "shop:create_app()",
                "server.threads": 1,
                "server.workers": 3,
                "server.graceful_timeout": 20.0,
            },
        ),
        (
            "gunicorn -k uvicorn.workers.UvicornWorker --workers 2 --preload shop:app",
            {"app.target": "shop:app", "server.replicas": 2},
        ),
        (
            "python -m gunicorn -k gevent -w 2 --chdir src shop:app",
            {"app.target": "shop:app", "server.replicas": 2, "app.directory": "src"},
        ),
        (
            "uvicorn --factory shop:make_app --workers 4 --port 80 --env-file .env --reload",
            {
                "app.target": "shop:make_app()",
                "server.replicas": 4,
                "balancer.listen": "127.0.0.1:80",
                "app.env_file": ".env",
            },
        ),
        (
            "hypercorn asgi:shop.main:app --bind [::]:8000 --keep-alive 7",
            {
                "app.target": "shop.main:app",
                "balancer.listen": "[::]:8000",
                "server.keep_alive": 7.0,
            },
        ),
        (
            "waitress-serve --host 0.0.0.0 --threads=6 --call shop:create_app",
            {
                "app.target": "shop:create_app()",
                "balancer.listen": "0.0.0.0:8080",
                "server.threads": 6,
            },
        ),
        (
            "daphne -b 0.0.0.0 -p 8001 shop.asgi:application",
            {"app.target": "shop.asgi:application", "balancer.listen": "0.0.0.0:8001"},
        ),
        (
            "granian --interface wsgi --workers 2 --blocking-threads 16 shop:app",
            {
                "app.target": "shop:app",
                "server.kind": "granian",
                "server.replicas": 2,
                "server.threads": 16,
            },
        ),
        (
            "flask --app shop:app run -p 80",
            {"app.target": "shop:app", "balancer.listen": "127.0.0.1:80"},
        ),
        ("fastapi run app/main.py --workers 2", {"app.target": "app.main", "server.replicas": 2}),
        ("flask -A shop:create_app run", {"app.target": "shop:create_app()"}),
        ("pserve production.ini http_port=80 --reload", {"app.target": "production.ini"}),
        ("python3 manage.py runserver 0.0.0.0:80", {"app.target": "manage.py"}),
    ],
)  # fmt: skip
def test_a_server_s_options_are_taken_over(line, settings):
    assert taken(line) == settings


@pytest.mark.parametrize(
    "line",
    [
        "exec gunicorn shop:app",
        "DEBUG=1 gunicorn shop:app",
        "env DEBUG=1 nohup gunicorn shop:app",
        "poetry run gunicorn shop:app",
        "tini -- gunicorn shop:app",
        "/entrypoint.sh gunicorn shop:app",
        "sh -c 'python manage.py migrate && exec gunicorn shop:app'",
        "gunicorn -b 0.0.0.0:$PORT shop:app",
        "gunicorn shop:app \\\n  --log-file - --access-logfile -",
        "gunicorn --unheard-of 7 shop:app",
        "gunicorn shop:app > /var/log/shop 2>&1",
        "(gunicorn shop:app | tee log) &",
        "/bin/bash -lc '. /srv/env && gunicorn shop:app'",
    ],
)
def test_what_stands_before_or_around_a_server_is_looked_through(line):
    assert taken(line) == {"app.target": "shop:app", "server.threads": 1}


def test_a_default_of_the_shell_counts_and_a_directory_is_gone_to():
    settings = taken("cd src && uvicorn shop:app --port ${PORT:-9000}")
    assert settings["balancer.listen"] == "127.0.0.1:9000"
    assert settings["app.directory"] == "src"


def test_what_is_not_taken_over_is_listed_without_its_values():
    line = (
        "vault login hunter2; TOKEN=hunter2 gunicorn shop:app "
        "--timeout 60 -b unix:/run/shop --env KEY=hunter2 -w many"
    )
    found = existing(Start(line, "here"), lambda _: None)
    left = {each.what: each.why for each in found.left}
    assert set(left) == {"vault", "TOKEN", "--timeout", "unix:/run/shop", "--env", "-w"}
    assert "hunter2" not in str(found)
    assert left["-w"] == "its value is not understood"


def test_values_that_surefoot_does_not_take_are_listed():
    found = existing(Start("uvicorn shop:app --workers 5000 --port 99999", "here"), lambda _: None)
    assert dict(found.settings) == {"app.target": "shop:app"}
    assert {each.what for each in found.left} == {"server.replicas = 5000", "--port"}


@pytest.mark.parametrize(
    "line", ["", "celery -A shop worker", "python", "flask routes", "gunicorn", "'"]
)
def test_what_starts_no_server_is_nothing(line):
    assert taken(line) is None


def test_gunicorn_s_file_is_read_and_the_command_line_comes_first():
    text = """
import multiprocessing
bind = ["127.0.0.1:8001", "127.0.0.1:8002"]
workers = multiprocessing.cpu_count() * 2 + 1
threads = 8
preload_app = False
secret = "hunter2"
def post_fork(server, worker): ...
"""
    told = gunicorn_file(text, "gunicorn.conf.py")
    assert {str(each) for each in told.left} == {
        "gunicorn.conf.py: workers: it is computed",
        "gunicorn.conf.py: secret: there is no key for it",
        "gunicorn.conf.py: post_fork(): gunicorn itself calls it, as before",
    }
    settings = taken("gunicorn shop:app -w 2", gunicorn__conf__py=text)
    assert settings["server.threads"] == 8
    assert settings["server.replicas"] == 2
    assert settings["balancer.listen"] == "127.0.0.1:8002"


def test_a_procfile_has_one_process_for_the_web():
    assert procfile("release: x\nweb: gunicorn a:b\n").line == "gunicorn a:b"
    assert procfile("server: gunicorn a:b\n").where == "Procfile, server"
    assert procfile("one: x\ntwo: y\n") is None
    (left,) = procfile("web: gunicorn a:b\nworker: celery\n").left
    assert left.what == "worker"


def test_a_unit_s_command_directory_and_env_file():
    start = unit(
        "[Unit]\nExecStart=no\n[Service]\nUser=shop\nWorkingDirectory=-/srv/shop\n"
        "Environment=TOKEN=hunter2\nEnvironmentFile=-/etc/shop.env\n"
        "ExecStart=-/srv/venv/bin/gunicorn \\\n  shop:app\n# ExecStart=no\n",
        "shop.service",
    )
    assert start.line.split() == ["/srv/venv/bin/gunicorn", "shop:app"]
    assert (start.directory, start.env_file) == ("/srv/shop", "/etc/shop.env")
    assert "hunter2" not in str(start)
    assert {each.what for each in start.left} == {"User", "Environment"}


DOCKERFILE = """
FROM a
CMD no
FROM b
ENTRYPOINT ["/run.sh"]
CMD gunicorn a:b
"""
UVICORN = """
import uvicorn
from .web import make
uvicorn.run(make(debug=False), port=80, workers=2, log_level="info")
"""
TORNADO = """
def make_app(): ...

async def main():
    app = make_app()
    app.listen(8888)

if __name__ == "__main__":
    asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('FROM a\nCMD ["gunicorn", "shop:app", "-w", "2"]\n', "gunicorn shop:app -w 2"),
        (DOCKERFILE, "/run.sh gunicorn a:b"),
        ("FROM a\nENTRYPOINT uvicorn \\\n # why\n  shop:app\n", "uvicorn    shop:app"),
        ("FROM a\nRUN make\n", None),
    ],
)  # fmt: skip
def test_a_dockerfile_s_last_stage_says_what_runs(text, line):
    start = dockerfile(text)
    assert (start and start.line) == line


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        (
            UVICORN,
            {
                "app.target": "shop.web:make(debug=False)",
                "balancer.listen": "127.0.0.1:80",
                "server.replicas": 2,
            },
        ),
        (
            "import uvicorn\ndef main():\n    uvicorn.run('shop:app', factory=True)\nmain()\n",
            {"app.target": "shop:app()"},
        ),
        (
            "from waitress import serve\nfrom shop import app as it\nserve(it, threads=6)\n",
            {"app.target": "shop:app", "server.threads": 6},
        ),
        (
            "app = Flask('x')\nif __name__ == '__main__':\n    app.run(host='0.0.0.0')\n",
            {"app.target": "shop.__main__:app", "balancer.listen": "0.0.0.0:5000"},
        ),
        (
            TORNADO,
            {"app.target": "shop.__main__:make_app()", "balancer.listen": "127.0.0.1:8888"},
        ),
        # Importing these would start the server.
        ("app = Flask('x')\napp.run()\n", None),
        ("def main():\n    app.run()\napp = Flask('x')\nmain()\n", None),
        ("print('nothing is served')\n", None),
        ("no python", None),
    ],
)
def test_a_script_that_starts_a_server_itself(text, settings):
    found = script(text, "shop/__main__.py")
    assert (found and dict(found.settings)) == settings


# --- Laws ----------------------------------------------------------------------------------------

_PIECES = st.sampled_from(
    ["gunicorn", "uvicorn", "python", "-m", "-w", "4", "--port", "shop:app", "-c", "sh", "&&", "cd",
     "A=1", "$PORT", "${P:-1}", "'", '"', "\\", "\n", "--", "--x=1", "exec", "|", ">", "flask"]
)  # fmt: skip
_LINES = st.lists(_PIECES, max_size=12).map(" ".join) | st.text(max_size=60)


@given(_LINES)
def test_any_line_is_read_or_is_nothing(line):
    found = existing(Start(line, "here"), lambda _: None)
    assert found is None or "app.target" in found.settings


@given(_LINES, st.sampled_from([procfile, dockerfile, lambda text: unit(text, "a.service")]))
def test_any_file_is_read_or_is_nothing(line, parse):
    for text in (line, f"web: {line}", f"[Service]\nExecStart={line}", f"FROM a\nCMD {line}"):
        start = parse(text)
        assert start is None or start.line


@given(st.text(max_size=80))
def test_any_text_of_python_is_read_or_is_nothing(text):
    assert script(text, "a.py") is None or "app.target" in script(text, "a.py").settings
    assert "hunter2" not in str(gunicorn_file(f"secret = 'hunter2'\n{text}", "g.py"))


@given(st.lists(st.text(st.characters(exclude_characters="$\0"), min_size=1), min_size=1))
def test_words_that_a_shell_would_quote_come_out_as_they_went_in(words):
    import shlex

    assert command(shlex.join(["uvicorn", *words])).words == ("uvicorn", *words)


# --- The servers' own parsers --------------------------------------------------------------------


def flags_of_gunicorn():
    from gunicorn.config import KNOWN_SETTINGS

    for setting in KNOWN_SETTINGS:
        for name in setting.cli or ():
            yield name, setting.action in {"store_true", "store_const"}


def flags_of_click(main):
    for option in main.params:
        for name in (*option.opts, *option.secondary_opts):
            if name.startswith("-"):
                yield name, option.is_flag


def flags_of(server):
    if server == "gunicorn":
        return flags_of_gunicorn()
    if server == "uvicorn":
        from uvicorn.main import main as uvicorn

        return flags_of_click(uvicorn)
    from granian.cli import cli as granian

    return flags_of_click(granian)


@pytest.mark.parametrize("server", ["gunicorn", "uvicorn", "granian"])
def test_every_option_is_known_to_have_a_value_or_none(server):
    told = dict(flags_of(server))
    options = SERVERS[server]
    assert {name for name in options.flags if name in told} == {
        n for n, flag in told.items() if flag
    }
    assert set(options.known) <= set(told)
    for name, flag in told.items():
        words = read_options(options, [name, *([] if flag else ["1"]), "shop:app"]).words
        assert words == ("shop:app",), name


# --- The command ---------------------------------------------------------------------------------


def test_init_writes_what_a_procfile_says_and_lists_the_rest(tmp_path):
    (tmp_path / "Procfile").write_text("web: gunicorn shop.wsgi -w 4 -t 60\n")
    done = run_surefoot(tmp_path, "init", "--from", "Procfile")
    assert "taken from Procfile, web:" in done.stdout
    assert "  server.replicas = 4" in done.stdout
    assert "not taken over:\n  -t: a request may take its time" in done.stdout
    written = tomllib.loads((tmp_path / "surefoot.toml").read_text())
    assert written["app"] == {"target": "shop.wsgi:application"}
    assert written["server"] == {"replicas": 4, "threads": 1}


def test_what_is_on_another_machine_is_listed_and_what_is_here_is_taken(tmp_path):
    (tmp_path / "shop.service").write_text(
        "[Service]\nWorkingDirectory=/no/such/shop\nEnvironmentFile=shop.env\n"
        "ExecStart=gunicorn shop:app\n"
    )
    (tmp_path / "shop.env").touch()
    found = read_existing("shop.service", tmp_path)
    assert found.settings["app.env_file"] == "shop.env"
    assert "app.directory" not in found.settings
    assert "app.directory = /no/such/shop" in {each.what for each in found.left}


def test_init_names_a_file_that_it_could_have_read(tmp_path):
    (tmp_path / "app.py").write_text("app = object()\n")
    (tmp_path / "Procfile").write_text("web: gunicorn app:app -w 4\n")
    done = run_surefoot(tmp_path, "init")
    assert "Procfile was not looked at: --from takes it" in done.stdout
    assert "replicas = 4" not in (tmp_path / "surefoot.toml").read_text()


def test_init_reads_a_command_line_and_a_package(tmp_path):
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__main__.py").write_text("from .web import app\napp.run(port=8000)\n")
    assert read_existing("shop", tmp_path).settings["app.target"] == "shop.web:app"
    assert read_existing("python -m shop", tmp_path).settings["app.target"] == "shop.web:app"
    done = run_surefoot(tmp_path, "init", "--from", "uvicorn shop.web:app --workers 2")
    assert "taken from the command line:" in done.stdout


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("Procfile", "there is no file"),
        ("celery -A shop worker", "starts no server that is known"),
        ("empty.service", "starts no server that is known"),
    ],
)
def test_what_is_not_understood_is_one_plain_error(tmp_path, named, said):
    (tmp_path / "empty.service").touch()
    with pytest.raises(ConfigError, match=said):
        read_existing(named, tmp_path)
    done = run_surefoot(tmp_path, "init", "--from", named)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "surefoot.toml").exists()
