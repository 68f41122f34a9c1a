"""One process of HAProxy: its files, its check, its start and its end."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from surefoot.errors import BalancerError
from surefoot.toolbox.balancer.configuration import configuration, remembered
from surefoot.toolbox.balancer.runtime import STATUS, Runtime, parse_status
from surefoot.toolbox.balancer.values import Balancing, Server
from surefoot.toolbox.process.child import Child
from surefoot.toolbox.process.known import Identity, Known, identity
from surefoot.toolbox.process.once import Done, TookTooLong, run_once

__all__ = ["Files", "Process", "adopted", "connections", "files", "program", "started", "threads"]

_SECONDS: Final = 10.0
_POLL: Final = 0.02
_LEAVE_SECONDS: Final = 0.2
_SYSTEM: Final = "/usr/local/sbin:/usr/sbin:/sbin"
_TAIL: Final = 2_000
_MOST_CONNECTIONS: Final = 10_000
_OTHER_FILES: Final = 500
_VERSION: Final = "haproxy -v says which version it is; Surefoot needs 2.6 or later"


class Files:
    """What one process is started with, by its number in the run directory.

    Args:
        socket: ``haproxy-3.sock``, on which it takes commands.
    """

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.configuration = socket.with_suffix(".cfg")
        self.tokens = socket.with_suffix(".map")

    def remove(self) -> None:
        """All of them."""
        for path in (self.socket, self.configuration, self.tokens):
            path.unlink(missing_ok=True)


def files(directory: Path) -> list[Files]:
    """Those of every process so far that were not removed, the oldest first."""
    numbers = [path.stem.partition("-")[2] for path in directory.glob("haproxy-*.cfg")]
    found = sorted(int(number) for number in numbers if number.isdecimal())
    return [Files(directory / f"haproxy-{number}.sock") for number in found]


def program() -> str:
    """HAProxy's path.

    Raises:
        BalancerError: It is not installed.
    """
    # Debian puts it where only root looks.
    found = shutil.which("haproxy", path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM}")
    if found is None:
        raise BalancerError(
            "HAProxy is not installed",
            do="install it: apt-get install haproxy, dnf install haproxy or brew install haproxy",
        )
    return found


def connections() -> int:
    """Clients' connections that one process may have here: each takes two descriptors."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    return max(100, min(_MOST_CONNECTIONS, (most - _OTHER_FILES) // 2))


def threads() -> int:
    """Threads for HAProxy here: one carries what four cores of Python answer, and more."""
    return max(1, min(4, (os.cpu_count() or 1) // 4))


class Process:
    """One process that runs.

    Args:
        process: It, ours or another supervisor's.
        files: What it was started with.
    """

    def __init__(self, process: Child | Known, files: Files) -> None:
        self._process = process
        self.files = files
        self.runtime = Runtime(files.socket)

    @property
    def who(self) -> Identity | None:
        """``None`` once it has ended."""
        return identity(self._process.pid) if self._process.alive else None

    async def ended(self) -> None:
        """Until it has ended."""
        await self._process.wait()

    def retire(self) -> None:
        """Have it accept no more connections, finish what it has, and end."""
        if self._process.alive:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGUSR1)

    async def finish(self) -> None:
        """Retire it, and wait until no request is left; idle connections may be."""
        async with self.runtime.conversation() as ask:
            self.retire()
            while parse_status(await ask(STATUS)).sessions:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(_POLL)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LEAVE_SECONDS):
                # What is written is on its way to clients that read slowly.
                await self.ended()

    def kill(self) -> None:
        """End it now."""
        self._process.kill()


async def adopted(directory: Path, who: Identity) -> Process | None:
    """The one that another supervisor has started; ``None`` where it does not answer."""
    for each in reversed(files(directory)):
        process = Process(Known(who), each)
        with suppress(BalancerError):
            if process.who and await process.runtime.pid() == who.pid:
                return process
    return None


async def started(
    directory: Path,
    balancing: Balancing,
    fronts: Sequence[int],
    servers: Sequence[Server],
    environment: Mapping[str, str],
) -> Process:
    """A new one that answers.

    Raises:
        BalancerError: It is not installed, refuses its configuration, or does not come up.
    """
    before = files(directory)
    number = int(before[-1].socket.stem.partition("-")[2]) + 1 if before else 1
    made = Files(directory / f"haproxy-{number}.sock")
    text = configuration(balancing, made.socket, fronts, servers, made.tokens)
    command = [program(), "-db", "-f", str(made.configuration)]
    try:
        _write(made.configuration, text)
        _write(made.tokens, remembered(servers, made.tokens))
        await _check(command[0], made.configuration, fronts, environment)
        output = directory / "haproxy.log"
        child = Child(
            command, directory=directory, environment=environment, output=output, fds=fronts
        )
        try:
            process = Process(child, made)
            await _until_it_answers(process, child.pid, output)
        except BaseException:
            child.kill()
            raise
    except OSError as error:
        made.remove()
        raise _failed("cannot be started", str(error)) from error
    except BaseException:
        made.remove()
        raise
    return process


async def _check(
    haproxy: str, file: Path, fronts: Sequence[int], environment: Mapping[str, str]
) -> None:
    # -dW: what is merely missing, as a time-out, is a warning else.
    command = [haproxy, "-c", "-dW", "-f", str(file)]
    try:
        done = await asyncio.to_thread(
            run_once, command, seconds=_SECONDS, environment=environment, fds=fronts
        )
    except TookTooLong as error:
        raise _failed("does not finish checking its configuration", str(error)) from error
    if done.code:
        raise _failed("refuses its configuration", _complaint(done))


async def _until_it_answers(process: Process, pid: int, output: Path) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(_SECONDS):
            while process.who:
                with suppress(BalancerError):
                    if await process.runtime.pid() == pid:
                        return
                await asyncio.sleep(_POLL)
    text = await asyncio.to_thread(output.read_text, encoding="utf-8", errors="replace")
    raise _failed("did not start", text[-_TAIL:])


def _write(path: Path, text: str) -> None:
    # Never over somebody else's file, and for nobody else to read.
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as file:
        file.write(text)


def _complaint(done: Done) -> str:
    lines = [line for line in done.output.splitlines() if line.startswith(("[ALERT]", "[WARNING]"))]
    return "\n".join(lines) or done.output


def _failed(what: str, said: str) -> BalancerError:
    quoted = "".join(f"\n  | {line}" for line in said.strip().splitlines())
    return BalancerError(f"HAProxy {what}{quoted}", do=_VERSION)
