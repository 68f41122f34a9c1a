"""``[balancer]``."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from surefoot.config.rules import address, duration, key, size

__all__ = ["ALGORITHMS", "Balancer", "header_or_cookie", "networks"]

ALGORITHMS: Final = ("round-robin", "least-connections", "source", "header", "cookie", "sticky")
"""How a replica is chosen for a request."""
# What both a header and a cookie may be called, and what needs no quotes anywhere.
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def header_or_cookie(value: Any) -> str:
    """The name of a header or a cookie, or nothing.

    Raises:
        ValueError: It is neither.
    """
    text = str(value)
    if text and not _NAME.fullmatch(text):
        raise ValueError
    return text


def networks(value: Sequence[Any]) -> tuple[str, ...]:
    """Networks and addresses, each as ``ipaddress`` writes it.

    Raises:
        ValueError: One of them is none.
        TypeError: It is not a list of text.
    """
    if isinstance(value, str) or not all(isinstance(word, str) for word in value):
        raise TypeError
    # A scope, as in fe80::1%eth0, is of this host and can be anything.
    if any("%" in word for word in value):
        raise ValueError
    return tuple(str(ipaddress.ip_network(word)) for word in value)


@dataclass(frozen=True, slots=True)
class Balancer:
    """What stands in front of the replicas."""

    kind: str = key(
        "none",
        "none: every replica accepts from one held socket. haproxy: HAProxy deals the requests out "
        "to those that are ready.",
        choices=("none", "haproxy"),
    )
    listen: str = key(
        "127.0.0.1:8000",
        "Address and port that users reach.",
        parse=address,
        allowed='an address and a port such as "127.0.0.1:8000"',
    )
    algorithm: str = key(
        "round-robin",
        "How a replica is chosen: in turns, the one with the fewest requests, by the client's "
        "address, by a header or cookie, or the one that a cookie remembers.",
        choices=ALGORITHMS,
    )
    name: str = key(
        "",
        "The header or cookie that the algorithm goes by; of the cookie that sticky sets, "
        "surefoot-replica where nothing is said.",
        parse=header_or_cookie,
        allowed="the name of a header or a cookie",
    )
    trusted_proxies: tuple[str, ...] = key(
        (),
        "Networks of proxies before this one, whose X-Forwarded-* and X-Request-ID are believed.",
        parse=networks,
        allowed='a list of networks such as ["10.0.0.0/8"]',
    )
    queue: int = key(
        500,
        "Requests that may wait for a replica; more are answered 503 at once.",
        minimum=1,
        maximum=100_000,
    )
    queue_timeout: float = duration(
        5.0, "How long a request may wait for a replica.", minimum=0.001, maximum=600.0
    )
    timeout: float = duration(
        60.0,
        "How long a replica or a client may say nothing in the middle of a request.",
        minimum=0.001,
        maximum=86_400.0,
    )
    largest_body: int = size(
        0,
        "The largest body of a request; larger ones are answered 413, and those that do not tell "
        "their length 411. 0 for any.",
        minimum=0,
        maximum=1_000_000_000_000,
    )
    slow_start: float = duration(
        2.0,
        "In how long a replica comes to its full share, where others are up.",
        minimum=0.0,
        maximum=600.0,
    )
