"""What a Redis URL says, as redis-py's connections want it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from surefoot.errors import ConfigError
from surefoot.units import parse_duration

__all__ = ["RedisOptions", "redis_options"]

_DEFAULT_TIMEOUT: Final = 0.04
_TLS: Final = frozenset(
    {"ssl_ca_certs", "ssl_certfile", "ssl_cert_reqs", "ssl_check_hostname", "ssl_keyfile"}
)  # fmt: skip
_KNOWN: Final = frozenset({"db", "timeout", "connect_timeout", "protocol"})


@dataclass(frozen=True, slots=True)
class RedisOptions:
    """Where a Redis is and how it is spoken to."""

    address: str
    """For people: without name and password."""
    timeout: float
    """Seconds for one answer."""
    connect_timeout: float
    """Seconds for a connection to be made."""
    scheme: str
    arguments: dict[str, Any] = field(repr=False)
    """Of redis-py's connection classes."""

    def quiet(self, connection: type) -> dict[str, None]:
        """What keeps a class of connection from introducing itself, in redis-py 5 to 8.

        CLIENT SETINFO would be two more answers to wait for within the first call's time.
        """
        known = set().union(*(_parameters(part) for part in connection.__mro__))
        new = {"driver_info"} & known
        return dict.fromkeys(new or {"lib_name", "lib_version"} & known)


def _parameters(kind: type) -> set[str]:
    made = vars(kind).get("__init__")
    return set(inspect.signature(made).parameters) if inspect.isfunction(made) else set()


def redis_options(url: str) -> RedisOptions:
    """Read ``redis://``, ``rediss://`` or ``unix://``.

    Options after the question mark: ``timeout``, ``connect_timeout`` (durations, 40 ms each),
    ``protocol`` (2 or 3), ``db``; with ``rediss`` redis-py's ``ssl_ca_certs``,
    ``ssl_certfile``, ``ssl_keyfile``, ``ssl_cert_reqs``, ``ssl_check_hostname``.

    Raises:
        ConfigError: It is no such URL. Its text, which may hold a password, is not repeated.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 6379
    except ValueError as error:
        raise ConfigError("the Redis URL has no valid port") from error
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    secure = parts.scheme == "rediss"
    for name in options:
        if name not in _KNOWN and not (secure and name in _TLS):
            raise ConfigError(
                f"a Redis URL has no option {name!r}",
                do=f"use one of {', '.join(sorted(_KNOWN | _TLS if secure else _KNOWN))}",
            )
    arguments: dict[str, Any] = {
        "db": _database(parts.path if parts.scheme != "unix" else "", options),
        "protocol": _protocol(options.get("protocol", "2")),
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
    }
    if parts.scheme == "unix":
        path = unquote(parts.path)
        if not path:
            raise ConfigError("a unix:// URL names the path of a socket")
        arguments["path"] = path
        address = f"unix://{path}"
    else:
        host = parts.hostname or "127.0.0.1"
        arguments |= {"host": host, "port": port} | _tls(options)
        address = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
    timeout = _duration("timeout", options)
    return RedisOptions(
        address, timeout, _duration("connect_timeout", options), parts.scheme, arguments
    )


def _tls(options: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: text for name, text in options.items() if name in _TLS}
    if "ssl_check_hostname" in found:
        found["ssl_check_hostname"] = found["ssl_check_hostname"].lower() in {"1", "true", "yes"}
    return found


def _database(path: str, options: dict[str, str]) -> int:
    text = options.get("db") or path.strip("/") or "0"
    if not text.isascii() or not text.isdigit():
        raise ConfigError("a Redis database is a whole number, as in redis://127.0.0.1:6379/0")
    return int(text)


def _protocol(text: str) -> int:
    if text not in {"2", "3"}:
        raise ConfigError(f"protocol={text}: Redis speaks 2 or 3")
    return int(text)


def _duration(name: str, options: dict[str, str]) -> float:
    if name not in options:
        return _DEFAULT_TIMEOUT
    text = options[name]
    seconds = float(text) if text.replace(".", "", 1).isdigit() else parse_duration(text)
    if not seconds > 0:
        raise ConfigError(f"{name}={text}: it has to be above 0")
    return seconds
