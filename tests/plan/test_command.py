"""``surefoot plan`` as it is typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot import config
from surefoot.core.resources import Kind
from surefoot.toolbox.plan.connections import room


def test_it_counts_from_a_document(surefoot, written):
    run = surefoot("plan", "--rate", "1000", "--growth", "15%/month", "--from", str(written()))
    assert run.code == 0, run.err
    assert run.result["replicas"] == 13
    assert run.result["hosts"]["carrying"] == 6
    assert run.result["connections"]["deploying"] == 70
    assert run.result["connections"]["source"].startswith("assumed")
    assert run.result["next"][0]["lever"] == "eager-load"
    names = {row["name"]: row for row in run.result["resources"]}
    assert names["db.cpu"]["months"] == 0.0
    assert names["app.cpu"]["months"] > 0
    assert "13  12 carry the rate" in run.out


def test_several_documents_give_a_curve_and_too_few_are_refused(surefoot, written):
    paths = []
    for count, rate in ((1, 96.0), (2, 185.0), (3, 262.0), (4, 330.0)):
        capacity = {"rps": rate, "low": rate * 0.97, "high": rate * 1.03}
        resources = [
            {"name": "app.cpu", "demand_ms": 8.0, "capacity": float(count)},
            {"name": "host.cpu", "demand_ms": 8.5, "capacity": 8.0},
        ]
        more = {"replicas": count, "capacity": capacity, "resources": resources}
        paths.append(str(written(f"{count}.json", **more)))
    run = surefoot("plan", "--rate", "1000", "--from", *paths)
    assert run.code == 0, run.err
    assert 0 < run.result["curve"]["contention"]["value"] < 0.2
    assert len(run.result["curve"]["at"]) == 8
    few = surefoot("plan", "--rate", "1000", "--from", *paths[:3])
    assert few.code == 2
    assert "too few for a curve" in few.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rate", "0", "--from", "x.json"), "nothing to plan for"),
        (("--rate", "fast", "--from", "x.json"), "not a rate"),
        (("--rate", "100", "--from", "none.json"), "cannot be read"),
        (("--rate", "100", "--growth", "much", "--from", "x.json"), "is no growth"),
        (("--rate", "100", "--target-use", "170", "--from", "x.json"), "between 5 and 95"),
        (("--rate", "100", "--surge", "-1", "--from", "x.json"), "no number of replicas"),
        (("--rate", "100", "--max-connections", "0", "--from", "x.json"), "leaves none"),
        (("shop:app", "--rate", "100", "--from", "x.json"), "not both"),
        (("--from", "x.json"), "--rate"),
    ],
)
def test_what_cannot_be_planned_is_an_error_of_one_line(surefoot, written, words, said):
    written("x.json")
    run = surefoot("plan", *words)
    assert run.code == 2
    assert said in run.err


def test_documents_of_two_applications_are_no_curve(surefoot, written):
    paths = [str(written(f"{name}.json", target=name)) for name in ("a", "b")]
    run = surefoot("plan", "--rate", "100", "--from", *paths)
    assert "several applications" in run.err


def test_it_writes_a_page(surefoot, written, tmp_path):
    page = tmp_path / "plan.html"
    run = surefoot("plan", "--rate", "100", "--from", str(written()), "--html", str(page))
    assert run.code == 0, run.err
    assert "Replicas by rate" in page.read_text()


def test_the_database_is_asked_how_many_connections_it_takes(postgres, tmp_path):
    (tmp_path / "surefoot.toml").write_text('[data]\nurl_env = "SHOP_DATABASE"\n')
    settings = config.load(tmp_path, environ={})
    url = postgres.replace("postgresql://", "postgresql+psycopg://")
    found = room(settings, None, {"SHOP_DATABASE": url})
    assert (found.most, found.reserved, found.source) == (100, 3, "asked of the database")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:///x.db", "holds no PostgreSQL URL"),
        ("postgresql://nobody:secret@127.0.0.1:1/none", "could not be asked"),
        ("", "holds no PostgreSQL URL"),
    ],
)
def test_a_database_that_cannot_be_asked_is_assumed_and_its_url_is_not_shown(tmp_path, url, said):
    (tmp_path / "surefoot.toml").write_text('[data]\nurl_env = "SHOP_DATABASE"\n')
    found = room(config.load(tmp_path, environ={}), None, {"SHOP_DATABASE": url})
    assert found.most == 100
    assert said in found.source
    assert "secret" not in found.source


@given(st.integers(1, 10_000))
def test_what_is_given_is_taken(most):
    found = room(config.Settings(config.Config(), {}, None), most, {})
    assert found.most == most
    assert found.reserved <= most


def test_every_kind_that_a_measurement_names_can_be_planned(surefoot, written):
    resources = [
        {"name": kind.value, "demand_ms": 1.0, "capacity": 1.0}
        for kind in Kind
        if kind is not Kind.OTHER
    ]
    run = surefoot("plan", "--rate", "100", "--from", str(written(resources=resources)))
    assert run.code == 0, run.err
