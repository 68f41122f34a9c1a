"""Whether an answer may be kept, and for how long. What is not known to be allowed is refused."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from surefoot.core.http_cache import names
from surefoot.core.http_cache.asked import Asked, cookies
from surefoot.core.http_cache.dates import read_date
from surefoot.core.http_cache.fields import Fields, directives, first, listed, seconds
from surefoot.core.http_cache.observed import ALL, SESSION, Observed

__all__ = ["Answer", "Refused", "Stored", "Wanted", "may_store"]

_STATUSES: Final = frozenset({200, 301, 404})
_MOST_VARIED: Final = 6
_LONGEST_VARIED: Final = 256
# Of these one says that the answer is this client's, unfinished, or made by somebody else in front.
_TELLING: Final = (
    "set-cookie", "set-cookie2", "www-authenticate", "proxy-authenticate", "authentication-info",
    "clear-site-data", "content-range", "trailer", "transfer-encoding", "upgrade", "x-sendfile",
    "x-accel-redirect", "x-lighttpd-send-file", "refresh", "age",
)  # fmt: skip
_FORBIDDING: Final = ("private", "no-store", "no-cache", "must-understand")
_VALIDATED: Final = ("must-revalidate", "proxy-revalidate")
_STREAMS: Final = ("text/event-stream", "multipart/")
_TOKEN: Final = re.compile(
    rb"""csrf[-_]?(?:middleware)?[-_]?token|csrf[-_]param|xsrf[-_]token|authenticity_token"""
    rb"""|__requestverificationtoken|name=["']?_csrf\b"""
)
_TOKEN_PARTS: Final = (b"csrf", b"xsrf", b"authenticity_token", b"__requestverificationtoken")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the configuration says of a route."""

    template: str
    ttl: float
    """Seconds."""
    stale: float = 0.0
    """Seconds after that for which it may be served while, or although no, new one is made."""
    fields: frozenset[str] = frozenset()
    """Watched fields of requests that are in the key."""
    cookies: frozenset[str] = frozenset()
    """Cookies that are."""
    ignored: frozenset[str] = frozenset()
    """Fields that are not, and whose reading does not count."""
    encoded: bool = False
    """Whether what the client can unpack is in the key."""
    everybody: bool = False
    """Whether requests with a session are answered from it too."""
    space: str = ""
    """Told apart from what others keep in the same store."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the application answered, as far as it is known when that is decided."""

    status: int
    fields: Fields
    route: str
    """The template that the framework itself matched; empty where none did."""
    body: bytes = b""
    whole: bool = True
    """Whether the body is all there: neither cut short nor too long to be kept."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The answer may be kept."""

    ttl: float
    stale: float
    vary: tuple[str, ...] = ()
    """Fields of requests that the answer depends on beyond what is in the key, sorted."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It may not."""

    why: str


def may_store(
    asked: Asked,
    answer: Answer,
    observed: Observed,
    wanted: Wanted,
    sessions: AbstractSet[str],
    now: float = 0.0,
) -> Stored | Refused:
    """Decide.

    Args:
        asked: The request.
        answer: Its answer.
        observed: What was read while it was made, all of it.
        wanted: What the configuration says of the route.
        sessions: Names of cookies that stand for a session, as far as they are known by now.
        now: Seconds since 1970, for ``Expires``.
    """
    vary = tuple(sorted({name.lower() for name in listed(answer.fields, "vary")}))
    given = directives(answer.fields)
    why = (
        _unfit(asked, answer, wanted)
        or _forbidden(answer, given)
        or _read(asked, observed, wanted, {*vary, *wanted.fields}, sessions)
        or _varied(asked, vary, wanted)
        or _token(answer)
    )
    if why:
        return Refused(why)
    ttl, stale = _terms(answer.fields, given, wanted, now)
    if ttl < 0.001:
        return Refused("the application says that it is stale at once")
    inside = {*wanted.fields, *(("accept-encoding",) if wanted.encoded else ())}
    return Stored(ttl, stale, tuple(n for n in vary if n not in inside and not names.keyed(n)))


