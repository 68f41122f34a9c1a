"""A small replica: ``python answering.py NAME SOCKET``.

Answers every request with its name and with the headers it was sent. ``/wait/GATE`` answers once
the file GATE beside the socket is there, ``/die`` closes the connection without an answer, and
``/readyz`` is 503 while the file ``NAME.unready`` is there. What it begins to work on is noted in
``SOCKET.log``, checks excepted.
"""

import json
import os
import signal
import socketserver
import sys
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

NAME, SOCKET = sys.argv[1], Path(sys.argv[2])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    wbufsize = -1  # an answer is sent whole: what is cut in half nobody can repair

    def answer(self):
        body = self.body()
        if self.path == "/readyz":
            self.send(503 if SOCKET.with_name(f"{NAME}.unready").exists() else 200, b"")
            return
        with SOCKET.with_name(f"{SOCKET.name}.log").open("a") as log:
            log.write(f"{self.path}\n")
        if self.path == "/die":
            self.close_connection = True
            return
        if self.path.startswith("/wait/"):
            while not SOCKET.with_name(self.path.rpartition("/")[2]).exists():
                time.sleep(0.01)
        told = {"headers": list(self.headers.items()), "body": len(body)}
        self.send(200, json.dumps(told).encode())

    do_GET = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_HEAD = answer  # noqa: N815 - its names

    def body(self):
        if "Transfer-Encoding" not in self.headers:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size + 2)[:-2])
        self.rfile.readline()
        return b"".join(chunks)

    def send(self, status, body):
        self.send_response(status)
        self.send_header("X-Server", NAME)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def address_string(self):
        return "local"

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingUnixStreamServer):
    request_queue_size = 512
    daemon_threads = True


if __name__ == "__main__":
    SOCKET.unlink(missing_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    with Server(str(SOCKET), Handler) as server:
        server.serve_forever()
