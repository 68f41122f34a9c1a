"""What levers are told of a run besides its demands."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosed import case_of
from surefoot import config
from surefoot.core.records import ConfigEdit, OutsideAction
from surefoot.errors import ConfigError
from surefoot.toolbox.analysis.settled import default, settled
from surefoot.toolbox.levers.undo import edited, inverse
from surefoot.toolbox.load.observation import Answered
from surefoot.toolbox.measure.sizes import weight


def test_the_configuration_is_told_without_what_is_nobody_s_business():
    described = config.from_mapping(
        {
            "app": {"target": "shop:make()", "settings": {"password": "secret"}},
            "server": {"threads": 7},
            "database": {"shop": {"pool_size": 3}},
        }
    )
    told = dict(settled(described))
    assert told["server.threads"] == 7
    assert told["database.shop.pool_size"] == 3
    assert told["response.compress"] is False
    assert "secret" not in repr(told)


def test_what_is_kept_of_each_route_is_told():
    entry = {"route": "GET /a.b/<int:c>", "ttl": "5s", "everybody": True}
    told = dict(settled(config.from_mapping({"cache": {"response": [entry]}})))
    assert told["cache.response[GET /a.b/<int:c>].ttl"] == 5.0
    assert told["cache.response[GET /a.b/<int:c>].everybody"] is True


def test_every_key_that_is_told_has_a_default():
    for key, value in settled(config.Config()):
        assert default(key) == value
    assert default("cache.response[GET /a.b/<int:c>].ttl") == 60.0
    assert default("cache.response[GET /a.b/<int:c>].everybody") is False
    assert default("database.whatever.pool_size") == 0
    with pytest.raises(KeyError):
        default("server.speed")


def test_a_case_answers_for_keys_that_were_not_set():
    shown = case_of({"server.threads": 9}, cpu=0.01)
    assert shown.whole("server.threads") == 9
    assert shown.whole("server.replicas") == 1
    assert shown.setting("server.gc_freeze") is False


def test_an_edit_of_a_key_that_does_not_exist_is_refused():
    for edit in (ConfigEdit("server.speed", None, 3), ConfigEdit("server.threads", 4, 0)):
        with pytest.raises(ConfigError):
            edited(config.Config(), [edit])


def test_a_table_that_an_undo_empties_is_gone():
    edits = (ConfigEdit("database.default.pool_size", None, 8),)
    changed = edited(config.Config(), edits)
    assert changed.database["default"].pool_size == 8
    assert edited(changed, inverse(edits)) == config.Config()


def test_what_is_done_outside_is_undone_by_its_inverse():
    action = OutsideAction("CREATE INDEX i ON b (c)", "DROP INDEX i")
    assert inverse(action) == OutsideAction("DROP INDEX i", "CREATE INDEX i ON b (c)")


def answered(body, kind, status=200, request="GET /", **headers):
    told = (("content-type", kind), *headers.items())
    return Answered((0, 0), "one", request, "", 0, status, told, body)


ROWS = json.dumps([{"number": number, "name": "a name"} for number in range(400)]).encode()


def test_answers_are_weighed_as_they_would_be_compressed():
    head = len("content-type") + len("application/json") + 4
    assert weight(answered(ROWS, "application/json")) < len(ROWS) / 3
    assert weight(answered(ROWS, "image/png")) > len(ROWS)
    assert weight(answered(ROWS, "application/json", request="HEAD /")) == len(ROWS) + head
    packed = answered(
        ROWS, "application/json", **{"content-encoding": "gzip", "content-length": "9"}
    )
    assert weight(packed) < 100


@given(body=st.binary(max_size=3000), kind=st.sampled_from(["text/html", "image/png", "text/css"]))
def test_no_answer_weighs_much_more_than_it_is(body, kind):
    assert weight(answered(body, kind)) <= len(body) + 80
