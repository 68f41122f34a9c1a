"""A slot's bytes come back as they were, and other bytes are no slot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.cache.frame import GENERATION, HEAD, Frame, Tag, claimed_until

INSTANTS = st.integers(0, 2**64 - 1)
STAMPS = st.binary(min_size=8, max_size=8)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)


FRAMES = st.builds(
    Frame,
    STAMPS,
    INSTANTS,
    INSTANTS,
    INSTANTS,
    INSTANTS,
    st.integers(0, 255),
    st.integers(0, 255),
    st.lists(st.builds(Tag, NAMES, STAMPS), max_size=64).map(tuple),
    st.none() | st.binary(max_size=100),
)


@given(FRAMES)
def test_a_frame_comes_back(frame):
    data = frame.pack()
    assert Frame.unpack(data) == frame
    assert data[:HEAD] == frame.head()
    assert data[2:GENERATION] == frame.generation


@given(FRAMES, INSTANTS)
def test_claiming_changes_nothing_else(frame, instant):
    head = claimed_until(frame.pack(), instant)
    assert len(head) == HEAD
    assert Frame.unpack(head + frame.pack()[HEAD:]) == frame._replace(claimed=instant)


@given(FRAMES, st.integers(0, 400))
def test_a_cut_frame_is_none_or_has_a_shorter_payload(frame, size):
    found = Frame.unpack(frame.pack()[:size])
    assert found is None or found.tags == frame.tags


@given(st.binary(max_size=300))
def test_other_bytes_are_no_frame(data):
    found = Frame.unpack(data)
    assert found is None or data[:2] == b"\xf7\x01"


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        ((Tag("", b"12345678"),), "0 bytes"),
        ((Tag("x" * 256, b"12345678"),), "256 bytes"),
        ((Tag("x", b"12345678"),) * 65, "65 tags"),
    ],
)
def test_tags_that_do_not_fit_are_refused(tags, told):
    with pytest.raises(ValueError, match=told):
        Frame(b"12345678", tags=tags).pack()
