"""What is answered to who asks how this process is, whichever way the request came."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from surefoot.core.health import Outcome, State, readiness
from surefoot.health.board import Board
from surefoot.health.draining import draining

__all__ = ["Answer", "Asked", "Health"]

_LIVE, _READY, _STARTUP = _NAMES = ("livez", "readyz", "startupz")
_UNIX: Final = frozenset({"", "localhost", "unix:", "0.0.0.0"})  # noqa: S104 - nothing listens
"""What servers put in the place of an address for peers on a Unix socket."""


# Tuples: each dataclass is a millisecond of every worker's start.
class Asked(NamedTuple):
    """A request for one of the paths."""

    path: str
    method: str
    peer: str
    """The address that the request came from; empty for a Unix socket."""
    header: Callable[[str], str]
    """By its name in small letters; empty where it was not sent, several joined by commas."""


class Answer(NamedTuple):
    """What is sent back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Health:
    """Answers the paths of one process.

    Args:
        prefix: What they begin with, ``"/"``.
        board: The checks.
        token_env: The environment variable with the token that shows the details.
    """

    def __init__(self, prefix: str, board: Board, token_env: str = "") -> None:
        self._names = {prefix + name: name for name in _NAMES}
        self.paths: Final = frozenset(self._names)
        self._board = board
        self._started = False
        # Once: who can change the environment of a process needs no token.
        self._token = os.fsencode(os.environ.get(token_env, "")) if token_env else b""
        if token_env and not self._token:
            sys.stderr.write(
                f"surefoot: [health] token_env names {token_env}, which is not set: "
                "no token shows the details\n"
            )

    def answer(self, asked: Asked) -> Answer:
        """What to send; waits for checks."""
        early = self._early(asked)
        return early or self._late(asked, self._board.look())

    async def answer_async(self, asked: Asked) -> Answer:
        """The same in an event loop."""
        early = self._early(asked)
        return early or self._late(asked, await self._board.look_async())

    def _early(self, asked: Asked) -> Answer | None:
        """What needs no check."""
        if asked.method not in {"GET", "HEAD"}:
            return _sent(asked, 405, "method not allowed\n", (("Allow", "GET, HEAD"),))
        name = self._names[asked.path]
        if name == _LIVE or (name == _STARTUP and self._started):
            return self._told(asked, State.OK, ())
        if name == _READY and draining():
            return self._told(asked, State.DRAINING, ())
        return None

    def _late(self, asked: Asked, outcomes: tuple[Outcome, ...]) -> Answer:
        state = readiness(outcomes)
        self._started = self._started or state is not State.FAILED
        if self._names[asked.path] == _STARTUP:
            state = State.OK if self._started else State.STARTING
        elif draining():
            # It may have begun while the checks ran.
            state = State.DRAINING
        return self._told(asked, state, outcomes)

    def _told(self, asked: Asked, state: State, outcomes: tuple[Outcome, ...]) -> Answer:
        shown = outcomes if outcomes and self._may_see(asked) else ()
        if "application/json" in asked.header("accept"):
            return _sent(asked, state.status, _json(state, shown), kind="application/json")
        return _sent(asked, state.status, _text(state, shown))

    def _may_see(self, asked: Asked) -> bool:
        return _is_local(asked) or self._has_token(asked.header("authorization"))

    def _has_token(self, said: str) -> bool:
        scheme, _, token = said.partition(" ")
        if not self._token or scheme.lower() != "bearer":
            return False
        import hmac  # noqa: PLC0415 - seldom, and a millisecond of every start

        # Servers hand on the bytes of a header as Latin-1.
        return hmac.compare_digest(token.strip().encode("latin-1", "replace"), self._token)


def _is_local(asked: Asked) -> bool:
    """Whether the request comes from this host, by the peer and by the balancer in front.

    A balancer appends the address it was asked from; what stands before that may be anybody's
    claim. One that says it in another header than the one that is read is believed nothing.
    """
    if not _is_loopback(asked.peer):
        return False
    if asked.header("forwarded") or asked.header("x-real-ip"):
        return False
    passed_on = asked.header("x-forwarded-for")
    return not passed_on or _is_loopback(passed_on.rpartition(",")[2].strip(), unix=False)


def _is_loopback(address: str, *, unix: bool = True) -> bool:
    if address in _UNIX:
        return unix
    import ipaddress  # noqa: PLC0415 - as above

    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def _text(state: State, outcomes: Iterable[Outcome]) -> str:
    lines = [state.value]
    for each in outcomes:
        how = "failed" if each.error else "ok"
        weight = "hard" if each.hard else "soft"
        lines.append(f"{each.name}: {how} ({weight}, {each.seconds:.3f} s) {each.error}".rstrip())
    return "\n".join(lines) + "\n"


def _json(state: State, outcomes: Iterable[Outcome]) -> str:
    import json  # noqa: PLC0415 - as above

    found: dict[str, object] = {"status": state.value}
    checks = [
        {
            "name": each.name,
            "status": "failed" if each.error else "ok",
            "hard": each.hard,
            "seconds": round(each.seconds, 6),
            "error": each.error,
        }
        for each in outcomes
    ]
    if checks:
        found["checks"] = checks
    return json.dumps(found) + "\n"


def _sent(
    asked: Asked,
    status: int,
    text: str,
    more: tuple[tuple[str, str], ...] = (),
    kind: str = "text/plain; charset=utf-8",
) -> Answer:
    body = text.encode()
    headers = (
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        *more,
    )
    return Answer(status, headers, b"" if asked.method == "HEAD" else body)
