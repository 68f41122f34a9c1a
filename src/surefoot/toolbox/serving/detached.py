"""``python -m surefoot.toolbox.serving.detached``: a supervisor without a terminal.

It goes on with what its working directory's project has running, and prints into its log what
becomes of it. SIGTERM ends everything in good order; SIGKILL ends the supervisor alone.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path
from typing import Final

from surefoot.errors import ServerError, SurefootError
from surefoot.toolbox.process.child import Child
from surefoot.toolbox.process.known import Identity
from surefoot.toolbox.process.table import MARK
from surefoot.toolbox.serving.place import Place
from surefoot.toolbox.serving.record import Record, load
from surefoot.toolbox.serving.release import Release, find_release
from surefoot.toolbox.serving.service import serving
from surefoot.toolbox.signals import ending_signals
from surefoot.toolbox.stack.keeper import Event, sentence

__all__ = ["launch", "main"]

_POLL: Final = 0.02
_SECONDS: Final = 120.0
"""For finding the application; its start is waited for elsewhere."""
_TAIL: Final = 20
_LINUX: Final = "run it in the foreground, without --detach; only Linux has the rest"


def launch(place: Place, record: Record) -> None:
    """Start a supervisor for what is recorded, and wait until it can be asked.

    Args:
        place: The project's run directory.
        record: What is there, a holder at least.

    Raises:
        ServerError: It ended at once.
    """
    assert record.holder is not None
    log = place.log("supervisor")
    log.unlink(missing_ok=True)
    child = Child(
        [sys.executable, "-m", "surefoot.toolbox.serving.detached", str(place.directory)],
        directory=Path(record.directory),
        environment=_environment(record.holder, record.mark),
        output=log,
    )
    ending = time.monotonic() + _SECONDS
    while not _asked(place):
        if not child.alive or time.monotonic() > ending:
            child.kill()
            raise SurefootError(_last_words(log))
        time.sleep(_POLL)


def _asked(place: Place) -> bool:
    return place.control.exists()


def _environment(holder: Identity, mark: str) -> dict[str, str]:
    """What everything was started with; read from a process that has it, and never written down.

    Raises:
        ServerError: It does not have it.
    """
    if not Path("/proc/self/environ").exists():
        raise ServerError("this system does not tell what a process was started with", do=_LINUX)
    ending = time.monotonic() + _SECONDS
    while holder.alive and time.monotonic() < ending:
        text = Path(f"/proc/{holder.pid}/environ").read_bytes().decode(errors="surrogateescape")
        found = dict(pair.partition("=")[::2] for pair in text.split("\0") if "=" in pair)
        # A process that has only just been started shows none yet: seen once in 40 starts.
        if found.get(MARK) == mark:
            return found
        time.sleep(_POLL)
    raise ServerError("the process that holds the sockets is gone", do="start anew: surefoot run")


def _last_words(log: Path) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    return "\n".join(lines[-_TAIL:]).removeprefix("surefoot: ") or "the supervisor did not start"


def main(words: list[str]) -> int:
    """Supervise until everything has ended."""
    place = Place(Path(words[0]))
    try:
        record = load(place.state)
        if record is None:
            sys.stderr.write("surefoot: nothing is recorded here\n")
            return 1
        release = find_release(record.release, Path(record.directory), record.flags)
        asyncio.run(_supervise(place, release, record))
    except SurefootError as error:
        sys.stderr.write(f"surefoot: {error}\n")
        return 1
    return 0


async def _supervise(place: Place, release: Release, record: Record) -> None:
    stop, hurry = asyncio.Event(), asyncio.Event()

    def print_(event: Event) -> None:
        if event.what != "output":
            sys.stdout.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {sentence(event)}\n")
            sys.stdout.flush()

    with ending_signals(stop.set, hurry.set):
        async with serving(place, release, record.flags, print_) as service:
            stopped = asyncio.ensure_future(stop.wait())
            await asyncio.wait({stopped, service.running}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if not service.running.done():
                await service.stop(hurry)
            await service.running


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
