"""Programs that tests write, run as somebody would."""

from __future__ import annotations

import subprocess
import sys


def printed(program, *words, directory=None, flags=()):
    """The lines that a program prints, which ends without an error."""
    done = subprocess.run(
        [sys.executable, *flags, "-c", program, *words],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
