"""The configuration of one HAProxy process, as text.

Nothing here is escaped: the values that it is made of exist only where they need not be. A line
that is not obvious says in the file itself why it is there, for whoever opens it.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from surefoot.toolbox.balancer.values import Balancing, Server, plain_path

__all__ = ["BACKEND", "configuration", "parameters", "remembered", "token"]

BACKEND: Final = "app"
"""What the servers of the replicas are together."""

_PROXIES: Final = 3
"""Proxies that may stand before this one in a row, each of them trusted."""
_BUSY: Final = (
    'content-type text/plain string "Busy. Please try again in a moment." hdr Retry-After 1'
)
_COOKIE: Final = "surefoot-replica"


def configuration(
    balancing: Balancing,
    runtime: Path,
    fronts: Sequence[int],
    servers: Iterable[Server],
    tokens: Path,
) -> str:
    """The file that one process of HAProxy 2.6 or later is started with.

    Args:
        balancing: How requests are dealt out.
        runtime: Unix socket on which it takes commands.
        fronts: Listening sockets that it inherits, by their descriptors.
        servers: The replicas to begin with.
        tokens: File of ``remembered`` cookies; only read by the algorithm ``sticky``.

    Raises:
        BalancerError: A path has characters that would need quotes.
    """
    sections = [
        ["# Written by Surefoot for one process of HAProxy; nothing reads it again."],
        _global(balancing, plain_path(runtime)),
        _defaults(balancing),
        _frontend(balancing, fronts),
        _backend(balancing, plain_path(tokens), servers),
    ]
    return "\n\n".join(_indented(section) for section in sections) + "\n"


def parameters(server: Server, balancing: Balancing, *, ramp: bool) -> str:
    """What follows ``server`` in the file, and ``add server app/`` on the runtime socket.

    Args:
        server: Which one.
        balancing: How requests are dealt out.
        ramp: Whether it comes to its full share slowly.
    """
    words = [f"unix@{plain_path(server.socket)}", f"weight {server.weight:d}"]
    words += [f"maxconn {server.slots:d}"]
    if balancing.algorithm == "sticky":
        # Who is remembered waits for one server only, and moves where too many do. By a hash nobody
        # can move: it would come to the same server again, and HAProxy would refuse.
        words += [f"maxqueue {server.slots:d}"]
    words += ["check inter 1s downinter 200ms fall 2 rise 1"]
    if server.eject:
        words += ["observe layer4 error-limit 1 on-error mark-down"]
    if ramp and balancing.slow_start:
        words += [f"slowstart {_milliseconds(balancing.slow_start)}"]
    return " ".join(words)


def token(server: str, tokens: Path) -> str:
    """What stands for a server in the cookie of ``sticky``: nothing that could be read.

    Args:
        server: Its name.
        tokens: The file of them; its path is the key, so that the next process, and another
            supervisor, gives the same.
    """
    # As HAProxy makes it in _remembering.
    made = hashlib.sha256(_key(tokens) + server.encode()).hexdigest()
    return made[:16].upper()


def remembered(servers: Iterable[Server], tokens: Path) -> str:
    """The file of tokens: for each the server that it stands for."""
    return "".join(f"{token(server.name, tokens)} {server.name}\n" for server in servers)


def _key(tokens: Path) -> bytes:
    digest = hashlib.sha256(os.fsencode(tokens.parent)).digest()
    return base64.b32encode(digest)[:32]


def _indented(lines: Sequence[str]) -> str:
    head, *rest = lines
    return "\n".join([head, *(f"    {line}" for line in rest)])


def _milliseconds(seconds: float) -> str:
    # A time-out of nothing is none at all.
    return f"{max(1, round(seconds * 1000)):d}ms"


def _global(balancing: Balancing, runtime: str) -> list[str]:
    return [
        "global",
        f"maxconn {balancing.connections:d}",
        f"nbthread {balancing.threads:d}",
        f"stats socket {runtime} mode 600 level admin",
        f"hard-stop-after {_milliseconds(balancing.drain)}",
    ]


def _defaults(balancing: Balancing) -> list[str]:
    return [
        "defaults",
        "mode http",
        "# Also the pause before the same replica is asked again, which would be a second.",
        "timeout connect 100ms",
        f"timeout client {_milliseconds(balancing.timeout)}",
        f"timeout server {_milliseconds(balancing.timeout)}",
        f"timeout queue {_milliseconds(balancing.queue_timeout)}",
        "# Who sends a request drop by drop keeps nobody but itself waiting, and not for long.",
        f"timeout http-request {_milliseconds(balancing.request_timeout)}",
        "option http-buffer-request",
        "# A request whose client has gone is not worked on.",
        "option abortonclose",
        f"timeout http-keep-alive {_milliseconds(balancing.keep_alive)}",
        "timeout tunnel 1h",
        "timeout check 2s",
    ]


def _frontend(balancing: Balancing, fronts: Sequence[int]) -> list[str]:
    return [
        "frontend users",
        *(f"bind fd@{front:d}" for front in fronts),
        "# A process that another one takes over from ends a connection with its next answer.",
        "option idle-close-on-response",
        "# X_Forwarded_For is X-Forwarded-For to a WSGI application.",
        "option http-restrict-req-hdr-names delete",
        *_bodies(balancing.largest_body),
        *_forwarded(balancing.trusted_proxies),
        "http-request set-header X-Request-Start t=%[date(0,us)]",
        f"http-request return status 503 {_BUSY} if {{ queue({BACKEND}) ge {balancing.queue:d} }}",
        f"http-error status 503 {_BUSY}",
        f"default_backend {BACKEND}",
    ]


def _bodies(largest: int) -> list[str]:
    if not largest:
        return []
    told = "content-type text/plain string"
    unknown = "{ req.hdr(transfer-encoding) -m found }"
    return [
        f'http-request return status 413 {told} "Too large." if {{ req.body_size gt {largest:d} }}',
        "# What does not tell its length would have to be counted.",
        f'http-request return status 411 {told} "Length required." if {unknown}',
    ]


def _forwarded(proxies: Sequence[str]) -> list[str]:
    """What a replica is told of the client: by who is trusted, else by this connection."""
    told = {
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "%[req.hdr(host)]",
        "X-Forwarded-Port": "%[dst_port]",
        "X-Request-ID": "%[uuid()]",
    }
    strangers = ["x-forwarded- -m beg", "forwarded", "x-real-ip"]
    unless = " unless by_proxy" if proxies else ""
    lines = [*_client(proxies), *(f"http-request del-header {name}{unless}" for name in strangers)]
    lines.append("http-request set-header X-Forwarded-For %[src]")
    for name, value in told.items():
        kept = f" unless by_proxy {{ req.hdr({name}) -m found }}" if proxies else ""
        lines.append(f"http-request set-header {name} {value}{kept}")
    return lines


def _client(proxies: Sequence[str]) -> list[str]:
    """Go from the connection's own address to that of who is no proxy of ours.

    From the right end of ``X-Forwarded-For``, each address as long as the one that told it is a
    trusted proxy's: what stands left of the first stranger is what the stranger said.
    """
    if not proxies:
        return []
    # One line for each: a line has 64 words at most.
    lines = [f"acl at_proxy src {proxy}" for proxy in proxies]
    lines.append("http-request set-var(txn.by_proxy) bool(true) if at_proxy")
    lines.append("acl by_proxy var(txn.by_proxy) -m bool")
    before = ""
    for place in range(1, _PROXIES + 1):
        address = f"req.hdr_ip(x-forwarded-for,-{place})"
        lines.append(f"http-request set-src {address} if at_proxy{before}")
        before += f" {{ {address} -m found }}"
    return lines


def _backend(balancing: Balancing, tokens: str, servers: Iterable[Server]) -> list[str]:
    return [
        f"backend {BACKEND}",
        *_chosen(balancing),
        "http-reuse safe",
        "# Another replica is asked where one cannot be reached, and, if asking twice does no",
        "# harm, where one closes the connection without a word. None is asked instead of one that",
        "# takes its time: what is slow for one would become slow for all.",
        "retries 3",
        "option redispatch 1",
        "retry-on conn-failure empty-response",
        "http-request disable-l7-retry unless METH_GET || METH_OPTIONS",
        *_remembering(balancing, tokens),
        "option httpchk",
        *_check(balancing.check),
        *(f"server {s.name} {parameters(s, balancing, ramp=True)}" for s in servers),
    ]


def _check(path: str) -> list[str]:
    sent = "ver HTTP/1.1 hdr Host localhost hdr User-Agent surefoot"
    if path:
        return [f"http-check send meth GET uri {path} {sent}", "http-check expect status 200"]
    return [f"http-check send meth OPTIONS uri / {sent}", "http-check expect status 100-599"]


def _chosen(balancing: Balancing) -> list[str]:
    # Only the consistent kind of hash works with servers that come and go.
    consistent = "hash-type consistent sdbm avalanche"
    match balancing.algorithm:
        case "least-connections":
            return ["balance leastconn"]
        case "source":
            return ["balance hash src", consistent]
        case "header":
            return [f"balance hash req.hdr({balancing.name})", consistent]
        case "cookie":
            return [f"balance hash req.cook({balancing.name})", consistent]
        case _:
            return ["balance roundrobin"]


def _remembering(balancing: Balancing, tokens: str) -> list[str]:
    """Stickiness that servers added at run time have too, which HAProxy's own cookies lack."""
    if balancing.algorithm != "sticky":
        return []
    cookie = balancing.name or _COOKIE
    key = _key(Path(tokens)).decode()
    made = f"%[str({key}),concat(,txn.server),sha2(256),hex,bytes(0,16)]"
    attributes = "\\ Path=/;\\ HttpOnly;\\ SameSite=Lax"
    return [
        f"http-request set-var(txn.known) req.cook({cookie}),map_str({tokens})",
        "use-server %[var(txn.known)] if { var(txn.known) -m found }",
        "http-response set-var(txn.server) srv_name",
        "acl kept var(txn.known),strcmp(txn.server) eq 0",
        f"http-response add-header Set-Cookie {cookie}={made};{attributes} unless kept",
        "# Or a cache would give one user's replica to others.",
        "http-response add-header Cache-Control private unless kept",
    ]
