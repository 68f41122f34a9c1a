"""Loaded by locust beside the user's locustfile: tells each request that its users send.

Runs in the user's environment, where nothing of Surefoot may be: a copy of this one file is given
to ``locust -f``. Each request is a line of JSON on the descriptor in ``SUREFOOT_RECORDING``.
Waiting between tasks is cut short, because an open schedule has a pace of its own; how long it
would have been is told.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import gevent
from locust import SequentialTaskSet, TaskSet, events
from locust.user.task import DefaultTaskSet

_LARGEST = 256 * 1024
_WAIT = 0.005
_pipe = os.fdopen(int(os.environ["SUREFOOT_RECORDING"]), "w", encoding="utf-8", buffering=1)
_states: dict[Any, _State] = {}


class _State:
    """What one user is doing."""

    def __init__(self, user: int) -> None:
        self.user = user
        self.unit = 0
        """Number of the task, or of the sequence of tasks, that it is at; 0 for its start."""
        self.task = ""
        self.think = 0.0

    def begin(self, task: str) -> None:
        self.unit += 1
        self.task = task
        self.think = 0.0


def _state() -> _State:
    return _states.setdefault(gevent.getcurrent(), _State(len(_states) + 1))


def _is_tasks(task: Any) -> bool:
    return isinstance(task, type) and issubclass(task, TaskSet)


def _watched(execute: Any) -> Any:
    def execute_task(self: Any, task: Any) -> Any:
        if not _is_tasks(task):
            # All tasks of a sequence are one journey, until it begins anew.
            first = not isinstance(self, SequentialTaskSet) or task is self.tasks[0]
            if first or not _state().unit:
                _state().begin(getattr(task, "__name__", type(task).__name__))
        return execute(self, task)

    return execute_task


def _wait(self: Any) -> None:
    try:
        wanted = float(self.wait_time())
    except Exception:  # noqa: BLE001 - a user without one does not wait
        wanted = 0.0
    _state().think = wanted
    gevent.sleep(_WAIT)


for _kind in (TaskSet, DefaultTaskSet):
    _kind.execute_task = _watched(_kind.execute_task)
TaskSet.wait = _wait


@events.request.add_listener  # type: ignore[untyped-decorator]
def _tell(
    response: Any = None,
    url: str = "",
    start_time: float = 0.0,
    response_time: float = 0.0,
    **_: Any,
) -> None:
    if getattr(response, "request", None) is None:
        return
    state = _state()
    think, state.think = state.think, 0.0
    chain = [*(getattr(response, "history", None) or ()), response]
    seconds = (response_time or 0.0) / 1000 / len(chain)
    at = start_time or time.time() - seconds * len(chain)
    for number, told in enumerate(_chain(chain, str(url))):
        told |= {"user": state.user, "unit": state.unit, "task": state.task}
        told |= {"at": at + number * seconds, "seconds": seconds, "think": 0 if number else think}
        _pipe.write(json.dumps(told) + "\n")


def _chain(responses: list[Any], url: str) -> Iterator[dict[str, Any]]:
    """Each request of a chain of redirects."""
    if len(responses) > 1 and responses[0].request is responses[-1].request:
        # FastHttpUser changes one request on its way through the chain.
        for number, response in enumerate(responses):
            told = _told(response, url)
            yield told | ({"method": "GET", "body": ""} if number else {})
            url = urljoin(url, str((response.headers or {}).get("location") or ""))
        return
    for response in responses:
        request = response.request
        yield _told(response, str(getattr(request, "url_split", "") or request.url))


def _told(response: Any, url: str) -> dict[str, Any]:
    request = response.request
    return {
        "method": str(request.method),
        "url": url,
        "headers": _headers(request.headers),
        "body": _text(getattr(request, "body", "")),
        "status": int(getattr(response, "status_code", 0) or 0),
        "answer": {"headers": _headers(_lines(response)), "body": _answer(response)},
    }


def _lines(response: Any) -> Any:
    # requests joins several Set-Cookie headers into one; urllib3 below it has them apart.
    return getattr(getattr(response, "raw", None), "headers", None) or response.headers


def _headers(headers: Any) -> list[tuple[str, str]]:
    pairs = headers.items() if headers else ()
    return [(_text(name), _text(value)) for name, value in pairs]


def _answer(response: Any) -> str:
    kind = str((response.headers or {}).get("content-type") or "")
    if "html" not in kind and "json" not in kind:
        return ""
    text = response.text or ""
    return text if len(text) <= _LARGEST else ""


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""
