"""A user's cookies, as far as a load on one site needs them (RFC 6265, without domains)."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Final

__all__ = ["CookieJar"]

_DELETED: Final = 1_000_000_000.0  # sites delete a cookie by a date long past, mostly of 1970


class CookieJar:
    """Name and value of each cookie by path; expiry counts only where it deletes.

    ``Secure`` is ignored: the load reaches the application behind its TLS.
    """

    __slots__ = ("_cookies", "_header")

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str], str] = {}
        self._header: str | None = ""

    def __bool__(self) -> bool:
        return bool(self._cookies)

    def update(self, set_cookie: str) -> None:
        """Take in one ``Set-Cookie`` header."""
        pair, *attributes = set_cookie.split(";")
        name, _, value = pair.partition("=")
        path, gone = "/", False
        for attribute in attributes:
            key, _, text = attribute.partition("=")
            key, text = key.strip().lower(), text.strip()
            if key == "path" and text.startswith("/"):
                path = text
            elif key in {"max-age", "expires"}:
                gone = gone or _deletes(key, text)
        self._header = None
        if gone:
            self._cookies.pop((name.strip(), path), None)
        else:
            self._cookies[name.strip(), path] = value.strip()

    def get(self, name: str) -> str | None:
        """The value of the cookie of this name with the longest path."""
        found = [(path, value) for (key, path), value in self._cookies.items() if key == name]
        return max(found, key=lambda entry: len(entry[0]))[1] if found else None

    def header(self, path: str) -> str:
        """The ``Cookie`` header for a request to ``path``; empty for none."""
        if self._header is None:
            rooted = all(where == "/" for _, where in self._cookies)
            self._header = self._join("/") if rooted else None
        return self._join(path) if self._header is None else self._header

    def _join(self, path: str) -> str:
        return "; ".join(
            f"{name}={value}" for (name, where), value in self._cookies.items() if _in(path, where)
        )


def _in(path: str, where: str) -> bool:
    path = path.partition("?")[0]
    return where in {"/", path} or path.startswith(where.rstrip("/") + "/")


def _deletes(key: str, text: str) -> bool:
    if key == "max-age":
        return text.startswith("-") or text == "0"
    try:
        return parsedate_to_datetime(text).timestamp() < _DELETED
    except (ValueError, TypeError, OverflowError):
        return False
