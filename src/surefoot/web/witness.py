"""Watches what an application keeps from one request to the next; never in production.

For a few dozen requests, one after the other, it notes which of the lines it was told to watch were
executed, and which files were opened by which line.

A request is what happens between its start and the next one's: so the threads and tasks that it
started count as its own.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from surefoot.core.witness import MARK, Opened, Place, Sighting, Watch, step_number
from surefoot.telemetry.sites import Sites
from surefoot.web import matched
from surefoot.web.marks import Marks

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
        sites: Names lines of the application.
        report: Beginning of the path of the file that each request adds a line to.
    """

    def __init__(self, sites: Sites, report: Path) -> None:
        self._sites = sites
        self._report = report
        self._request: _Request | None = None
        self._own = threading.local()
        self._complained = 0

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
            # Of this process: the application may have been imported before it was forked.
            path = f"{self._report}-{os.getpid()}.jsonl"
            fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(fd, data)
            finally:
                os.close(fd)
        except OSError as error:
            sys.stderr.write(f"surefoot: what was seen cannot be noted: {error}\n")
        finally:
            self._own.busy = False

    def passed(self, place: Place, function: bool) -> None:  # noqa: FBT001 - marks say no more
        """A watched line is about to be executed, or a watched function has begun."""
        request = self._request
        if request is not None:
            (request.functions if function else request.lines).add(place)

    # --- Files ------------------------------------------------------------------------------------

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """An audit event: files are opened, or get a new name."""
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
        except Exception as error:  # noqa: BLE001 - raised here, it would fail the application's open()
            self._complain(error)
        finally:
            self._own.busy = False

    def _complain(self, error: Exception) -> None:
        """Say once in each process that files are missed."""
        # By its id, as a forked process begins with what was said before.
        if self._complained == os.getpid():
            return
        self._complained = os.getpid()
        # The application may have put anything in place of stderr.
        with contextlib.suppress(Exception):
            sys.stderr.write(f"surefoot: not every file that is opened can be noted: {error}\n")

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


def _holds_something(name: str) -> bool:
    try:
        return os.stat(name).st_size > 0  # noqa: PTH116 - as above
    except OSError:
        return False


# --- In front of the application ------------------------------------------------------------------


def install(
    kind: str, directory: Path, replica: str, code: Iterable[str]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Watch what is imported and done from now on.

    Args:
        kind: ``"wsgi"``, ``"asgi"`` or ``"tornado"``.
        directory: Holds ``watch.json``; what is seen is written here, a file per process.
        replica: Whose worker this is; the report's name begins with it.
        code: Directories and packages whose lines are the application's own.

    Returns:
        What wraps the application, once it is imported.

    Raises:
        OSError: There is no such directory.
        ValueError: The list in it cannot be read.
    """
    watch = Watch.from_json((directory / WATCH).read_text(encoding="utf-8"))
    witness = Witness(Sites(code), directory / replica)
    Marks(watch, witness.passed).install()
    sys.addaudithook(witness.heard)
    return functools.partial({"wsgi": _wsgi, "asgi": _asgi}.get(kind, _tornado), witness)


def _wsgi(witness: Witness, application: Callable[..., Any]) -> Callable[..., Any]:
    def watched(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = environ.get("REQUEST_METHOD", "")
        root = environ.get("SCRIPT_NAME", "")
        path = root + environ.get("PATH_INFO", "")
        witness.begin(step_number(environ.get(_HEADER, "")), f"{method} {path}")

        def started(status: str, headers: Any, *error: Any) -> Any:
            found = matched.route(environ, root)
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


def _asgi(witness: Witness, application: Callable[..., Any]) -> Callable[..., Any]:
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
        witness.begin(step_number(mark), f"{method} {scope['path']}")

        async def sending(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                found = matched.route(scope, root)
                witness.answered(message["status"], f"{method} {found}" if found else "")
            await send(message)

        try:
            await application(scope, receive, sending)
        finally:
            witness.end()

    return watched


def _tornado(witness: Witness, application: Callable[..., Any]) -> Callable[..., Any]:
    from surefoot.web.tornado.watched import watched  # noqa: PLC0415 - Tornado, when it is there

    stood: Callable[..., Any] = watched(witness, application)
    return stood
