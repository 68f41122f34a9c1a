"""The process that says what the same work costs just now."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from surefoot.toolbox.prove.gauge import Gauge


def until(condition):
    for _ in range(2000):
        if condition():
            return
        time.sleep(0.005)
    pytest.fail("it never came true")


def is_gone(pid):
    """Whether it has ended; whoever inherited it may not have looked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_it_works_and_says_what_that_cost():
    with Gauge() as gauge:
        until(lambda: gauge.read()[0] > 0)
        before = gauge.read()
        until(lambda: gauge.read()[0] >= before[0] + 40)
        cost = gauge.cost(before, gauge.read())
    # Between a micro- and a hundred milliseconds: it is seconds of a piece of work.
    assert 1e-6 < cost < 0.1


def test_too_few_pieces_say_nothing():
    assert Gauge.cost((0, 0), (19, 19_000)) == 0.0
    assert Gauge.cost((0, 0), (20, 20_000)) == pytest.approx(1e-6)
    assert Gauge.cost((5, 5), (5, 5)) == 0.0


def test_it_is_gone_afterwards():
    with Gauge() as gauge:
        (pid,) = gauge.pids
        assert Path(f"/proc/{pid}").exists()
    assert not Path(f"/proc/{pid}").exists()


def test_ctrl_c_in_the_terminal_does_not_end_it():
    with Gauge() as gauge:
        until(lambda: gauge.read()[0] > 0)
        os.kill(gauge.pids[0], signal.SIGINT)
        before = gauge.read()[0]
        until(lambda: gauge.read()[0] > before + 5)
        assert not is_gone(gauge.pids[0])


def test_it_ends_with_whoever_started_it():
    code = """
import os
from surefoot.toolbox.prove.gauge import Gauge
gauge = Gauge().__enter__()
while not gauge.read()[0]:
    pass
print(gauge.pids[0], flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    pid = int(done.stdout)
    until(lambda: is_gone(pid))
    assert pid not in (0, os.getpid())
