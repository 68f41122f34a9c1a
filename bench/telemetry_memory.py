"""How much memory telemetry takes in a worker, under traffic made to fill it.

    python bench/telemetry_memory.py

One process serves requests whose routes, statements and lines are nearly all different, with as
many spends each as are kept, once with telemetry and once without; with a receiver that reads, one
that does not, and with sums instead of records.
"""

from __future__ import annotations

import argparse
import gc
import os
import subprocess
import sys
import threading
from pathlib import Path

from surefoot.telemetry import Options, Recorder, install
from surefoot.testing import Receiver

REQUESTS = 2000


def resident() -> float:
    """Bytes of memory of this process."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def serve(recorder: Recorder, number: int) -> None:
    request = recorder.begin("GET")
    recorder.work(request)
    for index in range(300):
        statement = recorder.statements.get(
            f"select c{number}_{index} from t where a = 'x {number}{index}'"  # noqa: S608 - never run
        )
        request.add("db.wait", statement.text, f"views_{number}.py:{index}", use_ns=1)
    request.route, request.status = f"/route/{number}", 200
    recorder.rest(request)
    recorder.finish(request)


def worker(mode: str) -> None:
    receiver = Receiver()
    before = resident()
    every = mode != "sums"
    recorder = install(Options(records=receiver.path, every=every, code=("/nowhere",)))
    stop = threading.Event()
    if mode == "read":

        def drain() -> None:
            while not stop.wait(0.005):
                receiver.drain()
                receiver.records.clear()
                receiver.stacks.clear()

        threading.Thread(target=drain, daemon=True).start()
    most = 0.0
    for number in range(REQUESTS):
        serve(recorder, number)
        if number % 100 == 0:
            most = max(most, resident())
    gc.collect()
    after = resident()
    stop.set()
    recorder.close()
    pulse = recorder.pulse
    print(
        f"{mode:8} {REQUESTS} requests of 300 different statements: "
        f"{(most - before) / 1e6:5.1f} MB at most, {(after - before) / 1e6:5.1f} MB after; "
        f"{pulse.dropped} dropped, {pulse.faults} faults"
    )
    receiver.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worker")
    given = parser.parse_args()
    if given.worker:
        worker(given.worker)
        return
    for mode in ("read", "unread", "sums"):
        subprocess.run([sys.executable, __file__, "--worker", mode], check=True)


if __name__ == "__main__":
    main()
