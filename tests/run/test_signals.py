"""Signals that ask for an end."""

import subprocess
import sys

SCRIPT = """
import asyncio, signal
from surefoot.toolbox.signals import ending_signals, interrupt_on_signals

class Swallows:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)

async def main():
    calls = []
    with ending_signals(lambda: calls.append("first"), lambda: calls.append("more")) as received:
        for number in SENT:
            signal.raise_signal(number)
        await asyncio.sleep(0.05)
    print(calls, list(map(int, received)))

"""


def printed(code):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT + code],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_the_first_is_told_from_all_later_ones():
    said = printed("SENT = signal.SIGTERM, signal.SIGINT, signal.SIGHUP\nasyncio.run(main())\n")
    assert said == "['first', 'more', 'more'] [15, 2, 1]\n"


def test_one_that_python_dropped_is_made_up_for():
    said = printed("SENT = ()\ninterrupt_on_signals()\nSwallows()\nasyncio.run(main())\n")
    assert said == "['first'] [2]\n"


def test_a_hangup_that_was_ignored_stays_ignored():
    said = printed(
        "SENT = [signal.SIGHUP]\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "asyncio.run(main())\n"
    )
    assert said == "[] []\n"
