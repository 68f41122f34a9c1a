"""What HAProxy costs as it is configured here, beside a bare one, and what a killed replica costs.

    python bench/serving/balancer.py [--turns 24] [--seconds 1] [--times 12]      # needs haproxy

CPU: two HAProxies of one thread before the same server, one with the configuration of `surefoot
run`, one with `mode http`, time-outs and one `server` line; they take turns in random order, 16
connections that are kept alive each have one request under way. What is told is the CPU of each
HAProxy alone, a request, as the kernel's scheduler counts it, and the ratio of each turn: its
median with the tenth and the ninetieth percentile.

Changes under six users that never try again: both replicas replaced one after the other, another
HAProxy that takes over, HAProxy killed and started again (with a fresh connection for each request;
those that it is working on, one for each user at most, die with it), and one of two replicas
killed. Told are requests that failed, the longest answer, and of kills how long until HAProxy
called the replica down.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "support"))

from balanced import World
from surefoot.toolbox.balancer.values import Server, State

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nContent-Type: text/plain\r\n\r\nHello world\n"
REQUEST = (
    b"GET /books?page=2 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux)\r\n"
    b"Accept: text/html,application/xhtml+xml\r\nAccept-Encoding: gzip, deflate\r\n"
    b"Accept-Language: en\r\nCookie: sessionid=0123456789abcdef0123456789abcdef\r\n\r\n"
)
CONNECTIONS = 16
WAYS: list[dict[str, Any]] = [
    {"method": method, "fresh": fresh} for method in ("GET", "POST") for fresh in (False, True)
]
BARE = """\
global
    nbthread 1
    maxconn 1000
defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 60s
frontend users
    bind fd@{front}
    default_backend app
backend app
    server r1 unix@{socket}
"""


class Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.write(ANSWER if data.endswith(b"\r\n\r\n") else b"")


class Asking(asyncio.Protocol):
    def __init__(self) -> None:
        self.answers = 0
        self.more = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(REQUEST)

    def data_received(self, data: bytes) -> None:
        if not data.endswith(b"Hello world\n"):
            sys.exit(f"an answer that nobody expected: {data[:200]!r}")
        self.answers += 1
        if self.more:
            self.transport.write(REQUEST)


async def block(port: int, pid: int, seconds: float) -> float:
    """Microseconds of that process's CPU a request."""
    loop = asyncio.get_running_loop()
    users = [
        (await loop.create_connection(Asking, "127.0.0.1", port))[1] for _ in range(CONNECTIONS)
    ]
    await asyncio.sleep(0.1)
    before, begun = cpu(pid), sum(user.answers for user in users)
    await asyncio.sleep(seconds)
    spent, answers = cpu(pid) - before, sum(user.answers for user in users) - begun
    for user in users:
        user.more = False
        user.transport.close()
    await asyncio.sleep(0.05)
    return spent / answers / 1000


