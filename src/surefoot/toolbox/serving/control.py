"""How other commands reach the supervisor: JSON, a line for each thing said, on a Unix socket.

A request is one line, ``{"do": "scale", "replicas": 4}``. The answer is any number of lines
``{"say": "..."}`` as things happen, and a last one: ``{"done": {...}}``, or ``{"error": "...",
"what_to_do": "..."}``. The socket's mode is 0600, in a directory of mode 0700: who can connect is
this user, or root.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from surefoot.errors import ServerError, SurefootError
from surefoot.toolbox.stack.front import unix_listener

__all__ = ["Say", "ask", "listen"]

Say = Callable[[str], None]
Answer = Callable[[Mapping[str, Any], Say], Awaitable[Mapping[str, Any]]]

_LONGEST: Final = 65_536
_CONNECT_SECONDS: Final = 5.0


@contextlib.asynccontextmanager
async def listen(path: Path, answer: Answer) -> Any:
    """Answer requests for as long as the block runs.

    Args:
        path: Of the socket.
        answer: Given a request and what tells the caller a line; returns what is done.
    """

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _answered(reader, writer, answer)
        except (OSError, ValueError):
            # Gone before it was answered, or not one of ours.
            pass
        finally:
            writer.close()

    server = await asyncio.start_unix_server(called, sock=unix_listener(path), limit=_LONGEST)
    try:
        yield
    finally:
        server.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108 - no pathlib where a loop runs


async def _answered(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer
) -> None:
    request = json.loads(await reader.readline())

    def write(told: Mapping[str, Any]) -> None:
        writer.write(json.dumps(told).encode() + b"\n")

    try:
        done = await answer(request, lambda line: write({"say": line}))
    except SurefootError as error:
        write({"error": error.message, "what_to_do": error.do})
    else:
        write({"done": dict(done)})
    await writer.drain()


def ask(path: Path, request: Mapping[str, Any], say: Say) -> Mapping[str, Any] | None:
    """Ask the supervisor, and wait until it is done.

    Args:
        path: Of its socket.
        request: As above.
        say: Told what happens meanwhile.

    Returns:
        What is done; ``None`` where nobody listens.

    Raises:
        ServerError: It could not be done; the supervisor's own words.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(_CONNECT_SECONDS)
        try:
            asking.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        # How long it takes is the application's doing; that the other end lives, the kernel's.
        asking.settimeout(None)
        asking.sendall(json.dumps(dict(request)).encode() + b"\n")
        for told in _lines(asking):
            if "say" in told:
                say(told["say"])
            elif "error" in told:
                raise ServerError(told["error"], do=told["what_to_do"])
            else:
                found: Mapping[str, Any] = told["done"]
                return found
    raise ServerError("the supervisor ended before it was done", do="look at surefoot status")


def _lines(connection: socket.socket) -> Iterator[dict[str, Any]]:
    with connection.makefile("rb") as file:
        for line in file:
            yield json.loads(line)
