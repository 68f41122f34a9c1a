"""An answer that is read whole: its headers, its body, and what is captured from them."""

from __future__ import annotations

import html
import json
import re
import zlib
from collections.abc import Callable
from typing import Any

from surefoot.toolbox.load.cookies import CookieJar
from surefoot.toolbox.load.workload import Capture

__all__ = ["Answer", "captured"]


class Answer:
    """Callbacks of the parser that keep what they are told.

    Args:
        complete: Called when the answer is complete.
        bodiless: Whether the answer ends with its headers, as to HEAD.
    """

    __slots__ = ("_bodiless", "_complete", "body", "headers")

    def __init__(self, complete: Callable[[], None], *, bodiless: bool) -> None:
        self._complete = complete
        self._bodiless = bodiless
        self.headers: list[tuple[str, str]] = []
        self.body = bytearray()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header line."""
        self.headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        self.body += data

    def on_headers_complete(self) -> None:
        """The headers are over, and for HEAD the answer."""
        if self._bodiless:
            self._complete()

    def on_message_complete(self) -> None:
        """The answer is over."""
        if not self._bodiless:
            self._complete()

    def header(self, name: str) -> str | None:
        """The first header of this name."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key == wanted), None)

    def cookies(self) -> list[str]:
        """Every ``Set-Cookie``."""
        return [value for key, value in self.headers if key == "set-cookie"]

    def text(self) -> str:
        """The body as text, unpacked if it was compressed."""
        data, packed = self.unpacked()
        return "" if packed else data.decode("utf-8", "replace")

    def unpacked(self) -> tuple[bytes, bool]:
        """The body, unpacked if it was compressed, and whether that could not be done."""
        data = bytes(self.body)
        for coding in reversed((self.header("content-encoding") or "").lower().split(",")):
            if not data or coding.strip() in {"", "identity"}:
                continue
            try:
                data = _unpacked(coding.strip(), data)
            except (zlib.error, EOFError):
                return bytes(self.body), True
        return data, False


def _unpacked(coding: str, data: bytes) -> bytes:
    if coding not in {"gzip", "x-gzip", "deflate"}:
        raise EOFError
    # "deflate" is zlib's format by the standard, and bare deflate from some servers.
    bare = coding == "deflate" and data[0] & 0x0F != 8
    return zlib.decompress(data, wbits=-15 if bare else 47)


def captured(capture: Capture, answer: Answer, jar: CookieJar) -> str | None:
    """What ``capture`` finds in ``answer``; ``None`` for nothing."""
    if capture.source == "body":
        found = re.search(capture.what, answer.text())
        if found is None:
            return None
        is_html = "html" in (answer.header("content-type") or "")
        return html.unescape(found[1] or "") if is_html else found[1]
    if capture.source == "json":
        return _pointed(answer.text(), capture.what)
    find = answer.header if capture.source == "header" else jar.get
    value = find(capture.what)
    if value is None or not capture.match:
        return value
    found = re.search(capture.match, value)
    return found[1] if found else None


def _pointed(text: str, pointer: str) -> str | None:
    """What a JSON pointer (RFC 6901) points at."""
    try:
        value: Any = json.loads(text)
        for token in pointer.split("/")[1:]:
            key = token.replace("~1", "/").replace("~0", "~")
            value = value[int(key)] if isinstance(value, list) else value[key]
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    if isinstance(value, str):
        return value
    return None if value is None else json.dumps(value)
