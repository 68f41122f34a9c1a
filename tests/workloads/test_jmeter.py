"""JMeter's plans: samplers become requests; what has no word here is listed by name and count."""

import re
import tomllib
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import WorkloadError
from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.workloads.jmeter import from_jmeter
from surefoot.toolbox.workloads.toml import to_toml

PLAN = Path(__file__).with_name("plan.jmx").read_text()


def read(draft, directory):
    (directory / "words.csv").write_text("adjective,noun\nsilent,river\n")
    return parse_workload(
        tomllib.loads(to_toml(draft)), "a.toml", directory=directory, environ=draft.secrets
    )


def test_samplers_become_requests_in_their_order(tmp_path):
    workload = read(from_jmeter(PLAN, "a.jmx"), tmp_path)
    (session,) = workload.sessions
    assert [step.name for step in session.steps] == [
        "GET /search?page=1&q={words.adjective}+{words.noun}",
        "GET /books/{1..20000}",
        "GET /books/{1..20000}",
    ]
    assert session.steps[1].think == (1.0, 3.0)
    assert workload.shares["GET /"] == 10 / 100


def test_what_is_done_once_is_the_log_in(tmp_path):
    workload = read(from_jmeter(PLAN, "a.jmx"), tmp_path)
    (step,) = workload.login[0].steps
    assert workload.users == 30
    assert step.expect == {302}
    assert step.body.text.parts == ("user=anna+%26+bert&password=hunter2",)
    assert (step.captures[0].name, step.captures[0].what) == ("token", "/data/0/token")


def test_no_secret_is_in_the_file():
    path = "/reset/aB3dE6gH9jK2mN5pQ8sT1vW4"
    plan = PLAN.replace("/search?page=1", f"{path}?page=1")
    assert "/reset/{env.TOKEN}?page=1" in to_toml(from_jmeter(plan, "a.jmx"))
    draft = from_jmeter(PLAN, "a.jmx", writes=True)
    text = to_toml(draft)
    assert not [secret for secret in ("hunter2", "k3yk3y", "s3cr3t") if secret in text]
    names = [needed.name for needed in draft.needed]
    assert names == ["API_PASSWORD", "words.csv", "X_API_KEY", "PIN"]


def test_writes_are_kept_when_asked_for(tmp_path):
    workload = read(from_jmeter(PLAN, "a.jmx", writes=True), tmp_path)
    assert workload.writes == ("POST /orders",)


def test_what_has_no_word_is_listed_by_name_and_count():
    left = {(each.what, each.count) for each in from_jmeter(PLAN, "a.jmx").left_out}
    assert left == {
        ("POST Order", 1),
        ("IfController Now and then", 1),
        ("JDBCSampler", 1),
        ("GET Scripted", 1),
        ("cdn.example", 1),
    }


def test_what_needs_something_that_is_left_out_goes_too():
    path = '<stringProp name="HTTPSampler.path">'
    asking = PLAN.replace(f"{path}/</stringProp>", f"{path}/me/${{token}}</stringProp>")
    assert from_jmeter(asking, "a.jmx").requests[0]["path"] == "/me/{token}"
    # The log-in itself is an upload now, and left out.
    files = '<elementProp name="HTTPsampler.Files"><collectionProp name="HTTPFileArgs.files"><a/>'
    upload = f"{path}/login</stringProp>{files}</collectionProp></elementProp>"
    draft = from_jmeter(asking.replace(f"{path}/login</stringProp>", upload), "a.jmx")
    left = {each.what: each.why for each in draft.left_out}
    assert left["POST Log in"] == "it needs a file to upload"
    assert left["GET /me/{token}"] == "it needs ${token}, which nothing supplies"


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><jmeterTestPlan>&a;</jmeterTestPlan>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><jmeterTestPlan/>',
        "<jmeterTestPlan>" + "<a>" * 300 + "</a>" * 300 + "</jmeterTestPlan>",
        "<html/>",
        "<jmeterTestPlan/>",
        "no xml",
    ],
)
def test_what_is_no_plan_is_refused_in_one_line(text):
    with pytest.raises(WorkloadError, match=r"^a\.jmx"):
        from_jmeter(text, "a.jmx")


def node(tag, properties, inner):
    props = "".join(
        f"<stringProp name={quoteattr(n)}>{escape(v)}</stringProp>" for n, v in properties
    )
    return f'<{tag} testname="n">{props}</{tag}><hashTree>{inner}</hashTree>'


TEXTS = st.sampled_from(
    ["", "/", "/a?b=c", "${x}", "${__Random(1,5)}", "${__Random(5,1)}", "$.a", "GET", "POST", "3",
     "x,y", "a.csv", "{x}", "${${x}}", "-1", "\t", "id=(\\d+)"]
)  # fmt: skip
NAMES = st.sampled_from(
    ["HTTPSampler.path", "HTTPSampler.method", "HTTPSampler.domain", "ThreadGroup.num_threads",
     "LoopController.loops", "filename", "variableNames", "RegexExtractor.refname",
     "RegexExtractor.regex", "JSONPostProcessor.referenceNames",
     "JSONPostProcessor.jsonPathExprs", "ConstantTimer.delay", "RandomTimer.range"]
)  # fmt: skip
TAGS = st.sampled_from(
    ["HTTPSamplerProxy", "ThreadGroup", "LoopController", "OnceOnlyController", "CSVDataSet",
     "RegexExtractor", "JSONPostProcessor", "UniformRandomTimer", "IfController", "HeaderManager"]
)  # fmt: skip
PLANS = st.recursive(
    st.just(""),
    lambda inner: st.lists(
        st.builds(node, TAGS, st.lists(st.tuples(NAMES, TEXTS), max_size=3), inner), max_size=3
    ).map("".join),
    max_leaves=8,
)


@given(PLANS)
def test_any_plan_is_a_draft_that_can_be_read_or_a_plain_error(inner):
    text = f"<jmeterTestPlan><hashTree>{node('ThreadGroup', [], inner)}</hashTree></jmeterTestPlan>"
    try:
        written = to_toml(from_jmeter(text, "a.jmx", writes=True))
    except WorkloadError as error:
        assert "a.jmx" in error.message  # noqa: PT017 - either of two ends is right
        return
    document = tomllib.loads(written)
    columns = dict.fromkeys(re.findall(r"\{(\w+)\.(\w+)\}", written))
    # A CSV file is the user's to supply.
    document["data"] = {
        name: [{column: "1" for table, column in columns if table == name} or {"x": "1"}]
        for name in document.get("data", {})
    }
    assert parse_workload(document, "a.toml").requests
