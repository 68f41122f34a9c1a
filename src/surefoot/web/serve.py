"""``python -m surefoot.web.serve``: uvicorn in one process, on several inherited sockets.

uvicorn's own command line listens on one address only, and takes an inherited Unix socket for
what it is not; its ``Server`` accepts any number of sockets.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import socket
import sys
from typing import Any

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Serve ``surefoot.web.entry:asgi`` until a signal says stop."""
    parser = argparse.ArgumentParser(prog="python -m surefoot.web.serve")
    parser.add_argument("--fd", type=int, action="append", required=True)
    parser.add_argument("--keep-alive", type=int, default=75, help="seconds")
    parser.add_argument("--graceful-timeout", type=int, default=30, help="seconds")
    args = parser.parse_args(argv)
    uvicorn = importlib.import_module("uvicorn")
    server = uvicorn.Server(
        uvicorn.Config(
            "surefoot.web.entry:asgi",
            http=_protocol(),
            timeout_keep_alive=args.keep_alive,
            timeout_graceful_shutdown=args.graceful_timeout,
            log_level="warning",
            access_log=False,
        )
    )
    sockets = [socket.socket(fileno=fd) for fd in args.fd]
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        try:
            runner.run(server.serve(sockets=sockets))
        except KeyboardInterrupt:
            return 0
    return 0 if server.started else 3


def _loop_factory() -> Any:
    if importlib.util.find_spec("uvloop") is None:
        return None
    return importlib.import_module("uvloop").new_event_loop


def _protocol() -> type[asyncio.Protocol]:
    fast = importlib.util.find_spec("httptools") is not None
    name, kind = ("httptools_impl", "HttpToolsProtocol") if fast else ("h11_impl", "H11Protocol")
    base: Any = getattr(importlib.import_module(f"uvicorn.protocols.http.{name}"), kind)

    class Addressed(base):  # type: ignore[misc]
        """Gives peers on a Unix socket an address: applications read ``request.client.host``."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            peer: Any = self
            if peer.client is None:
                peer.client = ("127.0.0.1", 0)

    return Addressed


if __name__ == "__main__":
    sys.exit(main())
