"""Asks applications that a stack serves, and runs something for as long as one does."""

import asyncio
import contextlib
import http.client
import socket
from pathlib import Path

from surefoot.toolbox.stack import Stack

BOUND = 30.0


@contextlib.contextmanager
def reached(address):
    """A connection to an address, TCP or a Unix socket."""
    connection = http.client.HTTPConnection("localhost", timeout=BOUND)
    with contextlib.closing(connection):
        if address.startswith("unix:"):
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(BOUND)
            connection.sock.connect(address.removeprefix("unix:"))
        else:
            connection.host, port = address.rsplit(":", 1)
            connection.port = int(port)
        yield connection


def ask(address, path="/", **headers):
    """Status, headers and body of one answer."""
    with reached(address) as connection:
        connection.request("GET", path, headers={"Connection": "close", **headers})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


async def asked(address, path="/", **headers):
    return await asyncio.to_thread(ask, address, path, **headers)


async def text(address, path="/"):
    return (await asked(address, path))[2].decode()


async def until(condition, what):
    async with asyncio.timeout(BOUND):
        while not condition():  # noqa: ASYNC110 - conditions of other processes
            await asyncio.sleep(0.02)
    return what


def serving(found, directory, flags, act, **more):
    """Run ``act(stack)`` while the application of a directory is served."""
    application, settings = found(directory, flags)

    async def main():
        async with Stack(application, settings, **more) as stack:
            result = await act(stack)
        assert not stack.left_over()
        return result

    return asyncio.run(main())


def second_answer(address):
    """What a second request on one connection gets; ``None`` where it was closed."""
    with reached(address) as connection:
        connection.auto_open = 0  # a closed one is not opened anew
        connection.request("GET", "/")
        first = connection.getresponse()
        first.read()
        assert first.status == 200
        try:
            connection.request("GET", "/")
            second = connection.getresponse()
        except (http.client.NotConnected, BrokenPipeError, ConnectionResetError):
            return None
        second.read()
        return second


def requests_of(receiver):
    """Records of requests; none of what workers did between them."""
    return [record for record in receiver.records if record.method == "GET"]


def alive(pid):
    try:
        told = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return told.rpartition(")")[2].split()[0] not in "ZX"