def cpu(pid: int) -> int:
    """Nanoseconds, of all its threads."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)


async def turns(ports: dict[str, tuple[int, int]], count: int, seconds: float) -> list[list[float]]:
    found: dict[str, list[float]] = {name: [] for name in ports}
    for name, where in ports.items():
        await block(*where, 0.3)
        assert name
    order = list(ports)
    for _ in range(count):
        random.shuffle(order)
        for name in order:
            found[name].append(await block(*ports[name], seconds))
    return list(found.values())


def costs(count: int, seconds: float) -> None:
    world = World()
    path = world.directory / "r1.sock"
    child = os.fork()
    if not child:
        answer(path)
    front = socket.create_server(("127.0.0.1", 0), backlog=512)
    program = shutil.which("haproxy")
    assert program
    file = world.directory / "bare.cfg"
    file.write_text(BARE.format(front=front.fileno(), socket=path))
    bare = subprocess.Popen([program, "-db", "-f", file], pass_fds=[front.fileno()])
    try:
        while not path.exists():
            time.sleep(0.01)
        world.start(Server("r1", path, 64), check="")
        assert world.haproxy.process
        ports = {
            "bare": (front.getsockname()[1], bare.pid),
            "ours": (world.port, world.haproxy.process.pid),
        }
        theirs, ours = world.run(turns(ports, count, seconds))
        print(f"bare   {statistics.median(theirs):5.1f} us of CPU a request")
        print(f"ours   {statistics.median(ours):5.1f} us")
        print(f"ratio  {spread([o / t for o, t in zip(ours, theirs, strict=True)], 'x')}")
    finally:
        bare.kill()
        bare.wait()
        os.kill(child, 9)
        os.waitpid(child, 0)
        front.close()
        world.close()


def answer(path: Path) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_unix_server(Answering, path)
        await server.serve_forever()

    asyncio.run(serve())


def spread(values: list[float], unit: str) -> str:
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    return f"{statistics.median(values):.2f} {unit} ({tenths[0]:.2f} to {tenths[-1]:.2f})"


def kills(count: int, algorithm: str) -> None:
    failed, asked, longest, down = 0, 0, [], []
    for _ in range(count):
        world = World()
        try:
            world.start(world.replica("r1", 8), world.replica("r2", 8), algorithm=algorithm)
            with world.users() as users:
                users.wait_for(300)
                users.longest = 0.0
                began = time.monotonic()
                world.kill("r1")
                while world.status("r1").state is not State.DOWN:
                    time.sleep(0.001)
                down.append((time.monotonic() - began) * 1000)
                users.wait_for(500)
            failed += sum(users.failed.values())
            asked += users.outcomes.total()
            longest.append(users.longest * 1000)
        finally:
            world.close()
    print(f"{algorithm}, killed {count} times: {failed} of {asked} requests failed")
    print(f"longest answer  {spread(longest, 'ms')}, {max(longest):.0f} at most")
    print(f"called down in  {spread(down, 'ms')}, {max(down):.0f} at most")


def changes(count: int) -> None:
    for what, change, ways in (
        ("roll", roll, WAYS),
        ("takeover", take_over, WAYS),
        ("HAProxy killed", restart, [way for way in WAYS if way["fresh"]]),
    ):
        for way in ways:
            failed, asked, longest = change(count, way)
            told = f"{way['method']} {'fresh' if way['fresh'] else 'keep-alive'}"
            print(f"{what:15} {told:16} {failed} of {asked} failed, longest {longest:.0f} ms")


def roll(count: int, way: dict[str, Any]) -> tuple[int, int, float]:
    world = World()
    try:
        names = ["r1", "r2"]
        world.start(*(world.replica(name, 8) for name in names))
        with world.users(**way) as users:
            for number in range(count):
                names.append(f"r{number + 3}")
                world.run(world.haproxy.add(world.replica(names[-1], 8)))
                world.run(world.haproxy.drain(names[0]))
                world.until_idle(names[0])
                world.run(world.haproxy.remove(names[0]))
                world.end(names.pop(0))
        return sum(users.failed.values()), users.outcomes.total(), users.longest * 1000
    finally:
        world.close()


def take_over(count: int, way: dict[str, Any]) -> tuple[int, int, float]:
    world = World()
    try:
        servers = [world.replica(name, 8) for name in ("r1", "r2")]
        world.start(*servers)
        with world.users(**way) as users:
            for queue in range(1, count + 1):
                world.start(*servers, queue=queue * 100)
                users.wait_for(200)
        return sum(users.failed.values()), users.outcomes.total(), users.longest * 1000
    finally:
        world.close()


def restart(count: int, way: dict[str, Any]) -> tuple[int, int, float]:
    world = World()
    try:
        servers = [world.replica(name, 8) for name in ("r1", "r2")]
        world.start(*servers)
        with world.users(**way) as users:
            for _ in range(count):
                assert world.haproxy.process
                os.kill(world.haproxy.process.pid, 9)
                world.run(world.haproxy.ended())
                world.start(*servers)
                users.wait_for(200)
        return sum(users.failed.values()), users.outcomes.total(), users.longest * 1000
    finally:
        world.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--times", type=int, default=12)
    args = parser.parse_args()
    costs(args.turns, args.seconds)
    changes(args.times)
    kills(args.times, "round-robin")
    kills(args.times, "least-connections")


if __name__ == "__main__":
    main()
