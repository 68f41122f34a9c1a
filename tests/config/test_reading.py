"""What `surefoot.toml`, the environment and the flags add up to, and how mistakes are told."""

from pathlib import Path

import pytest

from surefoot import config
from surefoot.errors import ConfigError

NOTHING: dict[str, str] = {}


def write(directory: Path, text: str, name: str = "surefoot.toml") -> Path:
    (directory / name).write_text(text)
    return directory


def refused(directory: Path, **arguments: object) -> str:
    with pytest.raises(ConfigError) as caught:
        config.load(directory, **({"environ": NOTHING} | arguments))
    assert "\n" not in caught.value.message
    return caught.value.message


def test_without_a_file_every_value_is_the_default(tmp_path):
    settings = config.load(tmp_path, environ=NOTHING)
    assert settings.config == config.Config()
    assert set(settings.sources.values()) == {"default"}


def test_a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default(tmp_path):
    write(tmp_path, "[server]\nthreads = 2\nreplicas = 2\nkeep_alive = '2s'\n")
    settings = config.load(
        tmp_path,
        environ={"SUREFOOT_SERVER_THREADS": "3", "SUREFOOT_SERVER_REPLICAS": "3"},
        flags={"server.threads": 4, "server.kind": None},
    )
    server = settings.config.server
    assert (server.threads, server.replicas, server.keep_alive) == (4, 3, 2.0)
    assert settings.sources["server.threads"] == "flag"
    assert settings.sources["server.replicas"] == "environment"
    assert settings.sources["server.keep_alive"] == "surefoot.toml"
    assert settings.sources["server.kind"] == "default"


def test_pyproject_is_read_where_there_is_no_file_of_its_own(tmp_path):
    write(tmp_path, "[tool.surefoot.server]\nthreads = 7\n", "pyproject.toml")
    assert config.load(tmp_path, environ=NOTHING).config.server.threads == 7
    write(tmp_path, "[server]\nthreads = 8\n")
    assert config.load(tmp_path, environ=NOTHING).config.server.threads == 8


def test_no_parent_directory_is_searched(tmp_path):
    write(tmp_path, "[server]\nthreads = 7\n")
    inner = tmp_path / "inner"
    inner.mkdir()
    assert config.load(inner, environ=NOTHING).config.server.threads == 4


def test_surefoot_config_names_the_file_and_relative_paths_start_beside_it(tmp_path):
    other = tmp_path / "deploy"
    other.mkdir()
    write(other, "[app]\nenv_file = 'secret.env'\n", "live.toml")
    settings = config.load(tmp_path, environ={"SUREFOOT_CONFIG": "deploy/live.toml"})
    assert settings.path(settings.config.app.env_file) == other.resolve() / "secret.env"


def test_a_file_that_surefoot_config_names_in_vain_is_told(tmp_path):
    said = refused(tmp_path, environ={"SUREFOOT_CONFIG": "gone.toml"})
    assert "gone.toml" in said
    assert "no such file" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[server]\nthread = 4", ["surefoot.toml", "server.thread", "server.threads"]),
        ("[sever]\nthreads = 4", ["surefoot.toml", "sever", "server"]),
        ("threads = 4", ["surefoot.toml", "threads"]),
        ("[server]\nthreads = 'four'", ["server.threads", '"four"', "whole number", "1", "1024"]),
        ("[server]\nthreads = 0", ["server.threads is 0", "from 1 to 1024"]),
        ("[server]\nthreads = true", ["server.threads is true", "whole number"]),
        ("[server]\nkind = 'apache'", ['"apache"', '"gunicorn"', '"uvicorn"']),
        ("[slo]\nlatency = '250'", ["slo.latency", '"250"', '"250ms"']),
        ("[slo]\nlatency = nan", ["slo.latency", "nan"]),
        ("[slo]\nquantile = 99", ["slo.quantile is 99", "0.5", "0.9999"]),
        ("[balancer]\nlisten = '8000'", ["balancer.listen", '"8000"', '"127.0.0.1:8000"']),
        ("[balancer]\nlisten = 'h:99999'", ["balancer.listen", '"h:99999"']),
        ("[data]\ndisposable = 1", ["data.disposable is 1", "true or false"]),
        ("server = 3", ["server is 3", "table [server]"]),
        ("[database]\nmain = 3", ["database.main is 3", "table [database.main]"]),
        ("[database.main]\npool = 3", ["database.main.pool", "database.main.pool_size"]),
        ('[app]\ntarget = "a\\nb"', ["app.target"]),
        ("[app.settings]\nsince = 2020-01-01", ["app.settings", "text"]),
        ("[app\n", ["surefoot.toml is not valid TOML"]),
    ],
)
def test_a_mistake_is_one_line_that_names_file_key_found_and_allowed(tmp_path, text, words):
    said = refused(write(tmp_path, text))
    assert all(word in said for word in words), said


