"""The process that sends: ``python -m surefoot.toolbox.load.worker FD``, started by a generator.

It does what its parent says over the socket with that number, and ends when the parent is gone.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import uvloop

from surefoot.toolbox.load.engine import Engine
from surefoot.toolbox.load.login import LoginError
from surefoot.toolbox.load.messages import Chunk, Failed, Go, Open, Ready, Stop, receive, send

__all__ = ["main"]

_REPORT: Final = 0.25
_SPARE_FILES: Final = 32


def main(number: int) -> None:
    """Serve the parent at the other end of this file descriptor."""
    # The parent decides how a run ends, and this process ends when the parent does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    uvloop.run(_serve(number))
    # Nothing here needs an orderly end, and a loop full of connections takes its time for one.
    os._exit(0)


async def _serve(number: int) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=number))
    asyncio.get_running_loop().set_exception_handler(_fatal(writer))
    order = await receive(reader)
    if not isinstance(order, Open):
        return
    engine = Engine(replace(order, connections=_affordable(order.connections)))
    try:
        users = await engine.log_in()
    except LoginError as error:
        send(writer, Failed(str(error), "see what the log-in's requests expect"))
        await writer.drain()
        return
    # What lives now lives to the end; what comes is freed by its reference count.
    gc.collect()
    gc.freeze()
    gc.disable()
    send(writer, Ready(users))
    running: asyncio.Task[None] | None = None
    while message := await receive(reader):
        if isinstance(message, Go):
            engine.prepare(message)
            running = asyncio.create_task(_run(engine, message, writer))
        elif isinstance(message, Stop):
            engine.stop()
    if running is not None:
        running.cancel()
    engine.close()


async def _run(engine: Engine, go: Go, writer: asyncio.StreamWriter) -> None:
    reporter = asyncio.create_task(_report(engine, writer))
    try:
        done = await engine.execute(go)
    finally:
        reporter.cancel()
    _send_chunk(engine, writer)
    send(writer, done)


async def _report(engine: Engine, writer: asyncio.StreamWriter) -> None:
    while True:
        await asyncio.sleep(_REPORT)
        _send_chunk(engine, writer)


def _send_chunk(engine: Engine, writer: asyncio.StreamWriter) -> None:
    run = engine.run
    if run is not None:
        errors = dict(run.errors)
        run.errors.clear()
        send(writer, Chunk(run.take(), errors, run.open))


def _affordable(wanted: int) -> int:
    """As many connections as there may be open files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = wanted + _SPARE_FILES
    if soft < need:
        soft = need if hard == resource.RLIM_INFINITY else min(need, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(wanted, soft - _SPARE_FILES))


def _fatal(writer: asyncio.StreamWriter) -> Any:
    def handle(loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:  # noqa: ARG001  # the loop's interface
        error = context.get("exception")
        send(writer, Failed(f"the load process failed: {error!r} ({context.get('message')})"))

    return handle


if __name__ == "__main__":
    main(int(sys.argv[1]))
