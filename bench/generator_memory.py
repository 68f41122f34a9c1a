"""Memory of `surefoot load` for 1,000,000 requests: the peaks of all its processes, added.

Wanted: at most 150 MB.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from generator.servers import fast_server

WANTED = 1_000_000
RATE = 20_000


def tree(pid: int) -> list[int]:
    """A process and its children, as far as they live."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(int(child) for child in children)]


def peak_mb(pid: int) -> float:
    """Largest resident size of a living process, MB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    found = next((line for line in lines if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(found.split()[1]) / 1e3


def main() -> None:
    peaks: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder, fast_server() as (server, url):
        out = Path(folder) / "out.json"
        words = [
            sys.executable, "-m", "surefoot", "load", url + "{1..20000}", "--rate", str(RATE),
            "--seconds", str(WANTED // RATE), "--arrivals", "uniform", "--json", str(out),
        ]  # fmt: skip
        process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        while process.poll() is None:
            for pid in tree(process.pid):
                peaks[pid] = max(peaks.get(pid, 0.0), peak_mb(pid))
            time.sleep(0.1)
        result = json.loads(out.read_text())
    total = sum(peaks.values())
    print(f"{result['sent']} requests sent to {server}, {result['completed']} answered")
    print("largest moments: " + ", ".join(f"{peak:.0f} MB" for peak in peaks.values()))
    print(f"together {total:.0f} MB, wanted at most 150 MB: {'met' if total <= 150 else 'MISSED'}")


if __name__ == "__main__":
    main()
