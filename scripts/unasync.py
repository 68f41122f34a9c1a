"""Makes the code for threads out of the code for event loops.

Each ``_async/x.py`` that says ``async`` becomes ``_sync/x.py``, word by word: ``async`` and
``await`` go, and the names below are replaced. Without ``--check`` the files are written; with it
they are compared as a whole, and the exit code says whether they differ.
"""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDERS: Final = (ROOT / "src/surefoot/stores/_async", ROOT / "src/surefoot/cache/_async")

NAMES: Final = {
    "_async": "_sync",
    "__aenter__": "__enter__",
    "__aexit__": "__exit__",
}
"""Beside these, ``AsyncWord`` becomes ``Word``."""
ASYNC_NAME: Final = re.compile(r"Async[A-Z]\w*")
# Pairs that are written by hand, for what differs in more than names.
BY_HAND: Final = frozenset(
    {
        "__init__.py",
        "colour.py",
        "commit.py",
        "connections.py",
        "deadline.py",
        "redis_connection.py",
        "trials.py",
    }
)


def generated(source: str, name: str) -> str:
    """The code for threads.

    Args:
        source: The code for event loops.
        name: Its path, to be named in the first line.
    """
    words = tokenize.generate_tokens(io.StringIO(source).readline)
    lines = source.splitlines(keepends=True)
    # From the end to the beginning, so that places before a change stay where they are.
    for word in reversed(list(words)):
        row, start = word.start[0] - 1, word.start[1]
        new = replaced(word)
        if new is not None:
            end = word.end[1]
            if not new:
                end += len(lines[row][end:]) - len(lines[row][end:].lstrip(" "))
            lines[row] = lines[row][:start] + new + lines[row][end:]
    return formatted(f"# Made by scripts/unasync.py: edit {name}\n" + "".join(lines))


def formatted(source: str) -> str:
    """Shorter names may make for other line breaks."""
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", "made.py", "-"]
    return subprocess.run(
        command, input=source, capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    ).stdout


def replaced(word: tokenize.TokenInfo) -> str | None:
    """What stands for a word; ``None`` if it stays, empty if it goes with the space after it."""
    if word.type == tokenize.STRING and ASYNC_NAME.fullmatch(word.string.strip('"')):
        return word.string.replace("Async", "", 1)
    if word.type != tokenize.NAME:
        return None
    if word.string in {"async", "await"}:
        return ""
    if word.string in NAMES:
        return NAMES[word.string]
    return word.string[5:] if ASYNC_NAME.fullmatch(word.string) else None


def pairs(folders: Iterable[Path]) -> Iterable[tuple[Path, Path]]:
    """Every source with where its copy lies."""
    for folder in folders:
        for source in sorted(folder.glob("*.py")):
            if source.name not in BY_HAND:
                yield source, folder.with_name("_sync") / source.name


def main(words: list[str]) -> int:
    """Returns the exit code."""
    different = []
    for source, copy in pairs(FOLDERS):
        text = generated(source.read_text(encoding="utf-8"), str(source.relative_to(ROOT)))
        if copy.exists() and copy.read_text(encoding="utf-8") == text:
            continue
        different.append(copy)
        if "--check" not in words:
            copy.write_text(text, encoding="utf-8")
    for copy in different:
        print(f"{copy.relative_to(ROOT)} {'differs' if '--check' in words else 'written'}")
    return 1 if different and "--check" in words else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
