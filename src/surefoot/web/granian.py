"""``python -m surefoot.web.granian``: granian in one process, on several inherited sockets.

granian's command line makes its own socket, and its supervisor starts a process to serve it. Here
its worker runs in this process, on descriptors that were inherited, once for each of them.
"""

from __future__ import annotations

import argparse
import importlib
import os
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

__all__ = ["main"]

_NO_RETRY: Final = 3
_BACKLOG: Final = 1024


def main(argv: list[str] | None = None) -> int:
    """Serve ``surefoot.web.entry:wsgi`` or ``:asgi`` until a signal says stop."""
    parser = argparse.ArgumentParser(prog="python -m surefoot.web.granian")
    parser.add_argument("--interface", choices=("wsgi", "asgi"), required=True)
    parser.add_argument("--fd", type=int, action="append", required=True)
    parser.add_argument("--threads", type=int, default=4, help="of a WSGI application")
    parser.add_argument("--keep-alive", type=int, default=75, help="seconds")
    args = parser.parse_args(argv)
    try:
        server = _server(args)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        sys.stderr.write(
            f"surefoot: this version of granian cannot be started here: {error!r}\n"
            "  do: install granian 2.8, or leave server.kind out\n"
        )
        return _NO_RETRY
    server.serve(target_loader=lambda: _application(args.interface), wrap_loader=False)
    return 0


def _server(args: argparse.Namespace) -> Any:
    workers = importlib.import_module("granian.server.mp")
    net = importlib.import_module("granian.net")
    http = importlib.import_module("granian.http")
    holders = [_holder(net, fd) for fd in args.fd]
    _run_inside(workers, holders)

    class Inherited(workers.MPServer):  # type: ignore[misc, name-defined]
        """Takes the descriptors it was given for the socket it would make."""

        def _init_shared_socket(self) -> None:
            self._shd, self._sso = holders[0], None

    threaded = args.interface == "wsgi"
    return Inherited(
        "surefoot.web.entry",
        interface=workers.Interfaces.WSGI if threaded else workers.Interfaces.ASGI,
        blocking_threads=args.threads if threaded else 1,
        http1_settings=http.HTTP1Settings(
            keep_alive=args.keep_alive > 0,
            # An idle connection is one whose next head does not come.
            header_read_timeout=max(1, args.keep_alive) * 1000,
        ),
        # More threads than its rule of thumb, and everything it does, is told as a warning.
        log_level="error",
    )


def _holder(net: Any, fd: int) -> Any:
    with socket.socket(fileno=os.dup(fd)) as inherited:
        local = inherited.family == socket.AF_UNIX
        inherited.setblocking(False)
    return net.SocketHolder(fd, local, _BACKLOG)


def _run_inside(workers: Any, holders: list[Any]) -> None:
    """Have granian's supervisor call its worker instead of starting a process for it."""
    signals: Any = importlib.import_module("granian._signals")
    native = signals.WorkerSignal
    signals.WorkerSignal = lambda: _Signals([native() for _ in holders])
    workers.WSGIWorker = _several(workers.WSGIWorker, holders)
    workers.ASGIWorker = _several(workers.ASGIWorker, holders)
    workers.WorkerProcess = _inside(workers.WorkerProcess)


class _Signals:
    """One stop for several workers; it has been heeded when the last of them has."""

    def __init__(self, each: list[Any]) -> None:
        self.each = each
        self._left = len(each)
        self._lock = threading.Lock()

    def set(self) -> None:
        """Stop all of them."""
        for signal in self.each:
            signal.set()

    def add_cb(self, done: Callable[[], None]) -> None:
        """What to call when all have stopped."""

        def one() -> None:
            with self._lock:
                self._left -= 1
                last = not self._left
            if last:
                done()

        for signal in self.each:
            signal.add_cb(one)


def _several(kind: Any, holders: list[Any]) -> Any:
    """In place of granian's worker on one socket: one on each."""

    class Several:
        def __init__(self, number: int, _socket: Any, *rest: Any) -> None:
            self._workers = [kind(number, (None, holder), *rest) for holder in holders]

        def __getattr__(self, name: str) -> Callable[..., None]:
            if not name.startswith("serve"):
                raise AttributeError(name)
            return lambda *words: self._serve(name.removesuffix("_uds"), *words)

        def _serve(self, name: str, scheduler: Any, loop: Any, stop: _Signals) -> None:
            for worker, holder, signal in zip(self._workers, holders, stop.each, strict=True):
                serve = getattr(worker, name + ("_uds" if holder.is_uds() else ""))
                serve(scheduler, loop, signal)

    return Several


def _inside(process: Any) -> Any:
    class Inside(process):  # type: ignore[misc]
        """What granian takes for a process of its own is a call."""

        def _spawn(self, target: Callable[..., Any], args: tuple[Any, ...]) -> None:
            self._target, self._args = target, args

        def start(self) -> None:
            self._target(*self._args)
            self.parent.signal_handler_interrupt()

        def is_alive(self) -> bool:
            return False

        def terminate(self) -> None: ...

        def kill(self) -> None: ...

        def join(self, timeout: float | None = None) -> None: ...

    return Inside


def _application(interface: str) -> Callable[..., Any]:
    found: Callable[..., Any] = getattr(importlib.import_module("surefoot.web.entry"), interface)
    return found if interface == "wsgi" else _addressed(found)


def _addressed(application: Callable[..., Any]) -> Callable[..., Any]:
    """Gives peers on a Unix socket an address, and everybody a port that is a number."""

    async def addressed(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "lifespan":
            host, port = scope.get("client") or ("", 0)
            scope["client"] = (host or "127.0.0.1", int(port))
        await application(scope, receive, send)

    return addressed


if __name__ == "__main__":
    sys.exit(main())
