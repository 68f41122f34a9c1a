"""How near the sampler and the steps come to the truth, and what the sampler costs.

    python bench/telemetry_truth.py

The truth is taken inside the work itself, by clocks around it. Three workloads of threads (waiting
for a lock, waiting for something else, computing under contention for the interpreter), and
coroutines that interleave.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Callable

from surefoot.telemetry import Options, Recorder
from surefoot.telemetry.steps import follow_tasks
from surefoot.testing import Receiver

THREADS = 4
SECONDS = 6.0


def burn(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


class Truth:
    """Seconds by state, as the work saw them."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.lock = threading.Lock()

    def locked_wait(self) -> None:
        burn(random.uniform(0, 0.004))
        start = time.perf_counter()
        with self.lock:
            got = time.perf_counter()
            time.sleep(random.uniform(0.002, 0.01))
            slept = time.perf_counter()
        self.seconds["lock"] += got - start
        self.seconds["wait"] += slept - got

    def plain_wait(self) -> None:
        burn(random.uniform(0, 0.004))
        start = time.perf_counter()
        time.sleep(random.uniform(0.001, 0.02))
        self.seconds["wait"] += time.perf_counter() - start

    def computing(self) -> None:
        burn(random.uniform(0.005, 0.02))


def threads_of(work: Callable[[Truth], None], hertz: float) -> tuple[Truth, Receiver, float, float]:
    """Serve requests in threads; returns the truth, what was received, wall and CPU seconds."""
    truth, receiver = Truth(), Receiver()
    recorder = Recorder(Options(records=receiver.path, sample_hz=hertz))
    stop = time.monotonic() + SECONDS

    def serve() -> None:
        while time.monotonic() < stop:
            request = recorder.begin("GET")
            recorder.work(request)
            work(truth)
            request.route, request.status = "/x", 200
            recorder.rest(request)
            recorder.finish(request)

    threads = [threading.Thread(target=serve) for _ in range(THREADS)]
    start = time.process_time()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        receiver.drain()
        time.sleep(0.02)
    used = time.process_time() - start
    recorder.close()
    receiver.drain()
    wall = sum(record.wall_ns for record in receiver.records) / 1e9
    return truth, receiver, wall, used


def threads(name: str, work: Callable[[Truth], None]) -> None:
    truth, receiver, wall, _ = threads_of(work, 40)
    cpu = sum(record.cpu_ns for record in receiver.records) / 1e9
    stats = receiver.stats[-1]
    per_sample = stats.sampled_ns / stats.ticks / 1e9
    seen: Counter[str] = Counter()
    for stack in receiver.stacks:
        if stack.route:
            seen[stack.state] += stack.count
    total = sum(seen.values())
    rest = wall - sum(truth.seconds.values())
    print(f"{name}: {total} samples, {wall:.1f} s of requests, {cpu:.1f} s of CPU")
    for state in ("lock", "wait", "cpu"):
        real = truth.seconds[state] if state != "cpu" else rest
        label = "cpu, or ready for it" if state == "cpu" else state
        print(
            f"   {label:22} truth {real / wall:6.1%}   sampled {seen[state] / total:6.1%}"
            f"   in seconds {real:5.1f} and {seen[state] * per_sample:5.1f}"
        )
    receiver.close()


def coroutines() -> None:
    receiver = Receiver()
    recorder = Recorder(Options(records=receiver.path, sample_hz=0))
    truths = [random.uniform(0.005, 0.05) for _ in range(40)]

    async def work(seconds: float) -> None:
        async def child() -> None:
            for _ in range(5):
                burn(seconds / 10)
                await asyncio.sleep(0.001)

        await asyncio.gather(child(), child())

    async def serve(index: int) -> None:
        request = recorder.begin_task("GET")
        await recorder.drive(work(truths[index]), request)
        request.route, request.status = f"/{index}", 200
        recorder.finish(request)

    async def main() -> None:
        follow_tasks(asyncio.get_running_loop(), recorder)
        await asyncio.gather(*(asyncio.create_task(serve(n)) for n in range(len(truths))))

    asyncio.run(main())
    recorder.close()
    receiver.drain()
    errors = [
        record.cpu_ns / 1e9 / truths[int(record.route[1:])] - 1 for record in receiver.records
    ]
    print(
        f"40 interleaved requests of two children each: CPU per request is "
        f"{min(errors):+.1%} to {max(errors):+.1%} of the truth"
    )
    receiver.close()


def cost() -> None:
    used = {}
    for hertz in (0.0, 40.0, 0.0, 40.0):
        random.seed(1)
        _, receiver, wall, cpu = threads_of(Truth.plain_wait, hertz)
        burnt = sum(record.cpu_ns for record in receiver.records) / 1e9
        used.setdefault(hertz, []).append((cpu - burnt) / (wall / THREADS))
        receiver.close()
    off, on = (min(used[hertz]) for hertz in (0.0, 40.0))
    print(f"the sampler at 40/s with {THREADS} busy slots: {on - off:+.2%} of a core")


def main() -> None:
    threads("lock held across a wait", Truth.locked_wait)
    threads("plain waits", Truth.plain_wait)
    threads("computing in four threads", Truth.computing)
    coroutines()
    cost()


if __name__ == "__main__":
    main()
