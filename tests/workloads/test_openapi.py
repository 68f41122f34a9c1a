"""An OpenAPI document: a request for each operation whose values are given or can be learnt."""

import json
import tomllib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from surefoot.errors import WorkloadError
from surefoot.toolbox.load import parse_workload
from surefoot.toolbox.workloads.openapi import from_openapi
from surefoot.toolbox.workloads.openapi_document import parse_document, read_operations
from surefoot.toolbox.workloads.toml import to_toml


def document(paths, **more):
    return json.dumps({"openapi": "3.1.0", "info": {"title": "x"}, "paths": paths} | more)


def parameter(name, where="query", **schema):
    required = schema.pop("required", where == "path")
    return {"name": name, "in": where, "required": required, "schema": schema}


def get(*parameters, **more):
    return {"get": {"parameters": list(parameters), "responses": {"200": {}}} | more}


def paths_of(draft):
    return [request["path"] for request in draft.requests]


def test_values_are_examples_the_only_ones_or_the_default(read):
    text = document(
        {
            "/a": get(parameter("q", required=True, examples=["one two", "three"])),
            "/b": get(parameter("sort", enum=["up", "down"]), parameter("page", default=1)),
            "/c/{lang}": get(parameter("lang", "path", default="en")),
            "/d": get(parameter("q", required=True, type="string")),
            "/e": get(parameter("X-Version", "header", required=True, example="2")),
        }
    )
    draft = from_openapi(text, "a.json")
    assert paths_of(draft) == ["/a?q={q}", "/b?sort={sort}", "/c/en", "/e"]
    assert draft.data == {"q": ["one two", "three"], "sort": ["up", "down"]}
    assert draft.requests[-1]["headers"] == {"X-Version": "2"}
    assert [left.what for left in draft.left_out] == ["GET /d"]
    assert len(read(draft).requests) == 4


def test_references_and_shared_parameters_are_followed():
    schemas = "#/components/schemas/"
    text = document(
        {"/a/{kind}": {"parameters": [{"$ref": "#/components/parameters/kind"}], **get()}},
        components={
            "parameters": {
                "kind": parameter("kind", "path") | {"schema": {"$ref": schemas + "Kind"}},
            },
            "schemas": {"Kind": {"enum": ["x", "y"]}},
        },
        servers=[{"url": "https://shop.example/api/"}],
    )  # fmt: skip
    assert paths_of(from_openapi(text, "a.json")) == ["/api/a/{kind}"]


def test_writes_are_made_from_examples_or_schemas_when_asked_for(read):
    wish = {
        "type": "object",
        "required": ["book", "email", "copies"],
        "properties": {
            "book": {"type": "integer", "minimum": 5},
            "email": {"type": "string", "format": "email"},
            "copies": {"default": 2},
            "note": {"type": "string"},
        },
    }
    post = {
        "requestBody": {"content": {"application/json": {"schema": wish}}},
        "responses": {"201": {}, "422": {}},
    }
    text = document({"/": get(), "/orders": {"post": post}, "/log-out": {"post": post}})
    plain = from_openapi(text, "a.json")
    assert ("POST /orders", "it writes; --writes keeps it") in [
        (left.what, left.why) for left in plain.left_out
    ]
    draft = from_openapi(text, "a.json", writes=True)
    assert read(draft).writes == ("POST /orders",)
    assert draft.requests[1]["json"] == {"book": 5, "email": "reader@example.org", "copies": 2}
    assert [left.what for left in draft.left_out] == ["POST /log-out"]


def test_keys_are_asked_for_by_name(read):
    text = document(
        {"/a": get(), "/b": get(security=[{"key": []}]), "/c": get(security=[])},
        security=[{"bearer": []}],
        components={
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "query", "name": "api_key"},
            }
        },
    )
    draft = from_openapi(text, "a.json")
    assert draft.requests[0]["headers"] == {"Authorization": "Bearer {env.AUTHORIZATION}"}
    assert draft.requests[1]["path"] == "/b?api_key={env.API_KEY}"
    assert "headers" not in draft.requests[2]
    assert [needed.name for needed in draft.needed] == ["AUTHORIZATION", "API_KEY"]


def test_yaml_is_read_where_a_library_is_there():
    text = yaml.safe_dump(json.loads(document({"/a": get()})))
    assert read_operations(parse_document(text, "a.yaml"))[0].path == "/a"


@pytest.mark.parametrize("text", ["", "x: [", '{"openapi": "2.0"}', '{"swagger": "2.0"}', "[]"])
def test_what_is_no_such_document_is_refused_in_one_line(text):
    with pytest.raises(WorkloadError, match=r"^a\.json"):
        from_openapi(text, "a.json")


KEYS = st.sampled_from(
    ["get", "post", "parameters", "name", "in", "schema", "enum", "example", "type", "$ref",
     "responses", "200", "requestBody", "content", "application/json", "required", "default",
     "properties", "items", "anyOf", "allOf", "security", "x"]
)  # fmt: skip
LEAVES = st.sampled_from(
    [None, True, 1, 2.5, "", "x", "query", "path", "{x}", "integer", "object", "array", "a b",
     "#/paths/~1a", "header"]
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(["/a", "/a/{x}", "/{y}/b", "z", "/ c"]), TREES, max_size=3))
def test_any_document_is_a_draft_that_can_be_read_or_a_plain_error(paths):
    try:
        draft = from_openapi(document(paths | {"/ok": get()}), "a.json", writes=True)
    except WorkloadError as error:
        assert "a.json" in error.message  # noqa: PT017 - either of two ends is right
        return
    environ = {needed.name: "x" for needed in draft.needed}
    made = parse_workload(tomllib.loads(to_toml(draft)), "a.toml", environ=environ)
    assert "GET /ok" in made.requests


def test_the_bookshop_s_own_document_is_answered_with_ids_that_exist(bookshop):
    workload, said, result = bookshop("fastapi", "--openapi")
    assert {"GET /", "GET /books", "GET /books/{1..19968}", "GET /books/{1..19968}/price"} < set(
        workload.requests
    )
    assert "left out: POST /orders: it writes" in said
    assert result.errors == {}
    assert result.completed >= 2 * len(workload.requests)
