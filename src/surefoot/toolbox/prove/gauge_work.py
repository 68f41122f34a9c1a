"""A process that does the same little work all the time; what it costs tells of the machine.

Run by path, with nothing of ours imported: ``gauge_work.py FD``. It writes how often it has worked,
and the CPU time that took, into the file that it was given, and ends with the process that started
it. The work is of the kind that web applications do: objects, text, JSON, a system call or two.
"""

from __future__ import annotations

import gc
import json
import mmap
import os
import select
import signal
import socket
import struct
import sys
import time
from typing import Any

PERIOD = 0.005
"""Seconds between two pieces of work of about 0.2 ms: 4 % of a core."""
COUNTS = struct.Struct("<QQ")
"""Pieces of work done, nanoseconds of CPU used."""


class Book:
    """An object like those an application makes for every row."""

    def __init__(self, number: int, title: str) -> None:
        self.number = number
        self.title = title

    def shown(self) -> str:
        """Its line."""
        return f"{self.number}: {self.title.upper()}"


def piece(sender: socket.socket, receiver: socket.socket, ready: Any, text: str) -> str:
    """A message from one socket to the other, read, parsed, made into objects and shown."""
    sender.send(b"x" * 300)
    ready(1.0)
    receiver.recv(1000)
    books = [Book(row["id"], row["title"]) for row in json.loads(text)["books"]]
    return json.dumps([book.shown() for book in books])


def main(file: int) -> None:
    """Work until the process that started this one is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to everybody in the group
    gc.disable()  # it makes no cycles, and a collection would be a piece of work of another size
    parent = os.getppid()
    page = mmap.mmap(file, COUNTS.size)
    sender, receiver = socket.socketpair()
    poll = select.poll()
    poll.register(receiver, select.POLLIN)
    rows = [{"id": n, "title": f"A title of some length, {n}", "price": n * 1.5} for n in range(12)]
    text = json.dumps({"books": rows})
    done, due = 0, time.monotonic()
    while os.getppid() == parent:
        for _ in range(3):
            piece(sender, receiver, poll.poll, text)
        done += 1
        COUNTS.pack_into(page, 0, done, time.process_time_ns())
        due = max(due + PERIOD, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))


if __name__ == "__main__":
    main(int(sys.argv[1]))
