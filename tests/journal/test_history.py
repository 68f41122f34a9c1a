"""What is in force through which change, and what may be taken back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.journal import Entry, Facts, History, Host, KeyEdit, Kind, State, inverse, stale
from surefoot.core.records import CodeEdit, OutsideAction
from surefoot.errors import RefusedError, SurefootError, UsageError

KEYS = ("server.threads", "server.replicas", "slo.latency")


def decided(number, *edits, kept=True, **more):
    return Entry(
        id=number,
        parent=0,
        at="2026-11-21T11:02:33Z",
        kind=more.pop("kind", Kind.CHANGE),
        kept=kept,
        lever="threads",
        action=tuple(KeyEdit(*edit) for edit in edits),
        **more,
    )


@st.composite
def histories(draw):
    """Changes and reverts as they can be made one after the other; and the file they lead to."""
    entries = []
    file = dict.fromkeys(KEYS[:2], 0)
    for number in range(1, draw(st.integers(2, 9))):
        history = History(tuple(entries))
        back = draw(st.sampled_from([0, *(e.id for e in entries)]))
        try:
            undone = history.check_revert(back) if back else None
        except SurefootError:
            undone = None
        if undone is not None:
            action = inverse(undone.action)
            made = Entry(number, 0, "", Kind.REVERT, kept=True, action=action, reverts=back)
        else:
            keys = draw(st.sets(st.sampled_from(KEYS), min_size=1))
            action = tuple(
                KeyEdit(key, file.get(key), number, was_set=key in file) for key in sorted(keys)
            )
            made = Entry(number, 0, "", Kind.CHANGE, kept=draw(st.booleans()), action=action)
        entries.append(made)
        for edit in made.edits if made.kept else ():
            file[edit.key] = edit.file_after
        file = {key: value for key, value in file.items() if value is not None}
    return History(tuple(entries)), file


@given(histories())
def test_every_key_holds_what_its_change_set(made):
    history, file = made
    for key, holder in history.holders().items():
        if holder is None:
            assert file.get(key) == (0 if key in KEYS[:2] else None)
        else:
            assert file[key] == holder.id
            assert history.state(holder, file) is State.KEPT


@given(histories())
def test_taking_everything_back_from_the_last_leads_to_where_it_began(made):
    history, file = made
    for entry in reversed(history.entries):
        if history.state(entry, file) is State.KEPT:
            undone = history.check_revert(entry.id)
            for edit in inverse(undone.action):
                file[edit.key] = edit.file_after
            back = Entry(
                history.next_id,
                0,
                "",
                Kind.REVERT,
                kept=True,
                action=inverse(undone.action),
                reverts=entry.id,
            )
            history = History((*history.entries, back))
    assert {k: v for k, v in file.items() if v is not None} == dict.fromkeys(KEYS[:2], 0)
    assert not any(history.holders().values())


@given(histories())
def test_only_what_is_wholly_in_force_can_be_taken_back(made):
    history, file = made
    for entry in history.entries:
        holds_all = all(
            (holder := history.holders()[edit.key]) is not None and holder.id == entry.id
            for edit in entry.edits
            if entry.kept
        )
        try:
            history.check_revert(entry.id)
        except SurefootError:
            assert not (holds_all and history.state(entry, file) is State.KEPT)
        else:
            assert holds_all


def test_a_later_change_of_the_same_key_is_named():
    history = History(
        (decided(1, (KEYS[0], 4, 8)), decided(2, (KEYS[1], 1, 2)), decided(3, (KEYS[0], 8, 16)))
    )
    with pytest.raises(RefusedError, match=r"change 3 \(threads\) set server.threads again") as no:
        history.check_revert(1)
    assert "surefoot revert 3" in no.value.do
    assert history.check_revert(2).id == 2
    assert history.state(history.entry(1), {}) is State.OVERTAKEN


@pytest.mark.parametrize(
    ("number", "kind", "said"),
    [
        (9, UsageError, "has no change 9"),
        (0, UsageError, "has no change 0"),
        (2, UsageError, "was dropped"),
        (3, UsageError, "is no change: it is a measurement"),
        (1, RefusedError, "was taken back already, by entry 4"),
        (4, UsageError, "is no change: it is a revert"),
    ],
)
def test_what_cannot_be_taken_back_is_refused_with_the_reason(number, kind, said):
    first = decided(1, (KEYS[0], 4, 8))
    history = History(
        (
            first,
            decided(2, (KEYS[1], 1, 2), kept=False),
            decided(3, kind=Kind.MEASURED, kept=False),
            decided(4, (KEYS[0], 8, 4), kind=Kind.REVERT, reverts=1),
        )
    )
    with pytest.raises(kind, match=said):
        history.check_revert(number)


def test_a_key_that_somebody_edited_makes_its_change_absent():
    entry = decided(1, (KEYS[0], 4, 8))
    history = History((entry,))
    assert history.state(entry, {KEYS[0]: 8}) is State.KEPT
    assert history.state(entry, {KEYS[0]: 9}) is State.ABSENT
    assert history.state(entry, {}) is State.ABSENT


def test_what_is_done_outside_is_kept_until_it_is_taken_back():
    entry = Entry(1, 0, "", Kind.CHANGE, kept=True, action=OutsideAction("CREATE", "DROP"))
    history = History((entry,))
    assert history.state(entry, {}) is State.KEPT
    assert inverse(entry.action) == OutsideAction("DROP", "CREATE")
    assert inverse(CodeEdit("a.py", 3, "load the tags")).file == "a.py"


@pytest.mark.parametrize(
    ("then", "now", "said"),
    [
        (Facts(code="a"), Facts(code="b"), ["the code changed"]),
        (Facts(dependencies="a"), Facts(dependencies="b"), ["the dependencies changed"]),
        (Facts(data=10**7), Facts(data=3 * 10**7), ["the data went from 10MB to 30MB"]),
        (Facts(data=10**7), Facts(data=19 * 10**6), []),
        (Facts(code="a", data=5), Facts(), []),
        (Facts(), Facts(code="a", data=5, host=Host("x", 2, 3, "Linux 6.8")), []),
        (Facts(host=Host(cores=2)), Facts(host=Host(cores=4)), ["the host has 4 cores, it had 2"]),
        (
            Facts(host=Host("slow", 2, 8 * 10**9, "Linux 6.8.0-41")),
            Facts(host=Host("fast", 2, 16 * 10**9, "Linux 6.8.0-45")),
            ["the processor is fast, it was slow", "the host has 16GB of memory, it had 8GB"],
        ),
        (
            Facts(host=Host(kernel="Linux 6.8.0")),
            Facts(host=Host(kernel="Linux 6.9.1")),
            ["the kernel is Linux 6.9.1, it was Linux 6.8.0"],
        ),
    ],
)
def test_what_changed_since_a_proof_is_said(then, now, said):
    assert list(stale(then, now)) == said