def _unfit(asked: Asked, answer: Answer, wanted: Wanted) -> str:
    if asked.method != "GET":
        return "only answers to GET hold all there is to keep"
    if answer.status not in _STATUSES:
        return f"its status is {answer.status}"
    if answer.route != wanted.template:
        return "the framework did not serve it by this route"
    if not answer.whole:
        return "it was cut short or is too long"
    length = first(answer.fields, "content-length")
    if length and length != str(len(answer.body)):
        return "its body is not as long as it says"
    return ""


def _forbidden(answer: Answer, given: Mapping[str, str]) -> str:
    present = {name for name, _ in answer.fields}
    telling = next((name for name in _TELLING if name in present), "")
    if telling:
        return f"it carries {telling}"
    word = next((word for word in _FORBIDDING if word in given), "")
    if word or ("cache-control" not in present and "pragma" in present):
        return f"it says {word or 'pragma'}"
    if first(answer.fields, "content-type").lower().startswith(_STREAMS):
        return "it is a stream of parts"
    if "'nonce-" in first(answer.fields, "content-security-policy").lower():
        return "its policy for scripts holds a nonce"
    return ""


def _varied(asked: Asked, vary: Collection[str], wanted: Wanted) -> str:
    for name in vary:
        if names.unvaried(name) and name not in wanted.fields:
            return f"it varies by {name}"
    if len(vary) > _MOST_VARIED:
        return "it varies by too many fields"
    if any(name in vary and len(value) > _LONGEST_VARIED for name, value in asked.fields):
        return "it varies by a field that is too long"
    return ""


def _read(
    asked: Asked,
    observed: Observed,
    wanted: Wanted,
    covered: AbstractSet[str],
    sessions: AbstractSet[str],
) -> str:
    if not observed.by:
        return "nobody observed what it was made from"
    if wanted.everybody and observed.unsure:
        return f"what {min(observed.unsure)} made of the session cannot be seen"
    if not wanted.everybody and any(name in sessions for name, _ in cookies(asked.fields)):
        return "the request carries a session"
    if observed.personal:
        return f"{min(observed.personal)} was read"
    if any(getattr(session, "accessed", True) for session in observed.sessions):
        return f"{SESSION} was read"
    return _fields_read(observed, wanted, covered, sessions)


def _fields_read(
    observed: Observed,
    wanted: Wanted,
    covered: AbstractSet[str],
    sessions: AbstractSet[str],
) -> str:
    # Where requests with a cookie that stands for a session are never answered from here, that it
    # was looked for, and not there, is as good as in the key.
    absent = frozenset() if wanted.everybody else sessions
    read = observed.cookies_beside({*wanted.cookies, *absent})
    if read:
        return "cookies were read" if ALL in read else f"the cookie {min(read)!r} was read"
    known = {*covered, *wanted.ignored, *(("accept-encoding",) if wanted.encoded else ())}
    beside = sorted(filter(names.watched, observed.fields - known))
    return f"{beside[0]} was read, and Vary does not name it" if beside else ""


def _token(answer: Answer) -> str:
    kind = first(answer.fields, "content-type").lower()
    if not kind.startswith(("text/html", "application/xhtml")):
        return ""
    # Most pages hold none of these: looking for them first takes 26 us of 11 kB instead of 80.
    lower = answer.body.lower()
    found = any(part in lower for part in _TOKEN_PARTS) and _TOKEN.search(lower)
    return "it holds a token against forged requests" if found else ""


def _terms(
    fields: Fields, given: Mapping[str, str], wanted: Wanted, now: float
) -> tuple[float, float]:
    """What the configuration says, shortened by what the application says."""
    ttl, stale = wanted.ttl, wanted.stale
    said = _lifetime(fields, given, now)
    if said is not None:
        ttl = min(ttl, said)
        allowed = (given.get("stale-while-revalidate"), given.get("stale-if-error"))
        # One bound for both: the shorter of what is said, and none where nothing is.
        stale = min(stale, *(seconds(each or "") for each in allowed if each is not None), 1e9)
        if allowed == (None, None):
            stale = 0.0
    if any(word in given for word in _VALIDATED):
        stale = 0.0
    return ttl, stale


def _lifetime(fields: Fields, given: Mapping[str, str], now: float) -> float | None:
    for word in ("s-maxage", "max-age"):
        if word in given:
            return seconds(given[word])
    if all(name != "expires" for name, _ in fields):
        return None
    until = read_date(first(fields, "expires"))
    return max(0.0, until - (read_date(first(fields, "date")) or now)) if until else 0.0
