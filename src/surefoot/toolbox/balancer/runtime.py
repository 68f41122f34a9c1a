"""HAProxy's runtime socket: one command, one answer, and what the answers mean."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from enum import Enum
from pathlib import Path
from typing import Final

from surefoot.errors import BalancerError
from surefoot.toolbox.balancer.configuration import BACKEND
from surefoot.toolbox.balancer.values import ServerStatus, State, Status

__all__ = ["STATUS", "Ask", "Reason", "RefusedError", "Runtime", "parse_info", "parse_status"]

STATUS: Final = f"show stat {BACKEND} 6 -1"
"""The command for ``parse_status``: the backend and its servers."""

_SECONDS: Final = 5.0
_PROMPT: Final = b"\n> "
_DONE: Final = frozenset({"", "New server registered.", "Server deleted."})

Ask = Callable[[str], Coroutine[None, None, str]]
"""Takes a command, gives the answer."""


class Reason(Enum):
    """Why a command was refused."""

    UNKNOWN = "there is no such server or key"
    EXISTS = "there is one already"
    BUSY = "requests or connections are left"
    OTHER = "something else"


_BEGINNINGS: Final[Mapping[str, Reason]] = {
    "No such ": Reason.UNKNOWN,
    "Key not found": Reason.UNKNOWN,
    "Already exists": Reason.EXISTS,
    "Server still has ": Reason.BUSY,
}
_STATES: Final[Mapping[str, State]] = {
    "UP": State.UP,
    "DOWN": State.DOWN,
    "DRAIN": State.DRAINING,
    "NOLB": State.DRAINING,
    "MAINT": State.MAINTENANCE,
}


class RefusedError(BalancerError):
    """HAProxy answered, and did not do it.

    Args:
        command: What it was told.
        answer: What it said.
    """

    def __init__(self, command: str, answer: str) -> None:
        said = answer.splitlines()[0] if answer else "nothing"
        super().__init__(f"HAProxy refused {command!r}: {said}")
        found = (kind for words, kind in _BEGINNINGS.items() if answer.startswith(words))
        self.reason = next(found, Reason.OTHER)


class Runtime:
    """One process's runtime socket.

    Args:
        path: Of the socket.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    async def ask(self, command: str) -> str:
        """The whole answer to one command.

        Raises:
            BalancerError: Nobody is there, or it does not answer within 5 s.
        """
        try:
            async with asyncio.timeout(_SECONDS):
                reader, writer = await asyncio.open_unix_connection(str(self.path))
                try:
                    writer.write(command.encode("ascii") + b"\n")
                    return (await reader.read(-1)).decode(errors="replace").strip()
                finally:
                    writer.close()
        except (OSError, TimeoutError) as error:
            raise _silent(error) from error

    async def tell(self, command: str) -> None:
        """Have it do something.

        Raises:
            RefusedError: It would not.
            BalancerError: Nobody is there, or it does not answer within 5 s.
        """
        answer = await self.ask(command)
        if answer not in _DONE:
            raise RefusedError(command, answer)

    async def status(self) -> Status:
        """What it thinks of its servers.

        Raises:
            BalancerError: Nobody is there, or it does not answer within 5 s.
        """
        return parse_status(await self.ask(STATUS))

    async def pid(self) -> int:
        """The process behind the socket.

        Raises:
            BalancerError: Nobody is there, or it does not answer within 5 s.
        """
        return int(parse_info(await self.ask("show info")).get("Pid", "0"))

    @asynccontextmanager
    async def conversation(self) -> AsyncIterator[Ask]:
        """A connection that stays: it is the only way to ask a process that is about to end.

        Raises:
            BalancerError: Nobody is there.
        """
        try:
            async with asyncio.timeout(_SECONDS):
                reader, writer = await asyncio.open_unix_connection(str(self.path))
        except (OSError, TimeoutError) as error:
            raise _silent(error) from error

        async def ask(command: str) -> str:
            try:
                async with asyncio.timeout(_SECONDS):
                    writer.write(command.encode("ascii") + b"\n")
                    answer = await reader.readuntil(_PROMPT)
            except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                raise _silent(error) from error
            return answer.decode(errors="replace").removesuffix("> ").strip()

        try:
            await ask("prompt")
            yield ask
        finally:
            writer.close()


def parse_info(text: str) -> dict[str, str]:
    """The answer to ``show info``."""
    pairs = (line.partition(": ") for line in text.splitlines())
    return {name: value for name, _, value in pairs if name}


def parse_status(text: str) -> Status:
    """The answer to ``STATUS``.

    Raises:
        BalancerError: It is something else.
    """
    try:
        rows = list(csv.DictReader(text.removeprefix("# ").splitlines()))
        servers = tuple(_server(row) for row in rows if row["svname"] != "BACKEND")
        whole = next(row for row in rows if row["svname"] == "BACKEND")
        return Status(servers, _number(whole["scur"]), _number(whole["qcur"]))
    except (LookupError, ValueError, TypeError, AttributeError, csv.Error, StopIteration) as error:
        raise BalancerError(
            "HAProxy's statistics cannot be understood",
            do="haproxy -v says which version it is; Surefoot knows 2.6 and later",
        ) from error


def _server(row: Mapping[str, str]) -> ServerStatus:
    check, detail = row["check_status"].removeprefix("* "), row["last_chk"]
    # A try that is repeated elsewhere is redispatched; one that got a connection is retried, too.
    retries = max(_number(row["wretr"]), _number(row["wredis"]))
    failures = _number(row["econ"]) + _number(row["eresp"])
    return ServerStatus(
        name=row["svname"],
        state=_state(row["status"]),
        weight=_number(row["weight"]),
        ramp=_number(row["throttle"], 100),
        sessions=_number(row["scur"]),
        queued=_number(row["qcur"]),
        requests=_number(row["req_tot"]) + retries + failures,
        server_errors=_number(row["hrsp_5xx"]),
        retries=retries,
        failures=failures,
        queue_seconds=_number(row["qtime"]) / 1000,
        response_seconds=_number(row["rtime"]) / 1000,
        check=f"{check}: {detail}" if detail else check,
    )


def _state(told: str) -> State:
    """Of ``"UP"``, ``"DOWN 1/2"`` or ``"MAINT (via app/r1)"``."""
    word, _, rest = told.partition(" ")
    state = _STATES[word]
    if rest[:1].isdigit():
        # So many checks of those that it takes to change its state.
        return {State.UP: State.GOING_DOWN, State.DOWN: State.GOING_UP}.get(state, state)
    return state


def _number(text: str, otherwise: int = 0) -> int:
    return int(text) if text else otherwise


def _silent(error: Exception) -> BalancerError:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else "no answer"
    return BalancerError(f"HAProxy cannot be told anything: {reason}")
