"""Copies a PostgreSQL database with its own programs, while others use it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from surefoot.errors import DataError
from surefoot.toolbox.data.libpq import variables

__all__ = ["Dump"]

_DUMP: Final = ("--no-owner", "--no-privileges", "--no-comments")
_RESTORE: Final = ("-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", os.devnull)
_TAIL: Final = 5


@dataclass(slots=True)
class Dump:
    """``pg_dump SOURCE | psql COPY``."""

    dump: str
    restore: str
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @classmethod
    def found(cls) -> Dump | None:
        """The two programs, if they are installed."""
        dump, restore = shutil.which("pg_dump"), shutil.which("psql")
        return cls(dump, restore) if dump and restore else None

    def run(self, parameters: Mapping[str, str], copy: str) -> None:
        """Fill the database ``copy`` from the one that ``parameters`` name.

        Raises:
            DataError: One of the two fails; its last lines are shown.
        """
        with tempfile.TemporaryFile() as said:
            try:
                codes = self._piped(parameters, copy, said)
            except OSError as error:
                raise DataError(f"pg_dump cannot be started: {error.strerror}") from error
            said.seek(0)
            text = said.read().decode(errors="replace")
        if any(codes):
            tail = "".join(f"\n  | {line}" for line in text.splitlines()[-_TAIL:])
            raise DataError(
                f"pg_dump and psql could not copy the database {parameters['dbname']}{tail}",
                do="stop what is connected to it, so that it can be a template, or give [data] "
                "copy and reset commands",
            )

    def cancel(self) -> None:
        """Break it off."""
        for process in self._running:
            with suppress(ProcessLookupError):
                process.kill()

    def _piped(self, parameters: Mapping[str, str], copy: str, said: Any) -> list[int]:
        try:
            dump = self._start([self.dump, *_DUMP], parameters, said, stdout=subprocess.PIPE)
            told = {**parameters, "dbname": copy}
            self._start([self.restore, *_RESTORE], told, said, stdin=dump.stdout)
            assert dump.stdout is not None
            # Ours would keep pg_dump from noticing that psql has ended.
            dump.stdout.close()
            return [process.wait() for process in self._running]
        finally:
            self.cancel()
            for process in self._running:
                process.wait()
            self._running.clear()

    def _start(
        self,
        command: list[str],
        parameters: Mapping[str, str],
        said: Any,
        stdin: Any = subprocess.DEVNULL,
        stdout: Any = None,
    ) -> subprocess.Popen[bytes]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        process = subprocess.Popen(
            command,
            env=inherited | variables(parameters),
            start_new_session=True,
            stdin=stdin,
            stdout=stdout,
            stderr=said,
        )
        self._running.append(process)
        return process
