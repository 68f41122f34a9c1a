"""Which fields of a request are in the key, which are watched, and which say nothing of the answer.

Three sorts, told apart by name:

- **Watched**: what every browser and proxy sends, in many values, and few answers depend on
  (``Accept-Language``, ``User-Agent``, ``X-Forwarded-For``, cookies). They are not in the key; an
  answer in whose making one of them was read is not kept, unless its ``Vary`` names it.
- **Silent**: fields of the connection, and traces of the request's way. Not in the key, and reading
  them does not count.
- **Everything else is in the key**, above all what proxies say of the host and what applications
  invent for themselves: an answer to a request with ``X-Tenant: a`` is found by no other.
"""

from __future__ import annotations

import functools
import re
from typing import Final

__all__ = [
    "COOKIE",
    "keyed",
    "silent",
    "telling",
    "telling_cookie",
    "unvaried",
    "watched",
]

COOKIE: Final = "cookie"

_SILENT: Final = frozenset(
    {
        "baggage", "connection", "content-length", "content-type", "expect", "keep-alive",
        "proxy-connection", "sentry-trace", "te", "traceparent", "tracestate", "trailer",
        "x-amzn-trace-id", "x-b3-parentspanid", "x-b3-sampled", "x-b3-spanid", "x-b3-traceid",
        "x-cloud-trace-context", "x-request-start",
        # Answered by the cache itself: while an answer is made to be kept they are taken out.
        "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since",
    }
)  # fmt: skip
_WATCHED: Final = frozenset(
    {
        COOKIE, "accept", "accept-charset", "accept-encoding", "accept-language", "cache-control",
        "cdn-loop", "client-ip", "dnt", "forwarded", "from", "pragma", "priority", "purpose",
        "referer", "save-data", "true-client-ip", "upgrade-insecure-requests", "user-agent", "via",
        "x-client-ip", "x-cluster-client-ip", "x-correlation-id", "x-forwarded", "x-forwarded-for",
        "x-purpose", "x-real-ip", "x-request-id",
    }
)  # fmt: skip
_WATCHED_FAMILIES: Final = ("cf-", "fastly-", "fly-", "sec-", "x-azure-", "x-envoy-", "x-vercel-")
_IDENTIFYING: Final = frozenset({"authorization", "proxy-authorization"})
# Proxies that log users in, and applications of their own invention, name such fields like this.
_TELLING: Final = re.compile(
    r"auth|token|api-?key|user|session|jwt|oidc|identity|secret|csrf|xsrf|client-?cert|email"
    r"|assertion|signature|dpop"
)
_TELLING_COOKIE: Final = re.compile(
    r"sess|auth|token|jwt|csrf|xsrf|login|logged|remember|user|account|identity|member|(?:^|[._-])sid(?:$|[._-])"
)
_ALL_SEND: Final = frozenset({"user-agent", "sec-fetch-user"})
# Nearly every client has its own value: kept answers would never be found again, or are personal.
_UNVARIED: Final = frozenset(
    {
        "*", COOKIE, "authorization", "proxy-authorization", "forwarded", "referer", "user-agent",
        "x-forwarded-for", "x-real-ip", "x-request-id", "true-client-ip",
    }
)  # fmt: skip


def silent(name: str) -> bool:
    """Whether reading this field of a request does not count."""
    return name in _SILENT


@functools.lru_cache(maxsize=1024)
def watched(name: str) -> bool:
    """Whether the reading of this field has to be known."""
    return name in _WATCHED or name.startswith(_WATCHED_FAMILIES)


@functools.lru_cache(maxsize=1024)
def keyed(name: str) -> bool:
    """Whether this field is in the key as it is."""
    return name not in _SILENT and not watched(name)


@functools.lru_cache(maxsize=1024)
def telling(name: str) -> bool:
    """Whether a field of this name says who asks."""
    return name in _IDENTIFYING or (name not in _ALL_SEND and bool(_TELLING.search(name)))


@functools.lru_cache(maxsize=1024)
def telling_cookie(name: str) -> bool:
    """Whether a cookie of this name says who asks, whoever set it."""
    return bool(_TELLING_COOKIE.search(name.lower()))


def unvaried(name: str) -> bool:
    """Whether an answer that varies by this field is not worth keeping, or not safe to keep."""
    return name in _UNVARIED
