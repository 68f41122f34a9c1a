import pytest


def evidence(result):
    return result["bottleneck"]["evidence"]


def changes(result):
    return {change["lever"]: change for change in result["changes"]}


@pytest.mark.usefixtures("quiet")
def test_statements_in_a_loop_are_named_with_their_line_and_what_to_do(bookshop):
    run = bookshop("flask", "n-plus-one")
    assert run.code == 0, run.err
    result = run.result
    assert result["bottleneck"]["resource"] == "app.cpu"
    loop = next(line for line in evidence(result) if "statements a request" in line["text"])
    assert loop["file"] == "flask_bookshop/catalogue.py"
    assert loop["line"] > 0
    eager = changes(result)["eager-load"]
    assert eager["predicted_gain"] > 1.3
    assert eager["where"].startswith("flask_bookshop/catalogue.py:")
    assert "bottleneck: app.cpu" in run.out


@pytest.mark.usefixtures("quiet")
def test_a_loop_of_django_s_is_named_and_its_repair_is_shown(bookshop):
    run = bookshop("django", "n-plus-one")
    assert run.code == 0, run.err
    assert run.result["framework"] == "django"
    assert run.result["bottleneck"]["resource"] == "app.cpu"
    assert {route["route"] for route in run.result["routes"]} == {
        "GET /books",
        "GET /books/<int:book_id>",
    }
    eager = changes(run.result)["eager-load"]
    assert eager["where"].startswith("django_bookshop/catalogue.py:")
    assert (
        '+    for book in query.select_related("author").prefetch_related("review_set"):'
        in (eager["action"]["diff"])
    )


@pytest.mark.in_pairs
def test_the_document_holds_what_programs_rely_on(bookshop):
    result = bookshop("flask", "slow-price").result
    assert {"valid", "why_invalid", "unexplained", "schema"} <= result.keys()
    assert result["slo"] == {"latency_ms": 250.0, "quantile": 0.99, "errors": 0.001}
    assert result["capacity"].keys() == {"rps", "low", "high"}
    assert result["predicted"].keys() == {"saturation_rps", "slo_rps"}
    assert result["bottleneck"]["resource"] == "app.threads"
    assert any(line["text"].startswith("http.") for line in evidence(result))
    for resource in result["resources"]:
        assert resource["demand_ms"] > 0
        assert resource["bound_rps"] == pytest.approx(
            resource["capacity"] / resource["demand_ms"] * 1e3, rel=0.01
        )
    assert sum(route["share"] for route in result["routes"]) == pytest.approx(1, abs=0.01)
    gains = [change["predicted_gain"] for change in result["changes"]]
    assert gains == sorted(gains, reverse=True)
    assert changes(result)["threads"]["action"]["key"] == "server.threads"


RECOMMENDED = "GET /books/<int:book_id>/recommendations"


@pytest.mark.usefixtures("quiet")
def test_a_page_that_many_ask_for_is_one_to_keep(bookshop):
    run = bookshop("flask", "slow-recommendation", workload="popular-recommendation")
    change = run.result["changes"][0]
    assert (change["lever"], change["where"]) == ("cache-response", RECOMMENDED)
    assert change["predicted_gain"] > 3
    assert {e["key"]: e["after"] for e in change["action"]["edits"]} == {
        f"cache.response[{RECOMMENDED}].route": RECOMMENDED,
        f"cache.response[{RECOMMENDED}].ttl": f"{change['stale_s']:g}s",
    }


@pytest.mark.in_pairs
def test_a_page_that_is_seldom_asked_for_twice_is_none(bookshop):
    rare = bookshop("flask", "slow-recommendation").result
    assert changes(rare).get("cache-response", {"predicted_gain": 1})["predicted_gain"] < 1.3
    assert {each["route"] for each in rare["reusable"]} >= {RECOMMENDED}


@pytest.mark.in_pairs
@pytest.mark.parametrize(
    ("example", "fault", "resource", "lever"),
    [
        ("flask", "lock-across-wait", "app.lock", "shared-state"),
        ("flask", "mail-in-request", "app.threads", "background-task"),
        ("flask", "small-pool", "db.pool", "pool-size"),
        ("pyramid", "small-pool", "db.pool", "pool-size"),
        ("fastapi", "blocking-call", "app.loop", "blocking-call"),
    ],
)
def test_what_is_waited_for_is_named_and_a_lever_proposed(
    bookshop, example, fault, resource, lever
):
    run = bookshop(example, fault)
    assert run.code == 0, run.err
    assert run.result["bottleneck"]["resource"] == resource
    assert evidence(run.result)
    assert lever in changes(run.result)


@pytest.mark.usefixtures("quiet")
def test_a_search_without_an_index_is_named_and_an_index_proposed(bookshop):
    run = bookshop("flask", "unindexed-search")
    assert run.code == 0, run.err
    # The database's work in this process is CPU of the host: the same answer seen wider.
    assert run.result["bottleneck"]["resource"] in {"db.cpu", "host.cpu"}
    assert evidence(run.result)
    assert "add-index" in changes(run.result)
