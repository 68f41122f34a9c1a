"""Whoever watches an application's files says what it misses, and is in nobody's way."""

from __future__ import annotations

import subprocess
import sys

# In a process of its own: an audit hook stays for good. The working directory is gone, so what
# is opened beside another directory has no absolute path that the witness could find.
LOST = """
import os, sys
from pathlib import Path
from surefoot.telemetry.sites import Sites
from surefoot.web.witness import Witness

report, held, gone = map(Path, sys.argv[1:4])
if sys.argv[4] == "closed":
    sys.stderr.close()
witness = Witness(Sites(()), report)
sys.addaudithook(witness.heard)
beside = os.open(held, os.O_RDONLY)
os.chdir(gone)
gone.rmdir()

def opened():
    return os.read(os.open("held.txt", os.O_RDONLY, dir_fd=beside), 9)

witness.begin(0, "GET /")
assert opened() == opened() == b"contents"
if os.fork() == 0:
    assert opened() == opened() == b"contents"
    os._exit(0)
assert os.wait()[1] == 0
witness.end()
"""


def ended(directory, stderr):
    (directory / "gone").mkdir()
    (directory / "held.txt").write_text("contents")
    paths = [directory / "report", directory, directory / "gone"]
    return subprocess.run(
        [sys.executable, "-c", LOST, *map(str, paths), stderr],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_cannot_be_noted_is_said_once_in_each_process_and_opened_all_the_same(tmp_path):
    done = ended(tmp_path, "open")
    assert done.returncode == 0, done.stderr
    said = done.stderr.splitlines()
    assert len(said) == 2
    assert said[0] == said[1]
    assert said[0].startswith("surefoot: not every file that is opened can be noted: [Errno 2]")


def test_a_closed_stderr_does_not_fail_what_is_opened_either(tmp_path):
    assert ended(tmp_path, "closed").returncode == 0
