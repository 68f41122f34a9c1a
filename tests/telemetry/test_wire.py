"""What is encoded comes back as it was, and rubbish is refused in one way only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surefoot.core.records import Record, Spend, StackSample
from surefoot.core.resources import Kind, Resource
from surefoot.core.wire import (
    MAX_STRINGS,
    Blocked,
    CacheTotal,
    Decoder,
    Encoder,
    RouteTotal,
    WorkerStats,
)
from surefoot.errors import RecordError

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
numbers = st.integers(0, 2**63)
resources = st.one_of(
    st.sampled_from([Resource(kind) for kind in Kind if kind not in {Kind.CACHE, Kind.HTTP}]),
    st.builds(Resource, st.just(Kind.HTTP), st.text("abc.:0123456789", min_size=1)),
)
spends = st.builds(
    Spend, resources, texts, texts, st.integers(0, 2**32 - 1), numbers, numbers, numbers
)
records = st.builds(
    Record,
    st.just(77),
    texts,
    texts,
    st.integers(0, 999),
    numbers,
    numbers,
    numbers,
    numbers,
    numbers,
    st.lists(spends, max_size=6, unique_by=lambda s: (s.resource, s.what, s.site)).map(tuple),
)


def encode(encoder, record):
    encoder.record(
        record.method,
        record.route,
        record.status,
        (record.start_ns, record.wall_ns, record.cpu_ns, record.queued_ns, record.loop_ns),
        {
            (str(s.resource), s.what, s.site): [s.count, s.wait_ns, s.use_ns, s.cpu_ns]
            for s in record.spends
        },
    )


@given(st.lists(records, max_size=20), st.integers(1500, 32768))
def test_records_come_back_as_they_were(sent, limit):
    encoder, decoder = Encoder(77, limit), Decoder()
    for record in sent:
        encode(encoder, record)
    datagrams = encoder.take()
    assert all(len(datagram) <= limit for datagram in datagrams)
    assert [value for datagram in datagrams for value in decoder.feed(datagram)] == sent
    assert decoder.unresolved == 0
    assert encoder.oversize == 0


def test_a_string_is_sent_once():
    encoder = Encoder(1)
    record = Record(1, "GET", "/a/very/long/route", 200, 1, 1, 1, 0, 0)
    encode(encoder, record)
    first = encoder.take()[0]
    encode(encoder, record)
    second = encoder.take()[0]
    assert b"/a/very/long/route" in first
    assert b"/a/very/long/route" not in second
    decoder = Decoder()
    assert decoder.feed(first) == decoder.feed(second) == [record]


def test_after_a_loss_strings_are_sent_again():
    encoder, decoder = Encoder(1), Decoder()
    record = Record(1, "GET", "/x", 200, 1, 1, 1, 0, 0)
    encode(encoder, record)
    lost = encoder.take()
    encode(encoder, record)
    assert decoder.feed(encoder.take()[0]) == []
    assert decoder.unresolved == 1
    encoder.forget()
    encode(encoder, record)
    assert decoder.feed(encoder.take()[0]) == [record]
    assert lost


def test_workers_have_tables_of_their_own():
    decoder = Decoder()
    for worker, route in ((1, "/one"), (2, "/two")):
        encoder = Encoder(worker)
        record = Record(worker, "GET", route, 200, 1, 1, 1, 0, 0)
        encode(encoder, record)
        assert decoder.feed(encoder.take()[0]) == [record]


def test_stacks_and_stats_come_back_as_they_were():
    encoder, decoder = Encoder(5), Decoder()
    stack = StackSample(5, "GET /x", "lock", ("a.py:f", "b.py:g"), "b.py:7", 3)
    total = RouteTotal("GET /x", 3, 1, 10, 20, 30, 40, {"db.wait": (1, 2, 3, 4)}, {7: 3})
    stats = WorkerStats(
        5,
        seconds=1.5,
        dropped=2,
        fault="KeyError: 'x'",
        blocked=(Blocked("v.py:3", 2, 5, 9),),
        hooks=("sqlite3",),
        routes=(total,),
        caches=(
            CacheTotal("books", "local", hits=7, misses=2, evictions=1, entries=3, bytes=900),
            CacheTotal("books", "shared", computed=2),
        ),
    )
    encoder.stack(stack.route, stack.state, stack.frames, stack.site, stack.count)
    encoder.stats(stats)
    assert decoder.feed(encoder.take()[0]) == [stack, stats]


def test_what_a_newer_worker_counts_besides_is_passed_over():
    encoder = Encoder(5)
    encoder.stats(WorkerStats(5, caches=(CacheTotal("books", "local", hits=7),)))
    newer = encoder.take()[0].replace(b'"bypassed":', b'"bypassee":')
    (stats,) = Decoder().feed(newer)
    assert stats.caches == (CacheTotal("books", "local", hits=7),)


def test_more_strings_than_the_table_holds_become_one():
    encoder, decoder = Encoder(1), Decoder()
    for number in range(MAX_STRINGS + 100):
        encode(encoder, Record(1, "GET", f"/{number}", 200, 1, 1, 1, 0, 0))
    routes = [record.route for datagram in encoder.take() for record in decoder.feed(datagram)]
    assert len(routes) == MAX_STRINGS + 100
    assert routes[-1] == "(other)"
    assert len(set(routes)) <= MAX_STRINGS


def read_or_refused(decoder, datagram):
    """Whether what was made of it is of the kinds that are sent, or that it was refused."""
    try:
        read = decoder.feed(datagram)
    except RecordError:
        return True
    return {type(each) for each in read} <= {Record, StackSample, WorkerStats}


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(rubbish):
    assert read_or_refused(Decoder(), rubbish)


@given(st.lists(records, min_size=1, max_size=3), st.data())
def test_a_damaged_datagram_is_read_or_refused(sent, data):
    encoder = Encoder(77)
    for record in sent:
        encode(encoder, record)
    (datagram,) = encoder.take()
    damaged = bytearray(datagram)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    assert read_or_refused(Decoder(), bytes(damaged[:cut]))


def test_another_version_is_refused_with_what_to_do():
    encoder = Encoder(1)
    encoder.stats(WorkerStats(1))
    datagram = bytearray(encoder.take()[0])
    datagram[2] = 99
    with pytest.raises(RecordError, match=r"version 99.*\n.*same release"):
        Decoder().feed(bytes(datagram))