def test_a_wrong_value_from_the_environment_or_a_flag_names_where_it_came_from(tmp_path):
    assert refused(tmp_path, environ={"SUREFOOT_SLO_ERRORS": "2"}).startswith("environment: slo.er")
    assert refused(tmp_path, flags={"server.threads": -1}).startswith("flag: server.threads is -1")


def test_a_misspelt_variable_is_not_passed_over(tmp_path):
    said = refused(tmp_path, environ={"SUREFOOT_SERVER_THRADS": "8"})
    assert "SUREFOOT_SERVER_THREADS" in said


def test_variables_are_read_as_their_key_s_type(tmp_path):
    told = {
        "SUREFOOT_DATA_DISPOSABLE": "true",
        "SUREFOOT_SLO_QUANTILE": "0.95",
        "SUREFOOT_SLO_LATENCY": "1.5s",
        "SUREFOOT_SERVER_REPLICAS": "2",
        "SUREFOOT_APP_TARGET": "shop:app",
    }
    found = config.load(tmp_path, environ=told).config
    assert found.data.disposable is True
    assert (found.slo.quantile, found.slo.latency) == (0.95, 1.5)
    assert (found.server.replicas, found.app.target) == (2, "shop:app")


def test_a_file_that_is_not_utf_8_is_told(tmp_path):
    (tmp_path / "surefoot.toml").write_bytes(b"[app]\ntarget = '\xff'\n")
    assert "surefoot.toml is not valid TOML" in refused(tmp_path)


def test_the_file_that_was_read_is_known(tmp_path):
    assert config.load(tmp_path, environ={}).file is None
    (tmp_path / "pyproject.toml").write_text("[tool.surefoot.server]\nthreads = 3\n")
    assert config.load(tmp_path, environ={}).file == tmp_path / "pyproject.toml"
    (tmp_path / "surefoot.toml").write_text("")
    assert config.load(tmp_path, environ={}).file == tmp_path / "surefoot.toml"


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("'scripts/copy.sh {label}'", "scripts/copy.sh {label}"),
        ("['copy it', '{label}']", "'copy it' '{label}'"),
    ],
)
def test_a_command_is_text_or_words(tmp_path, given, read):
    (tmp_path / "surefoot.toml").write_text(f"[data]\ncopy = {given}\n")
    assert config.load(tmp_path, environ={}).config.data.copy == read


@pytest.mark.parametrize("given", ["'a \"quote'", "3", "['a', 1]", '["line\\n"]'])
def test_a_command_that_is_none_is_refused(tmp_path, given):
    (tmp_path / "surefoot.toml").write_text(f"[data]\ncopy = {given}\n")
    with pytest.raises(ConfigError, match=r"data\.copy is .*; allowed is a command"):
        config.load(tmp_path, environ={})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[cache]\nresponse = 3", ["cache.response", "[[cache.response]]"]),
        ("[[cache.response]]\nttl = '5s'", ["cache.response", "no route"]),
        ("[[cache.response]]\nroute = 'POST /a'", ["cache.response[].route", "GET /books"]),
        ("[[cache.response]]\nroute = 'GET /a'\ntl = 1", ["tl", "cache.response[].ttl"]),
        ("[[cache.response]]\nroute = 'GET /a'\nttl = 0", ["cache.response[].ttl", "from 1ms"]),
        ("[[cache.response]]\nroute = 'GET /a'\ncookies = 'a'", ["cookies", "a list of text"]),
        ("[cache]\nlargest = 'much'", ["cache.largest", "1MB"]),
    ],
)
def test_mistakes_in_lists_of_tables_are_told(tmp_path, text, words):
    said = refused(write(tmp_path, text))
    assert [word for word in words if word not in said] == []


def test_tables_of_a_list_are_read_in_their_order(tmp_path):
    text = "[cache]\nurl = 'sqlite:///c'\n[[cache.response]]\nroute = 'GET /a'\nstale = '5m'\n"
    write(tmp_path, text + "[[cache.response]]\nroute = 'GET /b'\nheaders = ['Accept']\n")
    settings = config.load(tmp_path, environ=NOTHING)
    first, second = settings.config.cache.response
    assert (first.route, first.ttl, first.stale) == ("GET /a", 60.0, 300.0)
    assert (second.route, second.headers) == ("GET /b", ("Accept",))
    assert settings.sources["cache.response"] == "surefoot.toml"
