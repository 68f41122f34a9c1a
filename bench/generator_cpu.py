"""CPU per request at saturation: the generator beside wrk and, with --locust, FastHttpUser.

32 connections kept busy against a server of 1 KB answers. Every process of a tool counts, start-up
does not: the cost is the slope between a short and a long run. Tools take turns, so that a
disturbance hits all of them; the quotable figure is the ratio.
Wanted: at most 1.5 times wrk, at most 1/8 of FastHttpUser.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from generator.calibration import calibration
from generator.servers import fast_server

SHORT, LONG, IN_FLIGHT = 1, 4, 32

_LOCUSTFILE = """
from locust import FastHttpUser, constant, task


class Visitor(FastHttpUser):
    wait_time = constant(0)

    @task
    def page(self):
        self.client.get("/")
"""


def used(words: list[str], folder: Path) -> tuple[float, str]:
    """CPU seconds of a command and all it started, and what it printed."""
    out = folder / "out"
    with out.open("w") as file:
        process = subprocess.Popen(words, stdout=file, stderr=subprocess.STDOUT, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    text = out.read_text()
    if process.returncode not in (0, 3):
        raise SystemExit(f"{words[0]} failed:\n{text[-2000:]}")
    return usage.ru_utime + usage.ru_stime, text


def surefoot(url: str, seconds: int, folder: Path) -> tuple[float, int]:
    words = [
        sys.executable, "-m", "surefoot", "load", url, "--in-flight", str(IN_FLIGHT),
        "--seconds", str(seconds), "--json", "result.json",
    ]  # fmt: skip
    cpu, _ = used(words, folder)
    return cpu, json.loads((folder / "result.json").read_text())["completed"]


def wrk(url: str, seconds: int, folder: Path) -> tuple[float, int]:
    cpu, text = used(["wrk", "-t1", f"-c{IN_FLIGHT}", f"-d{seconds}", url], folder)
    line = next(line for line in text.splitlines() if " requests in " in line)
    return cpu, int(line.split()[0])


def locust(python: Path, url: str, seconds: int, folder: Path) -> tuple[float, int]:
    (folder / "locustfile.py").write_text(_LOCUSTFILE)
    words = [
        str(python), "-m", "locust", "--headless", "--host", url.rstrip("/"), "-u", str(IN_FLIGHT),
        "-r", str(IN_FLIGHT), "-t", f"{seconds + 2}s", "--json", "--loglevel", "ERROR",
    ]  # fmt: skip
    cpu, text = used(words, folder)
    # Warnings, which start with a bracket too, stand before and after the figures.
    found, _ = json.JSONDecoder().raw_decode(text[text.index("[\n") :])
    return cpu, sum(entry["num_requests"] for entry in found)


Tool = Callable[[str, int, Path], tuple[float, int]]


def slope(tool: Tool, url: str, folder: Path) -> tuple[float, float]:
    """CPU seconds per request without start-up, and requests per second."""
    cpu1, done1 = tool(url, SHORT, folder)
    cpu2, done2 = tool(url, LONG, folder)
    return (cpu2 - cpu1) / (done2 - done1), (done2 - done1) / (LONG - SHORT)


def tools(folder: Path, *, with_locust: bool) -> dict[str, Tool]:
    found: dict[str, Tool] = {"surefoot": surefoot}
    if shutil.which("wrk"):
        found["wrk"] = wrk
    else:
        print("wrk is not installed (apt: wrk); its column is missing")
    if with_locust:
        environment = folder / "locust"
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        python = environment / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "-qqq", "locust"], check=True)
        found["locust"] = lambda url, seconds, where: locust(python, url, seconds, where)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--locust", action="store_true", help="install and run locust too (slow)")
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, fast_server() as (server, url):
        folder = Path(name)
        ours = tools(folder, with_locust=args.locust)
        costs: dict[str, list[float]] = {tool: [] for tool in ours}
        rates: dict[str, list[float]] = {tool: [] for tool in ours}
        unit = calibration()
        for _ in range(args.repeats):
            for tool, call in ours.items():
                cost, rate = slope(call, url, folder)
                costs[tool].append(cost)
                rates[tool].append(rate)
    show(server, unit, costs, rates)


def show(
    server: str, unit: float, costs: dict[str, list[float]], rates: dict[str, list[float]]
) -> None:
    print(f"server: {server}; {IN_FLIGHT} in flight; {len(costs['surefoot'])} runs of each in turn")
    print(f"calibration: SHA-256 of 16 KiB = {unit * 1e6:.1f} us of CPU")
    print("tool       us/request  (least..most)   / calibration  requests/s")
    for tool, found in costs.items():
        middle = statistics.median(found)
        print(
            f"{tool:<10} {middle * 1e6:>10.2f}  ({min(found) * 1e6:.2f}..{max(found) * 1e6:.2f})"
            f"  {middle / unit:>13.3f}  {statistics.median(rates[tool]):>10.0f}"
        )
    for peer, limit in (("wrk", 1.5), ("locust", 0.125)):
        if peer in costs:
            pairs = [a / b for a, b in zip(costs["surefoot"], costs[peer], strict=True)]
            ratio = statistics.median(pairs)
            print(
                f"surefoot / {peer}: {ratio:.3f} ({min(pairs):.3f}..{max(pairs):.3f}), "
                f"wanted at most {limit}: {'met' if ratio <= limit else 'MISSED'}"
            )


if __name__ == "__main__":
    main()
