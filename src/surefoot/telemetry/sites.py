"""Which line of the application's own code is at work: file and line of its innermost frame.

The application's own code is what lies under its directories, except what is installed there (a
virtual environment inside the project), and what belongs to its top-level packages, wherever
those are installed.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final, Protocol

__all__ = ["Hint", "Hinted", "Sites"]

Hint = tuple[int, CodeType, int, str]
"""Depth, code and instruction of the application's frame, and its site."""

_MAX_FILES: Final = 4096
_MAX_DEPTH: Final = 400
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
_OURS: Final = Path(__file__).resolve().parent.parent


class Hinted(Protocol):
    """Something that remembers where it was last called from."""

    hint: Hint | None


class Sites:
    """Finds and names lines of the application.

    Args:
        code: Absolute directories and names of top-level packages.
        fault: Told when looking fails; the site is then empty.
    """

    def __init__(
        self, code: Iterable[str], fault: Callable[[BaseException], None] = lambda _: None
    ) -> None:
        self._fault = fault
        entries = [entry for entry in code if entry]
        self._directories = tuple(Path(e).resolve() for e in entries if Path(e).is_absolute())
        self._packages = tuple(e for e in entries if not Path(e).is_absolute())
        self._library = tuple(
            Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")
        )
        self._files: dict[str, dict[int, str] | None] = {}
        self._names: dict[str, str] = {}
        self._our_files: dict[str, bool] = {}

    def of(self, frame: FrameType | None) -> str:
        """The innermost own line at or above ``frame``, ``"views.py:41"``; empty if none."""
        depth = 0
        while frame is not None and depth < _MAX_DEPTH:
            lines = self.lines(frame.f_code.co_filename)
            if lines is not None:
                return self.line(frame, lines)
            frame = frame.f_back
            depth += 1
        return ""

    def caller(self) -> str:
        """The innermost own line that led to the code calling this."""
        try:
            return self.of(sys._getframe(1)) or self.beyond()  # noqa: SLF001 - the documented way to a frame
        except Exception as error:  # noqa: BLE001 - called from inside requests
            self._fault(error)
            return ""

    def locate(self, holder: Hinted) -> str:
        """As ``caller``, for a place that is mostly reached the same way.

        Walking eight frames costs 1 us, more than all the rest of measuring a statement. So the
        holder keeps where its caller was found: if the frame at that depth stands at the same
        instruction of the same code again, nothing in between is looked at.
        """
        hint = holder.hint
        if hint is not None:
            try:
                frame = sys._getframe(hint[0])  # noqa: SLF001 - the documented way to a frame
            except ValueError:
                return self._walk(holder)
            if frame.f_lasti == hint[2] and frame.f_code is hint[1]:
                return hint[3]
        return self._walk(holder)

    def beyond(self) -> str:
        """The own line outside this greenlet, for SQLAlchemy's asyncio bridge."""
        module = sys.modules.get("greenlet")
        if module is None:
            return ""
        parent: Any = module.getcurrent().parent
        while parent is not None:
            site = self.of(parent.gr_frame)
            if site:
                return site
            parent = parent.parent
        return ""

    def name(self, filename: str) -> str:
        """A short name for any source file, relative to whatever it was imported from."""
        name = self._names.get(filename)
        if name is None:
            if len(self._names) >= _MAX_FILES:
                self._names.clear()
            name = self._names[filename] = self._shortened(filename)
        return name

    def ours(self, filename: str) -> bool:
        """Whether a file is part of Surefoot."""
        known = self._our_files.get(filename)
        if known is None:
            if len(self._our_files) >= _MAX_FILES:
                self._our_files.clear()
            known = self._our_files[filename] = Path(filename).resolve().is_relative_to(_OURS)
        return known

    def lines(self, filename: str) -> dict[int, str] | None:
        """The sites seen so far in a file of the application; ``None`` for any other file."""
        try:
            return self._files[filename]
        except KeyError:
            if len(self._files) >= _MAX_FILES:
                self._files.clear()
            relative = self._relative(filename)
            lines = self._files[filename] = None if relative is None else {}
            if relative is not None:
                self._names[filename] = relative
            return lines

    def _walk(self, holder: Hinted) -> str:
        try:
            return self._search(holder)
        except Exception as error:  # noqa: BLE001 - called from inside requests
            self._fault(error)
            return ""

    def _search(self, holder: Hinted) -> str:
        # Frame 3 is the caller of ``locate``; depths are counted from ``locate`` itself.
        frame = sys._getframe(3).f_back  # noqa: SLF001 - the documented way to a frame
        depth = 2
        while frame is not None and depth < _MAX_DEPTH:
            code = frame.f_code
            lines = self.lines(code.co_filename)
            if lines is not None:
                site = self.line(frame, lines)
                holder.hint = (depth, code, frame.f_lasti, site)
                return site
            frame = frame.f_back
            depth += 1
        return self.beyond()

    def line(self, frame: FrameType, lines: dict[int, str]) -> str:
        """The site of a frame whose file is the application's; ``lines`` is that file's."""
        number = frame.f_lineno or 0
        site = lines.get(number)
        if site is None:
            site = lines[number] = f"{self.name(frame.f_code.co_filename)}:{number}"
        return site

    def _relative(self, filename: str) -> str | None:
        # Templates compiled to code name their own file, with line numbers of the generated code.
        if not filename.endswith(".py"):
            return None
        path = Path(filename).resolve()
        if path.is_relative_to(_OURS) or (_within(path, self._library) and not _installed(path)):
            return None
        return self._in_package(path) or self._in_directory(path)

    def _in_package(self, path: Path) -> str | None:
        for package in self._packages:
            for root in _roots(package):
                if path.is_relative_to(root):
                    return path.relative_to(root.parent).as_posix()
        return None

    def _in_directory(self, path: Path) -> str | None:
        for directory in self._directories:
            if path.is_relative_to(directory) and not _installed(path.relative_to(directory)):
                return path.relative_to(directory).as_posix()
        return None

    def _shortened(self, filename: str) -> str:
        if filename.startswith("<"):
            return filename
        parts = Path(filename).parts
        for index in range(len(parts) - 1, -1, -1):
            if parts[index] in _INSTALLED or parts[index].startswith("python3"):
                return "/".join(parts[index + 1 :])
        return "/".join(parts[-2:])


def _within(path: Path, directories: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(directory) for directory in directories)


def _installed(path: Path) -> bool:
    return not _INSTALLED.isdisjoint(path.parts)


def _roots(package: str) -> list[Path]:
    module = sys.modules.get(package)
    paths = list(getattr(module, "__path__", ()) or ())
    file = getattr(module, "__file__", None)
    return [Path(path).resolve() for path in paths or ([file] if file else [])]
