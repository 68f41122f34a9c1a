"""Asks a running application, one request at a time, within bounds, logged in where wanted."""

from __future__ import annotations

import contextlib
import http.client
import random
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from surefoot.errors import RefusedError
from surefoot.toolbox.load.address import Address
from surefoot.toolbox.load.answer import Answer, captured
from surefoot.toolbox.load.template import Missing
from surefoot.toolbox.load.users import DataSource, User
from surefoot.toolbox.load.workload import Request, Workload

__all__ = ["Asker", "Got"]

_TIMEOUT: Final = 10.0
_LARGEST: Final = 1 << 20
_ACCEPT: Final = "text/html,application/json;q=0.9,*/*;q=0.5"


@dataclass(frozen=True, slots=True)
class Got:
    """An answer; without one the status is 0."""

    status: int = 0
    kind: str = ""
    text: str = ""
    location: str = ""

    @property
    def reason(self) -> str:
        """Why it is no page, in a few words."""
        if 300 <= self.status < 400:
            return f"answered {self.status}, a redirect"
        return f"answered {self.status}" if self.status else "did not answer"


@dataclass(slots=True)
class Asker:
    """One visitor of the application.

    Args:
        address: Where it listens.
        say: Is told each address that is asked for.
    """

    address: Address
    say: Callable[[str], None]
    user: User = field(default_factory=User)

    def get(self, path: str) -> Got:
        """What a GET of a path, with its query, is answered."""
        self.say(f"looking at {path}")
        answer, status = self._sent("GET", path, {"Accept": _ACCEPT}, b"")
        return Got(
            status,
            (answer.header("content-type") or "").lower(),
            answer.text(),
            answer.header("location") or "",
        )

    def log_in(self, workload: Workload) -> None:
        """Do what a workload's users do before anything is measured, as the first of them.

        Raises:
            RefusedError: A request was answered otherwise than the workload expects.
        """
        draw = random.Random(1)  # noqa: S311 - as the generator draws
        source = DataSource(workload, draw)
        self.user.values |= source.of_user(0, workload.login)
        for request in (step for flow in workload.login for step in flow.steps):
            self.say(f"logging in: {request.name}")
            why = self._done(request, draw)
            if why:
                raise RefusedError(
                    f"{workload.source}: {request.name}: {why}",
                    do="check the log-in, the names and the passwords in it",
                )

    def _done(self, request: Request, draw: random.Random) -> str:
        values = self.user.values
        try:
            answer, status = self._sent(request.method, *_rendered(request, values, draw))
        except Missing as missing:
            return f"there is no value for {missing}"
        if status not in (request.expect or {200, 201, 204, 304}):
            return f"answered {status}" if status else "did not answer"
        for capture in request.captures:
            value = captured(capture, answer, self.user.jar)
            if value is None:
                return f"nothing to capture for {capture.name}"
            values[capture.name] = value
        return ""

    def _sent(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[Answer, int]:
        got, status = Answer(lambda: None, bodiless=False), 0
        headers = {"Host": self.address.header, **headers}
        if cookies := self.user.jar.header(path):
            headers["Cookie"] = cookies
        connection = _Connection(self.address)
        with contextlib.closing(connection):
            try:
                connection.request(method, path, body or None, headers)
                response = connection.getresponse()
                got.headers = [(name.lower(), value) for name, value in response.getheaders()]
                got.on_body(response.read(_LARGEST))
                status = response.status
            except (OSError, http.client.HTTPException, ValueError):
                return Answer(lambda: None, bodiless=True), 0
        for cookie in got.cookies():
            self.user.jar.update(cookie)
        return got, status


def _rendered(
    request: Request, values: Mapping[str, str], draw: random.Random
) -> tuple[str, dict[str, str], bytes]:
    """Path, headers and body.

    Raises:
        Missing: A value is not known.
    """
    headers = {name: value.render(values, draw) for name, value in request.headers}
    if request.body is None:
        return request.path.render(values, draw), headers, b""
    if request.body.content_type:
        headers.setdefault("Content-Type", request.body.content_type)
    body = request.body.text.render(values, draw).encode()
    return request.path.render(values, draw), headers, body


class _Connection(http.client.HTTPConnection):
    def __init__(self, address: Address) -> None:
        super().__init__(address.host or "localhost", address.port or None, timeout=_TIMEOUT)
        self._unix = "" if address.port else address.host

    def connect(self) -> None:
        if not self._unix:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._unix)
