"""`surefoot config` and `surefoot init`."""

import functools
import json
import tomllib
from pathlib import Path

import pytest

from command import run_surefoot
from surefoot import config


@pytest.fixture
def surefoot(tmp_path):
    """Runs a command in the project's directory."""
    return functools.partial(run_surefoot, tmp_path)


def test_show_gives_every_value_in_force_and_where_it_came_from(tmp_path, surefoot):
    (tmp_path / "surefoot.toml").write_text(
        "[server]\nthreads = 8\n[slo]\nlatency = '1s'\n[database.main]\npool_size = 5\n"
    )
    shown = surefoot("config", "show", SUREFOOT_SERVER_REPLICAS="2").stdout
    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line}
    assert rows["server.threads"] == ["8", "surefoot.toml"]
    assert rows["server.replicas"] == ["2", "environment"]
    assert rows["slo.latency"] == ['"1s"', "surefoot.toml"]
    assert rows["slo.errors"] == ["0.001", "default"]
    assert rows["database.main.pool_size"] == ["5", "surefoot.toml"]
    assert f"relative paths start at {tmp_path}" in shown


def test_show_is_what_config_does_when_not_told(surefoot):
    assert surefoot("config").stdout == surefoot("config", "show").stdout


def test_show_can_be_read_by_programs(tmp_path, surefoot):
    (tmp_path / "surefoot.toml").write_text("[slo]\nlatency = '1s'\n")
    shown = json.loads(surefoot("config", "show", "--json").stdout)
    assert shown["keys"]["slo.latency"] == {"value": 1.0, "from": "surefoot.toml"}
    assert shown["directory"] == str(tmp_path)


def test_a_factory_s_arguments_may_be_secrets_and_only_their_names_are_shown(tmp_path, surefoot):
    (tmp_path / "surefoot.toml").write_text("[app.settings]\nsecret_key = 'hunter2'\n")
    for words in (["config"], ["config", "show", "--json"]):
        shown = surefoot(*words).stdout
        assert "secret_key" in shown
        assert "hunter2" not in shown


def test_a_mistake_in_the_file_is_one_line(tmp_path, surefoot):
    (tmp_path / "surefoot.toml").write_text("[server]\nthraeds = 8\n")
    done = surefoot("config", "show")
    assert done.returncode == 2
    assert done.stderr == (
        "surefoot: surefoot.toml: there is no key server.thraeds; did you mean server.threads?\n"
    )


def test_schema_is_the_json_schema(surefoot):
    assert json.loads(surefoot("config", "schema").stdout) == config.schema()


def test_init_writes_a_file_that_is_in_force_and_changes_nothing_but_the_target(tmp_path, surefoot):
    (tmp_path / "wsgi.py").write_text("application = None\n")
    done = surefoot("init")
    assert done.returncode == 0
    assert "wsgi:application" in done.stdout
    settings = config.load(tmp_path, environ={})
    assert settings.config == config.Config(app=config.App(target="wsgi:application"))


def test_init_takes_a_target(tmp_path, surefoot):
    assert surefoot("init", "shop:create_app()").returncode == 0
    written = tomllib.loads((tmp_path / "surefoot.toml").read_text())
    assert written["app"]["target"] == "shop:create_app()"


@pytest.mark.parametrize(
    ("name", "text"),
    [("surefoot.toml", "[app]\n"), ("pyproject.toml", "[tool.surefoot.app]\ntarget = 'a:b'\n")],
)
def test_init_never_overwrites(tmp_path, surefoot, name, text):
    (tmp_path / "app.py").write_text("app = 1\n")
    (tmp_path / name).write_text(text)
    done = surefoot("init")
    assert done.returncode == 2
    assert "not overwritten" in done.stderr
    assert (tmp_path / name).read_text() == text
    assert len(list(tmp_path.glob("*.toml"))) == 1


def test_init_where_there_is_no_application_says_what_to_do(tmp_path, surefoot):
    done = surefoot("init")
    assert done.returncode == 1
    assert "no application is found" in done.stderr
    assert not Path(tmp_path / "surefoot.toml").exists()


@pytest.mark.parametrize("command", ["config", "init"])
def test_help_shows_an_example(surefoot, command):
    assert f"example:\n  surefoot {command}" in surefoot(command, "--help").stdout
