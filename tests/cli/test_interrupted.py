"""Ctrl-C while a command is still being imported."""

import os
import subprocess
import sys

# Once, while the interpreter executes text below it, as dataclasses have it do.
INTERRUPTING = """
import os, signal, sys

def interrupt(frame, event, _):
    ours = signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
    if ours and event == "call" and frame.f_code.co_filename == "<string>":
        sys.setprofile(None)
        print("interrupted")
        os.kill(os.getpid(), signal.SIGINT)

sys.setprofile(interrupt)
"""


def test_it_ends_with_the_code_of_an_interrupt(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTING)
    done = subprocess.run(
        [sys.executable, "-m", "surefoot", "measure"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("interrupted\n", "", 130)
