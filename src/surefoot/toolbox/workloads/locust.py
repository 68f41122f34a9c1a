"""Runs a locustfile by locust in the user's environment for a moment, and listens."""

from __future__ import annotations

import asyncio
import importlib.resources
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from surefoot.errors import InterpreterError, WorkloadError
from surefoot.toolbox.process.child import Child
from surefoot.toolbox.process.once import TookTooLong, run_once
from surefoot.toolbox.workloads.recording import Told, parse_told

__all__ = ["find_locust", "record"]

_RECORDER: Final = "locust_recorder.py"
_USERS: Final = 8
_SECONDS: Final = 15.0
_ENOUGH: Final = 4000
_START_SECONDS: Final = 60.0
_QUIT_SECONDS: Final = 5.0
_POLL: Final = 0.1
_TAIL: Final = 4000


def find_locust(pythons: Sequence[Path]) -> Path:
    """The first interpreter that has locust: of those given, else that of ``locust`` on the path.

    Raises:
        InterpreterError: None has.
    """
    script = shutil.which("locust")
    for python in (*pythons, *([_interpreter(Path(script))] if script else [])):
        if python is not None and _has_locust(python):
            return python
    raise InterpreterError(
        "locust is not installed where it was looked for: "
        + ", ".join(str(python) for python in pythons),
        do="pip install locust into the application's environment, or put locust on the PATH",
    )


def _interpreter(script: Path) -> Path | None:
    """The Python in the first line of a script that pip wrote."""
    try:
        with script.open("rb") as file:
            match = re.match(rb"#!(/\S+python[\d.]*)\s", file.readline(512))
    except OSError:
        return None
    return Path(os.fsdecode(match[1])) if match else None


def _has_locust(python: Path) -> bool:
    program = "import importlib.util as u,sys; sys.exit(u.find_spec('locust') is None)"
    try:
        return run_once([str(python), "-c", program], seconds=_START_SECONDS).code == 0
    except (OSError, TookTooLong):
        return False


class _Heard:
    """The lines that came so far, read as they come: locust waits while the pipe is full."""

    def __init__(self, pipe: int) -> None:
        self.told: list[Told] = []
        self.over = asyncio.Event()
        self._pipe = pipe
        self._rest = b""

    def read(self) -> None:
        """Take what there is."""
        try:
            data = os.read(self._pipe, 1 << 20)
        except BlockingIOError:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            told = parse_told(line.decode("utf-8", "replace"))
            if told is not None:
                self.told.append(told)
        if not data or len(self.told) >= _ENOUGH:
            asyncio.get_running_loop().remove_reader(self._pipe)
            self.over.set()


async def record(
    python: Path, file: Path, url: str, environment: Mapping[str, str], say: Callable[[str], None]
) -> list[Told]:
    """Let eight users do what the file says, for 15 seconds or 4,000 requests.

    Args:
        python: Has locust.
        file: The locustfile.
        url: Where the application is.
        environment: Of the process.
        say: Is told how far it is.

    Raises:
        WorkloadError: Locust ended without having sent anything.
    """
    with tempfile.TemporaryDirectory(prefix="surefoot-") as name:
        directory = Path(name)
        # A copy: beside the original lie modules with names of the standard library's.
        source = importlib.resources.files(__package__).joinpath(_RECORDER)
        recorder = directory / "surefoot_recorder.py"
        recorder.write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
        words = ["-f", f"{file},{recorder}", "--headless", "--host", url, "--only-summary"]
        words += ["-u", str(_USERS), "-r", str(_USERS), "-t", f"{int(_SECONDS)}s"]
        command = [str(python), "-m", "locust", *words]
        output = directory / "output"
        told = await _heard(command, file.parent, environment, output, say)
        if not told:
            printed = output.read_bytes()[-_TAIL:].decode("utf-8", "replace").strip()
            lines = "".join(f"\n  | {line}" for line in printed.splitlines()[-15:])
            raise WorkloadError(
                f"{file.name}: its users sent nothing{lines}", do=f"run it: locust -f {file.name}"
            )
        return told


async def _heard(
    command: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    output: Path,
    say: Callable[[str], None],
) -> list[Told]:
    loop = asyncio.get_running_loop()
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    heard = _Heard(ours)
    loop.add_reader(ours, heard.read)
    child = None
    try:
        with os.fdopen(theirs, "wb"):
            told = {**environment, "SUREFOOT_RECORDING": str(theirs)}
            child = Child(
                command, directory=directory, environment=told, output=output, fds=(theirs,)
            )
        await _listen(heard, say)
    finally:
        loop.remove_reader(ours)
        if child is not None:
            await asyncio.to_thread(child.kill)
        os.close(ours)
    return heard.told


async def _listen(heard: _Heard, say: Callable[[str], None]) -> None:
    """Until there is enough, its time is over, or it has ended."""
    until = time.monotonic() + _START_SECONDS
    begun = False
    while not heard.over.is_set() and time.monotonic() < until:
        if heard.told and not begun:
            begun, until = True, time.monotonic() + _SECONDS + _QUIT_SECONDS
        say(f"locust's users sent {len(heard.told):,} requests")
        with suppress(TimeoutError):
            await asyncio.wait_for(heard.over.wait(), _POLL)
