"""Watches what an application keeps from one request to the next; never in production.

For a few dozen requests, one after the other, it notes which of the lines it was told to watch were
executed, and which files were opened by which line. It is slow, as every tracer is.

A request is what happens between its start and the next one's: so the threads and tasks that it
started count as its own.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

from surefoot.core.witness import MARK, Opened, Place, Sighting, Watch
from surefoot.telemetry.sites import Sites
from surefoot.web import flask, starlette

__all__ = ["WATCH", "Witness", "install"]

WATCH: Final = "watch.json"
_HEADER: Final = "HTTP_" + MARK.upper().replace("-", "_")
_ASGI_HEADER: Final = MARK.lower().encode()
_WRITING: Final = os.O_WRONLY | os.O_RDWR
_NO_FILES: Final = ("/dev/", "/proc/", "/sys/")
_MOST_FILES: Final = 2000
_RENAMED: Final = frozenset({"os.rename", "os.link", "shutil.move", "shutil.copyfile"})


class _Request:
    __slots__ = ("files", "functions", "lines", "name", "status", "step", "written")

    def __init__(self, step: int, name: str) -> None:
        self.step = step
        self.name = name
        self.status = 0
        self.lines: set[Place] = set()
        self.functions: set[Place] = set()
        self.files: dict[tuple[str, str], tuple[bool, bool]] = {}
        self.written: set[str] = set()

    def sighting(self) -> Sighting:
        """What has been seen so far; another thread may still be adding to it."""
        files = [Opened(*key, *how) for key, how in list(self.files.items())]
        return Sighting(
            self.step,
            self.name,
            self.status,
            frozenset(self.lines.copy()),
            frozenset(self.functions.copy()),
            tuple(files),
        )


class Witness:
    """Sees one request at a time.

    Args:
        watch: What to look for.
        sites: Names lines of the application.
        report: File that a line is added to at the end of each request.
    """

    def __init__(self, watch: Watch, sites: Sites, report: Path) -> None:
        self._watch = watch
        self._sites = sites
        self._report = report
        self._codes: dict[CodeType, tuple[str, frozenset[int], Place | None] | None] = {}
        self._request: _Request | None = None
        self._own = threading.local()

    def start(self) -> None:
        """Look from now on, in this thread and in those that are started later."""
        sys.addaudithook(self._heard)
        threading.settrace(self._called)
        sys.settrace(self._called)

    def begin(self, step: int, name: str) -> None:
        """A request has come; the one before it is over for good."""
        self._tell()
        self._request = _Request(step, name)

    def answered(self, status: int, name: str) -> None:
        """Its answer starts; ``name`` is its route where that is known by now."""
        if self._request is not None:
            self._request.status = status
            self._request.name = name or self._request.name

    def end(self) -> None:
        """The application has returned; what comes late is told again with the next one."""
        self._tell()

    def _tell(self) -> None:
        request = self._request
        if request is None:
            return
        # Straight to the descriptor, as one write: the process may be killed right after it.
        data = request.sighting().to_json().encode() + b"\n"
        self._own.busy = True
        try:
            fd = os.open(self._report, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(fd, data)
            finally:
                os.close(fd)
        except OSError as error:
            sys.stderr.write(f"surefoot: what was seen cannot be noted: {error}\n")
        finally:
            self._own.busy = False

    # --- Lines ------------------------------------------------------------------------------------

    def _called(self, frame: FrameType, _event: str, _: Any) -> Any:
        code = frame.f_code
        try:
            known = self._codes[code]
        except KeyError:
            known = self._codes[code] = self._wanted(code)
        if known is None:
            return None
        path, lines, function = known
        request = self._request
        if function is not None and request is not None:
            request.functions.add(function)
        return _Lines(self, path, lines).seen if lines else None

    def _wanted(self, code: CodeType) -> tuple[str, frozenset[int], Place | None] | None:
        path = os.path.realpath(code.co_filename)
        lines, functions = self._watch.lines.get(path), self._watch.functions.get(path)
        if lines is None and functions is None:
            return None
        own = {line for _, _, line in code.co_lines() if line}
        found = own & (lines or frozenset())
        first = code.co_firstlineno
        function = (path, first) if functions and first in functions else None
        return (path, frozenset(found), function) if found or function else None

    def passed(self, place: Place) -> None:
        """A watched line is about to be executed."""
        if self._request is not None:
            self._request.lines.add(place)

    # --- Files ------------------------------------------------------------------------------------

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        request = self._request
        if request is None or getattr(self._own, "busy", False):
            return
        if event != "open" and event not in _RENAMED:
            return
        self._own.busy = True
        try:
            if event == "open":
                self._opened(request, *arguments)
            else:
                self._note(request, arguments[1], wrote=True, read=False)
        except Exception:  # noqa: BLE001, S110 - raised here, it would fail the application's open()
            pass
        finally:
            self._own.busy = False

    def _opened(self, request: _Request, path: Any, mode: str | None, flags: int) -> None:
        if isinstance(path, int):
            return
        if mode is None:
            wrote, read = bool(flags & _WRITING), not flags & os.O_WRONLY
        else:
            wrote = any(letter in mode for letter in "wax+")
            read = "r" in mode or ("+" in mode and "w" not in mode)
        self._note(request, path, wrote=wrote, read=read)

    def _note(self, request: _Request, path: Any, *, wrote: bool, read: bool) -> None:
        name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - no Path is made per open file
        if name.startswith(_NO_FILES) or len(request.files) >= _MOST_FILES:
            return
        # What this request wrote itself carries nothing over to it, nor does an empty file: one
        # that only serves as a lock.
        read = read and name not in request.written and _holds_something(name)
        if wrote:
            request.written.add(name)
        site = self._sites.caller() if wrote else ""
        before = request.files.get((name, site), (False, False))
        request.files[name, site] = (before[0] or wrote, before[1] or read)


class _Lines:
    """The tracer of one frame."""

    __slots__ = ("_lines", "_path", "_witness")

    def __init__(self, witness: Witness, path: str, lines: frozenset[int]) -> None:
        self._witness = witness
        self._path = path
        self._lines = lines

    def seen(self, frame: FrameType, event: str, _: Any) -> Any:
        if event == "line" and frame.f_lineno in self._lines:
            self._witness.passed((self._path, frame.f_lineno))
        return self.seen


def _holds_something(name: str) -> bool:
    try:
        return os.stat(name).st_size > 0  # noqa: PTH116 - as above
    except OSError:
        return False


# --- In front of the application ------------------------------------------------------------------


def install(
    application: Callable[..., Any], kind: str, directory: Path, replica: str, code: Iterable[str]
) -> Callable[..., Any]:
    """Watch the application from now on.

    Args:
        application: What the server is to serve.
        kind: ``"wsgi"`` or ``"asgi"``.
        directory: Holds ``watch.json``; what is seen is written here, a file per process.
        replica: Whose worker this is; the report's name begins with it.
        code: Directories and packages whose lines are the application's own.

    Raises:
        OSError: There is no such directory.
        ValueError: The list in it cannot be read.
    """
    watch = Watch.from_json((directory / WATCH).read_text(encoding="utf-8"))
    witness = Witness(watch, Sites(code), directory / f"{replica}-{os.getpid()}.jsonl")
    witness.start()
    return _wsgi(application, witness) if kind == "wsgi" else _asgi(application, witness)


def _wsgi(application: Callable[..., Any], witness: Witness) -> Callable[..., Any]:
    def watched(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = environ.get("REQUEST_METHOD", "")
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        witness.begin(_number(environ.get(_HEADER, "")), f"{method} {path}")

        def started(status: str, headers: Any, *error: Any) -> Any:
            found = flask.route(environ)
            witness.answered(int(status[:3]), f"{method} {found}" if found else "")
            return start_response(status, headers, *error)

        try:
            return _Body(application(environ, started), witness)
        except BaseException:
            witness.end()
            raise

    return watched


class _Body:
    """An answer's body, after which the request is over."""

    __slots__ = ("_body", "_witness")

    def __init__(self, body: Iterable[bytes], witness: Witness) -> None:
        self._body = body
        self._witness = witness

    def __iter__(self) -> Iterator[bytes]:
        yield from self._body
        # Before the server sends the end of it: whoever has the answer may ask what was seen.
        self._witness.end()

    def close(self) -> None:
        """Close the application's body."""
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            self._witness.end()


def _asgi(application: Callable[..., Any], witness: Witness) -> Callable[..., Any]:
    async def watched(
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        method, root = scope["method"], scope.get("root_path", "")
        mark = dict(scope["headers"]).get(_ASGI_HEADER, b"").decode("latin-1")
        witness.begin(_number(mark), f"{method} {scope['path']}")

        async def sending(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                found = starlette.route(scope, root)
                witness.answered(message["status"], f"{method} {found}" if found else "")
            await send(message)

        try:
            await application(scope, receive, sending)
        finally:
            witness.end()

    return watched


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else -1
