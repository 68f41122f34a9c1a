"""Requests of threads: what they cost is theirs alone, bounded, and sent without waiting."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from surefoot.telemetry import Options, Recorder
from surefoot.telemetry.request import MAX_SPENDS, Hold
from surefoot.testing import Receiver


@pytest.fixture
def recorder(receiver):
    made = Recorder(Options(records=receiver.path, sample_hz=0, code=(str(Path(__file__).parent),)))
    yield made
    made.close()


def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def serve(recorder, work=lambda: None, route="/x"):
    request = recorder.begin("GET")
    recorder.work(request)
    work()
    request.route, request.status = route, 200
    recorder.rest(request)
    recorder.finish(request)
    return request


def test_cpu_of_a_thread_is_its_requests_alone(recorder, receiver):
    with ThreadPoolExecutor(3) as threads:
        for seconds in (0.02, 0.04, 0.06):
            threads.submit(serve, recorder, lambda s=seconds: burn(s), f"/{seconds}")
    records = receiver.wait_for_records(3)
    for record in records:
        expected = float(record.route[1:]) * 1e9
        assert expected <= record.cpu_ns < expected + 10e6


def test_work_handed_to_another_thread_counts_for_the_request(recorder, receiver):
    def work():
        request = recorder.active[threading.get_ident()]

        def elsewhere():
            with recorder.carry(request, "views.py:7"):
                burn(0.03)
                assert recorder.site().startswith("test_recorder.py:")

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

    serve(recorder, work)
    (record,) = receiver.wait_for_records(1)
    assert record.cpu_ns >= 30e6


def test_five_hundred_equal_statements_are_one_spend(recorder, receiver):
    def work():
        request = recorder.active[threading.get_ident()]
        for _ in range(500):
            request.add("db.wait", "select ?", "views.py:7", use_ns=3, cpu_ns=2)

    serve(recorder, work)
    (record,) = receiver.wait_for_records(1)
    (spend,) = record.spends
    assert (spend.count, spend.use_ns, spend.cpu_ns) == (500, 1500, 1000)


def test_more_places_than_a_request_may_have_are_summed_as_other(recorder, receiver):
    def work():
        request = recorder.active[threading.get_ident()]
        for number in range(1000):
            request.add("db.wait", f"select {number}", "views.py:7", use_ns=1)

    serve(recorder, work)
    (record,) = receiver.wait_for_records(1)
    statements = [spend for spend in record.spends if str(spend.resource) == "db.wait"]
    assert len(record.spends) <= MAX_SPENDS + 2
    assert sum(spend.count for spend in statements) == 1000
    assert statements[-1].what == "(other)"


def test_what_is_never_given_back_is_held_until_the_request_ends(recorder, receiver):
    def work():
        request = recorder.active[threading.get_ident()]
        sums = request.entry("db.pool", "", "views.py:7")
        request.hold(Hold(sums, time.perf_counter_ns() - 5_000_000))

    serve(recorder, work)
    (record,) = receiver.wait_for_records(1)
    assert record.spends[0].use_ns >= 5e6


def test_a_full_receiver_holds_nobody_up_and_drops_are_counted(recorder, receiver):
    total = 40_000
    for _ in range(total):
        serve(recorder)
    kept = recorder.pulse.dropped
    assert 0 < kept < total
    receiver.wait(lambda: len(receiver.records) >= total - kept)
    serve(recorder)
    receiver.wait(lambda: bool(receiver.stats) and receiver.stats[-1].requests > total)
    assert len(receiver.records) + recorder.pulse.dropped == total + 1
    assert receiver.stats[-1].dropped == recorder.pulse.dropped
    assert receiver.decoder.unresolved == 0


def test_a_receiver_that_comes_late_or_again_understands_what_follows(tmp_path):
    recorder = Recorder(Options(records=str(tmp_path / "late.sock"), sample_hz=0))
    serve(recorder, route="/before")
    recorder.flush()
    assert recorder.pulse.dropped == 1
    for _ in range(2):
        path = tmp_path / "late.sock"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
            listening.bind(str(path))
            listening.settimeout(10)
            serve(recorder, route="/after")
            recorder.flush()
            assert b"/after" in listening.recv(1 << 16)
        serve(recorder)
        recorder.flush()
    assert recorder.pulse.dropped == 3
    assert recorder.pulse.faults == 0
    recorder.close()


def test_a_forked_child_starts_from_nothing(receiver):
    recorder = Recorder(Options(records=receiver.path, sample_hz=0))
    serve(recorder, route="/parent")
    child = os.fork()
    if child == 0:
        recorder.forked()
        serve(recorder, route="/child")
        recorder.close()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0
    serve(recorder, route="/parent")
    recorder.close()
    records = receiver.wait_for_records(3)
    assert {(r.worker, r.route) for r in records} == {(os.getpid(), "/parent"), (child, "/child")}
    assert {s.worker: s.requests for s in receiver.stats}[child] == 1


def test_an_answer_closed_by_another_thread_ends_the_request(recorder, receiver):
    request = recorder.begin("GET")
    recorder.work(request)

    def close():
        request.route, request.status = "/x", 200
        recorder.rest(request)
        recorder.finish(request)

    thread = threading.Thread(target=close)
    thread.start()
    thread.join()
    (record,) = receiver.wait_for_records(1)
    assert record.cpu_ns == 0
    assert recorder.active == {}
    assert recorder.pulse.faults == 0


def test_sums_instead_of_records_stay_bounded(receiver):
    recorder = Recorder(Options(records=receiver.path, every=False, sample_hz=0))
    for number in range(1000):
        serve(recorder, route=f"/{number}")
    serve(recorder, lambda: burn(0.01), "/0")
    recorder.close()
    receiver.wait(lambda: sum(len(s.routes) for s in receiver.stats) >= 201)
    totals = {total.route: total for stats in receiver.stats for total in stats.routes}
    assert len(totals) == 201
    assert sum(total.requests for total in totals.values()) == 1001
    assert totals["GET /0"].requests == 2
    assert totals["GET /0"].cpu_ns >= 10e6
    assert sum(totals["GET /0"].buckets.values()) == 2
    assert receiver.records == []


def test_nothing_is_started_before_the_first_request(receiver):
    before = threading.active_count()
    recorder = Recorder(Options(records=receiver.path))
    assert threading.active_count() == before
    serve(recorder)
    assert threading.active_count() == before + 1
    recorder.close()
    assert threading.active_count() == before


def test_a_fault_is_counted_and_its_words_kept(recorder, receiver):
    serve(recorder)
    recorder.fault(ValueError("first"))
    recorder.fault(ValueError("second"))
    recorder.close()
    receiver.wait(lambda: bool(receiver.stats) and receiver.stats[-1].faults == 2)
    assert receiver.stats[-1].fault == "ValueError: first"


def test_a_killed_receiver_stops_no_request(tmp_path):
    path = str(tmp_path / "gone.sock")
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listening.bind(path)
    recorder = Recorder(Options(records=path, sample_hz=0))
    serve(recorder)
    recorder.flush()
    listening.close()
    for _ in range(100):
        serve(recorder)
        recorder.flush()
    assert recorder.pulse.dropped == 100
    recorder.close()


def test_a_worker_that_ends_sends_what_it_has(receiver):
    child = os.fork()
    if child == 0:
        recorder = Recorder(Options(records=receiver.path, sample_hz=0))
        serve(recorder, route="/last")
        recorder.close()
        os._exit(0)
    os.waitpid(child, 0)
    (record,) = receiver.wait_for_records(1)
    assert record.route == "/last"
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_the_receivers_socket_is_for_its_owner_only():
    with Receiver() as receiver:
        assert Path(receiver.path).stat().st_mode & 0o777 == 0o600
