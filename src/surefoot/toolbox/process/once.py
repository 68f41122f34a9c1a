"""One command that is run to its end, and never outlives whoever asked for it."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from surefoot.toolbox.signals import signals_held

__all__ = ["Done", "TookTooLong", "run_once"]

_KEPT: Final = 64_000


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    """Negative for a signal."""
    output: str
    """The end of what it printed, both streams in one."""


class TookTooLong(Exception):  # noqa: N818 - whether this is an error is the caller's to say
    """The command was ended because its time was over; its argument is what it printed."""


def run_once(
    command: Sequence[str],
    *,
    seconds: float,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    fds: Sequence[int] = (),
) -> Done:
    """Run a command in a session of its own; whatever it started ends with it.

    Args:
        command: Program and arguments.
        seconds: How long it may take.
        directory: Working directory; this process's own when not given.
        environment: The whole environment; this process's own when not given.
        fds: Descriptors it inherits under the same numbers.

    Raises:
        OSError: It cannot be started.
        TookTooLong: It did not end in time.
    """
    process = None
    with tempfile.TemporaryFile() as output:
        try:
            with signals_held():
                process = subprocess.Popen(
                    command,
                    cwd=directory,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=fds,
                    start_new_session=True,
                )
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TookTooLong(_end_of(output)) from None
        finally:
            if process is not None:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        return Done(code, _end_of(output))


def _end_of(output: Any) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _KEPT))
    return str(output.read().decode(errors="replace"))
