"""Copies made by commands of the user's, for databases that Surefoot knows nothing about."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from surefoot.errors import DataError
from surefoot.toolbox.data.url import Url, redacted
from surefoot.toolbox.process.child import end

__all__ = ["CommandCopies"]

_SECONDS: Final = 600.0
_TAIL: Final = 10


class CommandCopies:
    """``[data] copy`` makes a copy and prints its URL; ``[data] reset`` restores one.

    Both find the label of the copy in ``SUREFOOT_COPY`` and in place of ``{label}``, and a URL in
    ``SUREFOOT_DATABASE_URL``: the application's own for ``copy``, the copy's for ``reset``. No URL
    is ever an argument, where every user of the machine could read it.
    """

    def __init__(
        self, url: Url, copy: str, reset: str, directory: Path, environment: Mapping[str, str]
    ) -> None:
        self._url = url
        self._copy = copy
        self._reset = reset
        self._directory = directory
        self._environment = environment
        self._made: dict[str, Url] = {}
        self._running: subprocess.Popen[bytes] | None = None
        self._cancelled = False
        self.notes: tuple[str, ...] = ()
        self.size = 0

    def prepare(self, count: int) -> None:
        """Nothing to take beforehand."""

    def make(self, label: str) -> Url:
        """A fresh copy.

        Raises:
            DataError: The command fails or prints no URL.
        """
        if label in self._made and self._reset:
            self._run("reset", self._reset, label, self._made[label])
            return self._made[label]
        printed = self._run("copy", self._copy, label, self._url)
        lines = printed.strip().splitlines()
        last = lines[-1].strip() if lines else ""
        if not last or len(last.split()) > 1 or not last.isprintable():
            raise DataError(
                f"[data] copy printed no URL on its last line for {label}",
                do="let it print the URL of the copy it made, alone on the last line",
            )
        if last == self._url.text:
            raise DataError(
                "[data] copy printed the application's own database URL",
                do="let it make a copy and print that one's URL",
            )
        self._made[label] = Url(last)
        return self._made[label]

    def used(self, _label: str) -> bool | None:
        """Not known."""
        return None

    def cancel(self) -> None:
        """Break off the command that is running, and start no other."""
        self._cancelled = True
        if self._running is not None:
            end([self._running.pid])

    def close(self) -> None:
        """The copies stay; the next run's command replaces them."""

    def _run(self, name: str, command: str, label: str, url: Url) -> str:
        words = [word.replace("{label}", label) for word in shlex.split(command)]
        told = {"SUREFOOT_COPY": label, "SUREFOOT_DATABASE_URL": url.text}
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            try:
                code = self._wait(words, told, out, err)
            except OSError as error:
                raise DataError(
                    f"[data] {name} cannot be started: {error.strerror}",
                    do=f"check data.{name}; it is run without a shell, in {self._directory}",
                ) from error
            if code:
                said = redacted(_text(err) or _text(out), url.text, self._url.text)
                tail = "".join(f"\n  | {line}" for line in said.splitlines()[-_TAIL:])
                how = f"with exit code {code}" if code > 0 else f"by signal {-code}"
                raise DataError(f"[data] {name} for {label} ended {how}{tail}")
            return _text(out)

    def _wait(self, words: list[str], told: Mapping[str, str], out: Any, err: Any) -> int:
        if self._cancelled:
            raise DataError("interrupted while the data was copied")
        process = subprocess.Popen(
            words,
            cwd=self._directory,
            env={**os.environ, **self._environment, **told},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        self._running = process
        try:
            return process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            raise DataError(f"a command of [data] ran for over {_SECONDS / 60:.0f} min") from None
        finally:
            self._running = None
            # What it left running when it ended well may be the server of the copy.
            if process.poll() is None:
                end([process.pid])
                process.wait()


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode(errors="replace"))
