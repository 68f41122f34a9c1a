"""``surefoot workload`` as a person meets it."""

import json

import pytest

from surefoot.errors import WorkloadError
from surefoot.toolbox.workloads.source import Sort, opened, sort_of, whole

LOG = '10.0.0.1 - - [21/Nov/2026:20:00:00 +0000] "GET /a HTTP/1.1" 200 512\n'


@pytest.mark.parametrize(
    ("name", "head", "sort"),
    [
        ("locustfile.py", "", Sort.LOCUST),
        ("visit.har", "anything", Sort.HAR),
        ("recorded", '{"log": {"version"', Sort.HAR),
        ("api", '{\n  "openapi": "3.1.0"', Sort.OPENAPI),
        ("api", '{"info":{},"openapi":"3.0.0"', Sort.OPENAPI),
        ("api.yaml", "openapi: 3.1.0\n", Sort.OPENAPI),
        ("plan.jmx", "", Sort.JMETER),
        ("plan", '<?xml version="1.0"?>\n<jmeterTestPlan version="1.2">', Sort.JMETER),
        ("access.log", LOG, Sort.LOG),
        ("access.json", '{"ts": 1, "method": "GET"}', Sort.LOG),
    ],
)
def test_a_file_is_known_by_its_name_or_its_beginning(name, head, sort):
    assert sort_of(name, head) is sort


def test_swagger_2_is_told_what_to_do():
    with pytest.raises(WorkloadError, match="by Swagger 2") as caught:
        sort_of("api.json", '{"swagger": "2.0"')
    assert "convert it" in caught.value.do


def test_a_file_is_read_with_its_beginning(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("\ufeff{}" + "é" * 5000)
    with opened(str(path)) as source:
        assert source.head.startswith("{}é")
        assert whole(source) == "{}" + "é" * 5000


def test_the_summary_tells_all_and_the_next_step(surefoot):
    log = surefoot.directory / "access.log"
    log.write_text(LOG * 3 + LOG.replace("GET", "POST") + "garbage\n")
    run = surefoot("workload", "--from", "access.log", "--output", "made.toml")
    assert run.out.splitlines() == [
        "made.toml: 1 request",
        "  4 requests in 1s: 4.00/s, 4.00/s in the busiest minute.".replace(".00", ""),
        "  Addresses are grouped by shape; name the application to use its routes.",
        "  1 line could not be read, the first of them line 5.",
        "  1 visitor by address and browser.",
        "  left out: POST /a (1 request): it writes, and a log holds no bodies",
        "  the rate to meet is that of the busiest minute, 4/s",
        "next: surefoot measure --workload made.toml",
    ]
    again = surefoot("workload", "--from", "access.log", "--output", "made.toml")
    assert (again.code, "made.toml exists" in again.err) == (2, True)
    told = surefoot("workload", "--from", "access.log", "--json")
    made = json.loads(told.out)
    assert made["request"] == [{"path": "/a", "weight": 3}]
    assert made["left_out"][0]["count"] == 1
    assert (made["rate"], made["peak"]) == (4.0, 4.0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "missing.log"], "missing.log cannot be read: No such file"),
        (["--from", "missing.py", "--url", "http://127.0.0.1:1"], "there is no file"),
        (["--from", "a.log", "--openapi"], "give a document's file as --from"),
        (["--host", "shop"], "give it --from"),
        (["shop:app", "--url", "http://127.0.0.1:1"], "not both"),
        (["--url", "http://192.0.2.1"], "--i-own-this-host"),
    ],
)
def test_mistakes_are_told_in_a_line(surefoot, words, said):
    run = surefoot("workload", *words)
    assert run.code in {1, 2}
    assert said in run.err
