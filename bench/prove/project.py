"""A bookshop with its own configuration, data and services, ready for ``surefoot prove``."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXAMPLES = ROOT / "examples"
sys.path[:0] = [str(ROOT / "bench"), str(EXAMPLES)]

from bookshop import storage  # noqa: E402 - found only now
from diagnosis.bookshop import services  # noqa: E402


@dataclass
class Project:
    """One bookshop in a folder of its own."""

    directory: Path
    example: str
    environ: Mapping[str, str]
    workload: Path = EXAMPLES / "workload.toml"

    def configure(
        self, name: str, burden: int | None = None, faults: str = "none", **server: object
    ) -> str:
        """Write a configuration and its env file; returns the configuration's name.

        Args:
            name: Of the configuration, and of its env file.
            burden: Rounds of needless work before each answer; ``None`` for the bookshop itself.
            faults: Of the bookshop.
            server: Keys of ``[server]``.
        """
        told = f"BURDEN={burden or 0}\nBOOKSHOP_FAULTS={faults}\n"
        plain = f"{self.example}_bookshop.app:create_app()", EXAMPLES
        target, directory = plain if burden is None else (f"burdened:{self.example}()", HERE)
        (self.directory / f"{name}.env").write_text(told)
        lines = [
            "[app]",
            f'target = "{target}"',
            f'directory = "{directory}"',
            f'env_file = "{name}.env"',
            f'python = "{sys.executable}"',
            "[server]",
            *(f"{key} = {json.dumps(value)}" for key, value in server.items()),
            "[workload]",
            f'file = "{self.workload}"',
            "[data]",
            'url_env = "DATABASE_URL"',
            "disposable = true",
        ]
        (self.directory / f"{name}.toml").write_text("\n".join(lines) + "\n")
        return f"{name}.toml"

    def run(self, *words: str, timeout: float = 900) -> dict[str, Any]:
        """One ``surefoot`` command with ``--json``; what it said where there is no result."""
        out = self.directory / "result.json"
        out.unlink(missing_ok=True)
        command = [sys.executable, "-m", "surefoot", *words, "--json", str(out)]
        done = subprocess.run(
            command,
            cwd=self.directory,
            env={**os.environ, **self.environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )
        if not out.exists():
            return {"failed": (done.stderr or done.stdout).strip()}
        found: dict[str, Any] = json.loads(out.read_text())
        return found


@contextlib.contextmanager
def project(example: str) -> Iterator[Project]:
    """A bookshop beside the services it asks, with a database of its own."""
    with services() as told, tempfile.TemporaryDirectory(prefix="surefoot-bench-") as folder:
        url = f"sqlite:///{folder}/bookshop.sqlite3"
        storage.prepare(url)
        environ = {**told, "DATABASE_URL": url}
        yield Project(Path(folder), example, environ)
