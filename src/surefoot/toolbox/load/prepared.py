"""A request compiled to bytes as far as it is the same every time."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Final

from surefoot import __version__
from surefoot.toolbox.load.cookies import CookieJar
from surefoot.toolbox.load.template import Template
from surefoot.toolbox.load.workload import IDEMPOTENT, Request

__all__ = ["Payload", "Prepared"]

Payload = tuple[bytes, bytes]
"""The whole request and nothing; or, where the instant of sending is to be written in between, the
bytes up to the end of the last header and those from the blank line on."""

_DEFAULTS: Final = (("User-Agent", f"surefoot/{__version__}"), ("Accept", "*/*"))
_RIGHT: Final = frozenset(range(200, 300)) | {304}


class Prepared:
    """A request, ready to be rendered.

    Args:
        request: What the workload says.
        index: The number samples know it by.
        host: The ``Host`` header, unless the request has its own.
        stamp: Whether the instant of sending is written into it.
        whole: Whether its answers are read whole even if nothing is captured from them.
    """

    __slots__ = (
        "_body",
        "_cookie",
        "_head",
        "_stamp",
        "accepted",
        "bodiless",
        "captures",
        "fixed",
        "idempotent",
        "index",
        "name",
        "think",
        "whole",
    )

    def __init__(
        self, request: Request, index: int, host: str, *, stamp: bool = False, whole: bool = False
    ) -> None:
        self.name = request.name
        self.index = index
        self.captures = request.captures
        self.accepted = request.expect or _RIGHT
        self.think = request.think
        self.idempotent = request.method in IDEMPOTENT
        self.bodiless = request.method == "HEAD"
        # The parser cannot know that an answer to HEAD ends with its headers.
        self.whole = whole or self.bodiless
        self._head = _head(request, host)
        self._body = request.body.text if request.body is not None else None
        # Sent in one line with those of the jar: servers read only one, or join two wrongly.
        self._cookie = next((t for name, t in request.headers if name.lower() == "cookie"), None)
        self._stamp = stamp
        self.fixed: Payload | None = None
        if all(part is None or part.fixed for part in (self._head, self._body, self._cookie)):
            self.fixed = self.render({}, random.Random(0))  # noqa: S311  # nothing is drawn

    def render(
        self, values: Mapping[str, str], draw: random.Random, jar: CookieJar | None = None
    ) -> Payload:
        """What to send this time.

        Raises:
            Missing: A value is not known yet.
        """
        if self.fixed is not None and not jar:
            return self.fixed
        head = self._head.render(values, draw)
        cookies = [] if self._cookie is None else [self._cookie.render(values, draw)]
        if jar:
            cookies.append(jar.header(head.split(" ", 2)[1]))
        if any(cookies):
            head += f"Cookie: {'; '.join(filter(None, cookies))}\r\n"
        body = b""
        if self._body is not None:
            body = self._body.render(values, draw).encode()
            head += f"Content-Length: {len(body)}\r\n"
        if self._stamp:
            return head.encode(), b"\r\n" + body
        return f"{head}\r\n".encode() + body, b""


def _head(request: Request, host: str) -> Template:
    given = {name.lower() for name, _ in request.headers}
    defaults = [("Host", host), *_DEFAULTS]
    if request.body is not None and request.body.content_type:
        defaults.append(("Content-Type", request.body.content_type))
    head = Template((f"{request.method} ",)) + request.path + " HTTP/1.1\r\n"
    for name, value in defaults:
        if name.lower() not in given:
            head += f"{name}: {value}\r\n"
    for name, template in request.headers:
        if name.lower() != "cookie":
            head = head + f"{name}: " + template + "\r\n"
    return head
