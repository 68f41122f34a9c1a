"""A process is told from every other one that has, or will have, its number."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from surefoot.toolbox.process.known import Identity, Known, identity, stopped, told_by_ps


@pytest.fixture
def sleeper():
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("look", [identity, told_by_ps])
def test_it_is_the_same_as_long_as_it_lives(sleeper, look):
    who = look(sleeper.pid)
    assert who == look(sleeper.pid)
    assert who.pid == sleeper.pid
    sleeper.kill()
    # A zombie has a number, and is nobody.
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert look(sleeper.pid) is None


def test_another_one_with_its_number_is_somebody_else(sleeper):
    who = identity(sleeper.pid)
    other = Identity(who.pid, who.began - 1)
    assert who.alive
    assert not other.alive
    Known(other).terminate()
    Known(other).kill()
    assert sleeper.poll() is None


def test_its_end_is_waited_for(sleeper):
    known = Known(identity(sleeper.pid))

    async def main():
        asyncio.get_running_loop().call_later(0.1, sleeper.kill)
        await known.wait()

    asyncio.run(main())
    assert not known.alive


def test_one_that_stands_still_is_seen(sleeper):
    assert not stopped(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, sleeper.pid, os.WSTOPPED | os.WNOWAIT)
    assert stopped(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGCONT)
