"""The mail that confirms an order, and an outbox that sends it after the answer."""

from __future__ import annotations

import smtplib
import threading
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

_THREADS = 32
_WAITING = 256


def confirmation(email: str, title: str, copies: int) -> EmailMessage:
    """The mail for one order."""
    message = EmailMessage()
    message["From"] = "orders@bookshop.example"
    message["To"] = email
    message["Subject"] = "Your order"
    message.set_content(f"{copies} x {title}\n\nThank you.\n")
    return message


def send(server: str, message: EmailMessage) -> None:
    """Hand a mail to the server and wait until it has taken it."""
    host, _, port = server.rpartition(":")
    # A local_hostname, or smtplib asks the resolver for one each time.
    with smtplib.SMTP(host, int(port), "bookshop.example", timeout=10) as connection:
        connection.send_message(message)


class Outbox:
    """Sends in the background, from threads that start with the first mail of a process.

    What it holds is lost with the process. When 256 wait already, the caller sends for himself:
    slower, but memory stays bounded and no mail is dropped.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._room = threading.BoundedSemaphore(_WAITING)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="outbox")

    def put(self, message: EmailMessage) -> None:
        """Send soon; returns at once."""
        if not self._room.acquire(blocking=False):
            send(self._server, message)
            return
        sent = self._threads.submit(send, self._server, message)
        sent.add_done_callback(lambda _: self._room.release())

    def close(self) -> None:
        """Send what waits, then end."""
        self._threads.shutdown(wait=True)
