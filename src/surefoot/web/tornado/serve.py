"""``python -m surefoot.web.tornado.serve``: Tornado's own server, on several inherited sockets.

It ends as the other servers do: no new connections, what has begun is answered, and whoever comes
on a connection that is still open is answered too and told that it closes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import logging
import signal
import socket
import sys
from typing import Any

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Serve ``surefoot.web.entry:tornado`` until a signal says stop."""
    parser = argparse.ArgumentParser(prog="python -m surefoot.web.tornado.serve")
    parser.add_argument("--fd", type=int, action="append", required=True)
    parser.add_argument("--keep-alive", type=int, default=75, help="seconds")
    parser.add_argument("--graceful-timeout", type=int, default=30, help="seconds")
    args = parser.parse_args(argv)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(args))
    return 0


async def _serve(args: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # Here, as applications make clients of theirs for the loop that runs.
    served = importlib.import_module("surefoot.web.entry").tornado
    open_requests = _Open(stop)
    importlib.import_module("surefoot.web.tornado.handlers").surround(
        getattr(served, "app", served), open_requests.around
    )
    server = importlib.import_module("tornado.httpserver").HTTPServer(
        # Zero, as Tornado has it, would be no end at all.
        served,
        no_keep_alive=not args.keep_alive,
        idle_connection_timeout=max(1, args.keep_alive),
    )
    logging.getLogger("tornado.access").addFilter(_is_of_users)
    sockets = [socket.socket(fileno=fd) for fd in args.fd]
    for each in sockets:
        each.setblocking(False)
    server.add_sockets(sockets)
    await stop.wait()
    server.stop()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(open_requests.none(), args.graceful_timeout)
    await server.close_all_connections()


def _is_of_users(record: logging.LogRecord) -> bool:
    """Not the request by which a replica is found to be up, which few handlers answer."""
    return not record.getMessage().startswith("405 OPTIONS / ")


class _Open:
    """The requests that are being answered.

    Args:
        stop: Set when no more are wanted.
    """

    def __init__(self, stop: asyncio.Event) -> None:
        self._stop = stop
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    async def none(self) -> None:
        """Wait until there is none."""
        await self._none.wait()

    async def around(self, handler: Any, run: Any) -> None:
        """One request."""
        self._count += 1
        self._none.clear()
        if self._stop.is_set():
            handler.set_header("Connection", "close")
        try:
            await run()
        finally:
            self._count -= 1
            if not self._count:
                self._none.set()


if __name__ == "__main__":
    sys.exit(main())
