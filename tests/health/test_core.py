"""What outcomes come to, and what of an error may be shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.health import Outcome, State, readiness, unapplied, without_secrets

outcomes = st.lists(
    st.builds(
        Outcome,
        name=st.just("check"),
        hard=st.booleans(),
        seconds=st.floats(0, 10),
        error=st.sampled_from(["", "down"]),
    ),
    max_size=5,
)


@given(outcomes)
def test_only_a_hard_failure_takes_the_process_out(found):
    assert (readiness(found).status == 503) == any(each.hard and each.error for each in found)


@given(outcomes)
def test_ok_means_that_nothing_failed(found):
    assert (readiness(found) is State.OK) == (not any(each.error for each in found))


@pytest.mark.parametrize(
    ("state", "status"), [("ok", 200), ("degraded", 200), ("failed", 503), ("draining", 503),
                          ("starting", 503)],
)  # fmt: skip
def test_the_status_of_each_word(state, status):
    assert State(state).status == status


revisions = st.sets(st.sampled_from("abcdef"), max_size=4)


@given(revisions, revisions)
def test_a_database_at_the_heads_lacks_nothing(heads, more):
    assert unapplied(heads, heads, heads | more) == []


@given(revisions, revisions)
def test_a_database_that_is_ahead_lacks_nothing(heads, known):
    assert unapplied(heads, {"of a later release"}, known | heads) == []


@given(revisions, revisions)
def test_a_head_that_the_database_is_not_at_is_told(heads, current):
    assert unapplied(heads, current, heads | current) == sorted(heads - current)


words = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=4, max_size=12)
passwords = st.text(
    st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=4, max_size=20
).map(lambda text: f"S3cr3t{text}")


@given(words, passwords, words)
def test_the_password_of_a_url_is_not_shown(user, password, host):
    shown = without_secrets(f"cannot reach postgresql://{user}:{password}@{host}:5432/shop now")
    assert "S3cr3t" not in shown
    assert f"@{host}:5432/shop now" in shown


@pytest.mark.parametrize(
    "text",
    [
        "host=db password=S3cr3t dbname=shop",
        "connect(host='db', password='S3cr3t and more')",
        '{"user": "shop", "password": "S3cr3t"}',
        "PGPASSWORD: S3cr3t",
        "redis://:S3cr3t@cache:6379/0",
        "amqp://a:S3cr3t/with@signs@mq:5672;amqp://b:S3cr3t@mq2:5672",
    ],
)
def test_a_password_that_is_named_is_not_shown(text):
    assert "S3cr3t" not in without_secrets(text)


@given(st.text())
def test_what_is_shown_is_one_short_line(text):
    shown = without_secrets(text)
    assert len(shown) <= 300
    assert len(shown.splitlines()) <= 1
