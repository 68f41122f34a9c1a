"""One sending process and the channel to it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from typing import Final

from surefoot.errors import ServerError
from surefoot.toolbox.load.messages import Message, receive, send

__all__ = ["SendingProcess"]

_GRACE: Final = 2.0


class SendingProcess:
    """A child that ends when its channel closes, whatever becomes of its parent."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def pid(self) -> int:
        """Process id; 0 before it is started."""
        return self._process.pid if self._process is not None else 0

    async def start(self) -> None:
        """Start it."""
        ours, theirs = socket.socketpair()
        try:
            # A session of its own: Ctrl-C in the terminal must reach the parent alone.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "surefoot.toolbox.load.worker", str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._reader, self._writer = await asyncio.open_unix_connection(sock=ours)

    def send(self, message: Message) -> None:
        """Tell it something; nothing happens if it is gone, which ``receive`` will say."""
        assert self._writer is not None
        send(self._writer, message)

    async def receive(self) -> Message:
        """What it says next.

        Raises:
            ServerError: It is gone.
        """
        assert self._reader is not None
        message = await receive(self._reader)
        if message is None:
            raise ServerError(f"a sending process ended unexpectedly ({await self._ending()})")
        return message

    async def close(self) -> None:
        """End it, and wait until it is gone."""
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(ConnectionError):
                await self._writer.wait_closed()
            self._writer = None
        if self._process is None:
            return
        try:
            async with asyncio.timeout(_GRACE):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _ending(self) -> str:
        assert self._process is not None
        try:
            async with asyncio.timeout(_GRACE):
                code = await self._process.wait()
        except TimeoutError:
            return "it closed its channel"
        return f"signal {-code}" if code < 0 else f"exit code {code}"
