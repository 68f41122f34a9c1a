"""The names of the faults, and that they change how an answer is made but never the answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

FRAMEWORKS = ["flask", "pyramid", "fastapi", "django"]
NAMES = [
    "n-plus-one",
    "unindexed-search",
    "mail-in-request",
    "slow-recommendation",
    "slow-price",
    "blocking-call",
    "small-pool",
    "lock-across-wait",
    "global-counter",
]
ORDER = {"book": "77", "copies": 2, "email": "reader@example.org"}
REQUESTS = [
    ("GET", "/", None),
    *[("GET", f"/books?page={page}", None) for page in (1, 2, 250, 500, 501)],
    *[("GET", f"/books/{book}", None) for book in (1, 77, 20_000, 20_001)],
    *[("GET", f"/search?q={words}", None) for words in ("silent+river", "Amber%20%20Anchor", "no")],
    *[("GET", f"/books/{book}/recommendations", None) for book in (1, 77, 2_730, 20_001)],
    *[("GET", f"/books/{book}/price", None) for book in (1, 77, 20_000, 20_001)],
    *[("GET", f"/books/{book}/delivery", None) for book in (1, 77, 20_001)],
    *[("GET", f"/stock/{book}", None) for book in (1, 77)],
    ("POST", "/orders", ORDER),
    ("POST", "/orders", {**ORDER, "book": 20_001}),
    ("POST", "/orders", {}),
    ("GET", "/visits", None),
    ("GET", "/visits", None),
    ("GET", "/nowhere", None),
]


def _answers(shop):
    return [
        (path, answer.status_code, answer.headers["content-type"], answer.content)
        for method, path, body in REQUESTS
        for answer in [shop.client.request(method, path, json=body)]
    ]


def _meanings(answers):
    return [
        (path, status, json.loads(content) if "json" in kind else content)
        for path, status, kind, content in answers
    ]


def test_the_names_are_these():
    from bookshop import faults

    assert list(faults.FAULTS) == NAMES


def test_no_setting_means_the_default_and_none_means_none():
    from bookshop import faults

    assert faults.parse(None) == {"n-plus-one", "unindexed-search"}
    assert faults.parse("none") == frozenset()
    assert faults.parse("all") == frozenset(NAMES)


@given(st.sets(st.sampled_from(NAMES), min_size=1))
def test_any_set_of_names_is_read_back(names):
    from bookshop import faults

    assert faults.parse(" , ".join(names)) == names


def test_an_unknown_name_is_answered_with_the_nearest_one():
    from bookshop import faults

    with pytest.raises(ValueError, match="did you mean n-plus-one"):
        faults.parse("n-plus-1")


@pytest.fixture(scope="module")
def fetched():
    """Answers of shops on SQLite, by framework and faults."""
    return {}


@pytest.fixture
def answers(open_shop, fetched):
    """What a shop answers, which it is asked for once."""

    def look(framework, faults):
        if (framework, faults) not in fetched:
            fetched[framework, faults] = _answers(open_shop(framework, faults))
        return fetched[framework, faults]

    return look


# One framework of each colour in full: what a fault is is shared, and "all" has every branch in.
ALONE = [(framework, fault) for framework in ("flask", "fastapi") for fault in NAMES]


@pytest.mark.parametrize(
    ("framework", "fault"), [*ALONE, *((framework, "all") for framework in FRAMEWORKS)]
)
def test_a_fault_changes_no_answer(framework, fault, answers):
    assert answers(framework, fault) == answers(framework, "none")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_postgresql_gives_the_same_answers_as_sqlite(framework, answers, open_shop, postgres):
    for faults in ("none", "all"):
        on_postgres = _answers(open_shop(framework, faults, postgres(f"{framework}-{faults}")))
        assert on_postgres == answers(framework, faults)


@pytest.mark.parametrize("framework", FRAMEWORKS[1:])
def test_all_frameworks_give_answers_that_mean_the_same(framework, answers):
    flask, other = (_meanings(answers(each, "none")) for each in ("flask", framework))
    named = [entry for entry in flask if entry[1] < 400]
    assert len(named) > 20
    assert named == [entry for entry in other if entry[1] < 400]
    assert [entry[:2] for entry in flask] == [entry[:2] for entry in other]


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("faults", ["none", "mail-in-request"])
def test_every_order_is_confirmed_by_one_mail(framework, faults, open_shop, services):
    import httpx

    before = httpx.get(f"{services['http']}/mails").json()["mails"]
    shop = open_shop(framework, faults)
    for _ in range(3):
        assert shop.client.post("/orders", json=ORDER).status_code == 201
    shop.process.terminate()
    assert shop.process.wait(20) is not None
    assert httpx.get(f"{services['http']}/mails").json()["mails"] == before + 3


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_order_that_cannot_be_read_is_refused(framework, answers):
    unread = answers(framework, "none")[REQUESTS.index(("POST", "/orders", {}))]
    assert unread[:2] == ("/orders", 422)
