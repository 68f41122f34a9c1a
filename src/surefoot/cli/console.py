"""How far a command is, on standard error: one line that is rewritten on a terminal, else none."""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

__all__ = ["Console"]


class Console:
    """Progress and remarks of a running command; results never pass through here."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream if stream is not None else sys.stderr
        self._live = self._stream.isatty()
        self._shown = False

    def progress(self, line: str) -> None:
        """Show ``line`` in place of the last one; dropped where nobody looks at a terminal."""
        if not self._live:
            return
        width = shutil.get_terminal_size().columns - 1
        self._stream.write("\r\x1b[K" + (line if len(line) <= width else line[: width - 1] + "…"))
        self._stream.flush()
        self._shown = True

    def note(self, line: str) -> None:
        """Say something that stays, terminal or not."""
        self.close()
        self._stream.write(line + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Take the progress line away."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._shown = False
