"""A real Chromium to look at pages with, over its debugging pipe."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

_PATIENCE = 60.0

# Chromium reads its commands from descriptor 3 and answers on 4.
_EXEC = """
import fcntl, os, sys
ours = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3]]
os.dup2(ours[0], 3)
os.dup2(ours[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Browser:
    """Chromium over its debugging pipe: one page, opened and asked; no port, no network."""

    def __init__(self, program: str, profile: Path) -> None:
        read_theirs, self._write = os.pipe()
        self._read, write_theirs = os.pipe()
        command = [
            program,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--no-first-run",
            "--hide-scrollbars",
            f"--user-data-dir={profile}",
            "--remote-debugging-pipe",
            "about:blank",
        ]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _EXEC, str(read_theirs), str(write_theirs), *command],
            pass_fds=(read_theirs, write_theirs),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        os.close(read_theirs)
        os.close(write_theirs)
        self._buffer = b""
        self._asked = 0
        self._session = ""
        self.events: list[dict[str, Any]] = []

    def attach(self) -> None:
        """Take over the page that it opened."""
        target = next(
            info["targetId"]
            for info in self.ask("Target.getTargets")["targetInfos"]
            if info["type"] == "page"
        )
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """One command and its answer; what happens meanwhile is kept in ``events``."""
        self._asked += 1
        message = {"id": self._asked, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._asked:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _receive(self) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0, until - time.monotonic()))
            assert ready, "Chromium does not answer"
            more = os.read(self._read, 1 << 20)
            assert more, "Chromium is gone"
            self._buffer += more
        first, _, self._buffer = self._buffer.partition(b"\0")
        return json.loads(first)

    def open(self, path: Path, width: int, *, scheme: str = "light", height: int = 900) -> None:
        """Show a page as a window or telephone of that width would."""
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )
        self.ask(
            "Emulation.setEmulatedMedia",
            features=[{"name": "prefers-color-scheme", "value": scheme}],
        )
        self.events.clear()
        self.visit(path.as_uri())

    def visit(self, url: str) -> None:
        """Go to an address, and wait until it is loaded."""
        self._loaded(lambda: self.ask("Page.navigate", url=url))

    def click(self, selector: str) -> None:
        """Follow a link, and wait until the next page is loaded."""
        script = f"document.querySelector({json.dumps(selector)}).click()"
        self._loaded(lambda: self.evaluate(script))

    def _loaded(self, act: Callable[[], object]) -> None:
        seen = len(self.events)
        act()
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events[seen:]):
            self.events.append(self._receive())

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self.ask("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def happened(self, *methods: str) -> list[dict[str, Any]]:
        """The events of these kinds since the page was opened."""
        return [event["params"] for event in self.events if event.get("method") in methods]

    def recorded(self) -> list[dict[str, Any]]:
        """What the page now shown asked for, as entries of a HAR file; a next page forgets it."""
        sent = {e["requestId"]: e for e in self.happened("Network.requestWillBeSent")}
        got = {e["requestId"]: e for e in self.happened("Network.responseReceived")}
        ended = {e["requestId"]: e for e in self.happened("Network.loadingFinished")}
        self.events.clear()
        return [self._entry(sent[key], got[key], ended[key]) for key in sent if key in ended]

    def _entry(self, sent: dict, got: dict, ended: dict) -> dict[str, Any]:
        request, response = sent["request"], got["response"]
        # It keeps no body of a favicon.
        body = {"body": "", "base64Encoded": False}
        if sent["type"] == "Document":
            body = self.ask("Network.getResponseBody", requestId=sent["requestId"])
        started = datetime.fromtimestamp(sent["wallTime"], UTC).isoformat()
        posted = {"mimeType": request["headers"].get("Content-Type", "")}
        posted["text"] = request.get("postData", "")
        content = {"mimeType": response["mimeType"], "text": body["body"]}
        if body["base64Encoded"]:
            content["encoding"] = "base64"
        return {
            "startedDateTime": started,
            "time": (ended["timestamp"] - sent["timestamp"]) * 1000,
            "request": {
                "method": request["method"],
                "url": request["url"],
                "headers": _pairs(request["headers"]),
                **({"postData": posted} if posted["text"] else {}),
            },
            "response": {
                "status": response["status"],
                "headers": _pairs(response["headers"]),
                "content": content,
            },
            "_resourceType": sent["type"].lower(),
            **({"_fromCache": "disk"} if response.get("fromDiskCache") else {}),
        }

    def close(self) -> None:
        os.close(self._write)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        os.close(self._read)


def _pairs(headers: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        message = "no chromium: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    opened = Browser(program, tmp_path_factory.mktemp("chromium"))
    try:
        opened.attach()
        yield opened
    finally:
        opened.close()
