"""Runs ``surefoot`` once, as somebody at a terminal would."""

import os
import subprocess
import sys


def run_surefoot(directory, *words, **environ):
    """The ended process; none of our variables reaches it but those in ``environ``."""
    told = {k: v for k, v in os.environ.items() if not k.startswith("SUREFOOT_")}
    done = subprocess.run(
        [sys.executable, "-m", "surefoot", *words],
        cwd=directory,
        env=told | environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done
