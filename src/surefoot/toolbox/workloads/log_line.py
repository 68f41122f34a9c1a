"""One line of an access log: common, combined or JSON, from nginx, Apache and others.

``parse_line`` takes any text. It returns what the line says, or nothing where it is no such line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final
from urllib.parse import quote, urlsplit

from surefoot.toolbox.workloads.seen import Seen

__all__ = ["clean_target", "parse_line"]

_LONGEST: Final = 32_768
# [host] client identity user [time] "request" status bytes "referrer" "agent" whatever
_LINE: Final = re.compile(
    r"(?P<head>[^\[]{0,500})\[(?P<time>[^\]]{1,60})\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?:\d+|-)'
    r'(?: "(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)")?'
)
_CLOCK: Final = re.compile(
    r"(\d{1,2})/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?: ([+-])(\d\d)(\d\d))?"
)
# Not strptime: its names of months are those of the locale.
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_METHOD: Final = re.compile(r"[A-Z]{3,20}")
_ESCAPED: Final = re.compile(r"\\x([0-9A-Fa-f]{2})|\\(.)")
_KEPT: Final = "!#$%&'()*+,/:;=?@[]~{}|^`<>\\\"-_."
_KEYS: Final = {
    "request": ("request", "request_line", "requestline"),
    "method": ("method", "request_method", "requestmethod", "http_method", "verb"),
    "target": (
        "uri", "request_uri", "requesturi", "requesturl", "requestpath", "url", "path", "target",
        "original",
    ),
    "query": ("query", "query_string", "args", "request_args"),
    "status": (
        "status", "status_code", "statuscode", "response_status", "downstreamstatus", "code",
    ),
    "time": (
        "time_iso8601", "@timestamp", "timestamp", "time_local", "time", "ts", "msec", "datetime",
        "startutc", "start_time", "date",
    ),
    "client": (
        "remote_addr", "client_ip", "clientip", "remote_ip", "remoteip", "clienthost", "client",
        "ip", "address",
    ),
    "user": ("remote_user", "clientusername", "user"),
    "agent": ("http_user_agent", "user_agent", "useragent", "request_user-agent", "agent"),
    "host": ("host", "http_host", "vhost", "server_name", "requesthost", "domain"),
}  # fmt: skip


def parse_line(line: str) -> Seen | None:
    """What a line says; ``None`` where it is no line of an access log."""
    text = line.strip()
    if len(text) > _LONGEST:
        return None
    return _json_line(text) if text.startswith("{") else _common_line(text)


def _common_line(text: str) -> Seen | None:
    match = _LINE.match(text)
    at = _clock(match["time"]) if match else None
    if match is None or at is None:
        return None
    words = match["head"].split()
    # Apache's vhost_combined puts the host's name first.
    host = words.pop(0) if len(words) > 3 else ""
    client = words[0] if words else ""
    user = words[2] if len(words) > 2 and words[2] != "-" else ""
    agent = match["agent"] or ""
    request = _unescaped(match["request"])
    return _seen(request, "", match["status"], at, client, agent, user, host)


def _json_line(text: str) -> Seen | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    flat: dict[str, Any] = {}
    _flatten(document, flat, 0)
    told = {
        what: next((flat[key] for key in keys if flat.get(key) not in (None, "", "-")), "")
        for what, keys in _KEYS.items()
    }
    at = _moment(told["time"])
    request = str(told["request"])
    if told["target"] and told["method"]:
        request = f"{told['method']} {told['target']} HTTP/1.1"
    if at is None:
        return None
    return _seen(
        request,
        str(told["query"]),
        str(told["status"]),
        at,
        *(str(told[what]) for what in ("client", "agent", "user", "host")),
    )


def _flatten(value: Any, flat: dict[str, Any], depth: int) -> None:
    """Every plain value under the last word of its key; what stands further out wins."""
    if not isinstance(value, Mapping) or depth > 4:
        return
    for key, each in value.items():
        if isinstance(each, str | int | float) and not isinstance(each, bool):
            flat.setdefault(key.lower().rpartition(".")[2], each)
    for each in value.values():
        _flatten(each, flat, depth + 1)


def _seen(
    request: str, query: str, status: str, at: float, client: str, agent: str, user: str, host: str
) -> Seen | None:
    method, _, rest = request.partition(" ")
    target = rest.rpartition(" HTTP/")[0] or rest
    if not _METHOD.fullmatch(method) or not re.fullmatch(r"[1-5]\d\d", status):
        return None
    address, cleaned = clean_target(target)
    if not cleaned:
        return None
    if query and "?" not in cleaned:
        cleaned = clean_target(f"{cleaned}?{query}")[1]
    return Seen(
        method=method,
        target=cleaned,
        status=int(status),
        at=at,
        host=(address or host).lower().removesuffix(":80").removesuffix(":443"),
        visitor=f"{client} {agent}" if client else "",
        user=user,
    )


def clean_target(text: str) -> tuple[str, str]:
    """Host and target, encoded as a request needs them; the target is empty where it is none."""
    host = ""
    if not text.startswith("/"):
        try:
            parts = urlsplit(text)
        except ValueError:
            return "", ""
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            return "", ""
        host = parts.netloc.rpartition("@")[2]
        text = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return host, quote(text.partition("#")[0], safe=_KEPT, errors="replace")


def _unescaped(text: str) -> str:
    """A request without the escapes that nginx and Apache write."""
    if "\\" not in text:
        return text

    def plain(match: re.Match[str]) -> str:
        return f"%{match[1].upper()}" if match[1] else match[2]

    return _ESCAPED.sub(plain, text)


def _clock(text: str) -> float | None:
    """Seconds since 1970 of ``10/Oct/2000:13:55:36 -0700`` and of ISO 8601."""
    match = _CLOCK.fullmatch(text)
    if match is None:
        return _iso(text)
    day, month, year, hour, minute, second, sign, hours, minutes = match.groups()
    try:
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        zone = timezone(-offset if sign == "-" else offset)
        moment = datetime(
            int(year),
            _MONTHS.index(month) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=zone,
        )
    except ValueError:
        return None
    return moment.timestamp()


def _moment(value: Any) -> float | None:
    """The same of whatever JSON logs write: text, seconds, or smaller units since 1970."""
    if isinstance(value, str) and not re.fullmatch(r"\d{1,20}(\.\d{1,9})?", value):
        return _clock(value)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not 0 < number < 1e20:
        return None
    while number > 1e11:  # milliseconds, microseconds, nanoseconds
        number /= 1000
    return number


def _iso(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
