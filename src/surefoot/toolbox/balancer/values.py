"""What a balancer is told and what it tells: values, which only exist where they are harmless.

Everything here ends in a configuration file or in a command, in which a blank or a line's end would
begin something else. So what is let in is listed, and nothing is quoted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from surefoot.config import Config
from surefoot.config.balancer import ALGORITHMS, header_or_cookie, networks
from surefoot.errors import BalancerError

__all__ = ["Balancing", "Server", "ServerStatus", "State", "Status", "plain_path", "server_name"]

_SERVER: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_PATH: Final = re.compile(r"/[A-Za-z0-9._/+=~-]+")
_URI: Final = re.compile(r"(?:/[A-Za-z0-9._~/-]*)?")
_LONGEST_PATH: Final = 107
_YEAR: Final = 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class Server:
    """One replica as the balancer knows it.

    Raises:
        BalancerError: A value of it could not be written down without meaning something else.
    """

    name: str
    """``"r7"``; never given to another one."""
    socket: Path
    """The Unix socket that it answers on."""
    slots: int
    """Requests that it is given at once."""
    weight: int = 100
    """Its share of the requests beside the others', 0 to 256."""
    eject: bool = True
    """Whether the first connection that fails puts it out at once, until it passes a check. Where
    it is the only replica wanted there is nobody to ask in its place."""

    def __post_init__(self) -> None:
        server_name(self.name)
        plain_path(self.socket)
        _must(1 <= self.slots <= 100_000, "slots", self.slots)
        _must(0 <= self.weight <= 256, "a weight", self.weight)


@dataclass(frozen=True, slots=True)
class Balancing:
    """How requests are dealt out; the keys of ``[balancer]``, and what others say of it.

    Raises:
        BalancerError: A value of it could not be written down without meaning something else.
    """

    algorithm: str = "round-robin"
    name: str = ""
    """The header or cookie of the algorithm."""
    trusted_proxies: tuple[str, ...] = ()
    queue: int = 500
    queue_timeout: float = 5.0
    timeout: float = 60.0
    request_timeout: float = 10.0
    """Seconds within which a request has to be there, its body as far as 16 KiB included."""
    keep_alive: float = 75.0
    """Seconds that a client's idle connection is kept."""
    drain: float = 30.0
    """Seconds that a process which another one has taken over from may finish its requests in."""
    largest_body: int = 0
    slow_start: float = 2.0
    check: str = "/readyz"
    """Where a replica says that it is ready; empty where it only has to answer."""
    connections: int = 10_000
    """Clients' connections that are open at once; more wait until others close."""
    threads: int = 1

    def __post_init__(self) -> None:
        _must(self.algorithm in ALGORITHMS, "an algorithm", self.algorithm)
        _must(_is(header_or_cookie, self.name), "a header or cookie", self.name)
        if self.algorithm in {"header", "cookie"} and not self.name:
            raise BalancerError(
                f'[balancer] algorithm = "{self.algorithm}" needs to know which {self.algorithm}',
                do=f'say the {self.algorithm} with [balancer] name = "..."',
            )
        _must(_is(networks, self.trusted_proxies), "networks", self.trusted_proxies)
        times = (self.queue_timeout, self.timeout, self.request_timeout, self.keep_alive)
        for seconds in (*times, self.drain, self.slow_start):
            _must(0 <= seconds <= _YEAR, "seconds", seconds)
        for count in (self.queue, self.connections, self.threads):
            _must(1 <= count <= 10_000_000, "a count", count)
        _must(0 <= self.largest_body <= 10**15, "bytes", self.largest_body)
        _must(bool(_URI.fullmatch(self.check)), "a path", self.check)

    @classmethod
    def of(cls, config: Config, *, connections: int, threads: int) -> Self:
        """What a configuration says.

        Args:
            config: The whole of it.
            connections: Clients' connections that this machine lets one process have.
            threads: Of the balancer.
        """
        told, prefix = config.balancer, config.health.prefix
        return cls(
            algorithm=told.algorithm,
            name=told.name,
            trusted_proxies=told.trusted_proxies,
            queue=told.queue,
            queue_timeout=told.queue_timeout,
            timeout=told.timeout,
            keep_alive=config.server.keep_alive,
            drain=config.server.graceful_timeout,
            largest_body=told.largest_body,
            slow_start=told.slow_start,
            check=f"{prefix}readyz" if prefix else "",
            connections=connections,
            threads=threads,
        )


class State(StrEnum):
    """What a balancer thinks of a server."""

    UP = "up"
    """It gets requests, and has passed its last check."""
    GOING_DOWN = "going down"
    """It gets requests; it has failed a check, or has not passed its first one yet."""
    DOWN = "down"
    GOING_UP = "going up"
    """It gets none yet, and has passed a check."""
    DRAINING = "draining"
    """It gets no new ones, and finishes those that it has."""
    MAINTENANCE = "maintenance"


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """One server at one moment; counts and times are of this process of the balancer."""

    name: str
    state: State
    weight: int
    """In effect: less than it was given while it starts slowly."""
    ramp: int
    """Percent of its share that it has come to in its slow start; 100 after it."""
    sessions: int
    """Requests that it is working on."""
    queued: int
    """Requests that wait for this one server."""
    requests: int
    """That it was given: each try counts."""
    server_errors: int
    """Answers 5xx of its own."""
    retries: int
    """Tries that failed and were repeated, on it or elsewhere."""
    failures: int
    """Tries that failed, or broke off, and were the last."""
    queue_seconds: float
    """Mean wait of the last 1,024 requests, whichever server they waited for."""
    response_seconds: float
    """Mean time to the first byte of the last 1,024 answers."""
    check: str
    """What its last check came to, ``"L7OK"`` or ``"L4CON: Connection refused"``."""

    @property
    def takes_requests(self) -> bool:
        """Whether it is given new ones."""
        return self.state in {State.UP, State.GOING_DOWN}

    @property
    def errors(self) -> int:
        """What went wrong on it; what is repeated elsewhere is in no count of answers."""
        return self.server_errors + self.retries + self.failures


@dataclass(frozen=True, slots=True)
class Status:
    """A balancer at one moment."""

    servers: tuple[ServerStatus, ...]
    sessions: int
    """Requests at work or waiting, of all servers."""
    queued: int
    """Of those, the ones that wait for whichever server is free first."""

    def server(self, name: str) -> ServerStatus | None:
        """The one of this name."""
        return next((server for server in self.servers if server.name == name), None)


def server_name(name: str) -> str:
    """A name such as ``"r7"``.

    Raises:
        BalancerError: It is something else.
    """
    _must(bool(_SERVER.fullmatch(name)), "the name of a server", name)
    return name


def plain_path(path: Path) -> str:
    """An absolute path that can be a socket's and needs no quotes.

    Raises:
        BalancerError: It is something else.
    """
    text = os.fspath(path)
    fits = _PATH.fullmatch(text) and len(text) <= _LONGEST_PATH
    if not fits:
        raise BalancerError(
            f"{text!r} cannot be the path of a socket behind HAProxy",
            do="set SUREFOOT_RUN_DIRECTORY to a short path of letters, digits and ._+=~-",
        )
    return text


def _is(rule: Callable[[Any], Any], value: Any) -> bool:
    try:
        return bool(rule(value) == value)
    except (ValueError, TypeError):
        return False


def _must(fits: bool, what: str, value: object) -> None:  # noqa: FBT001 - an assertion in words
    if not fits:
        raise BalancerError(f"{value!r} cannot be {what} of HAProxy")
