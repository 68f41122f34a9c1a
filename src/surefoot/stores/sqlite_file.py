"""The SQLite file that the processes of one host share: made, opened, replaced.

Laws of this file:
1. What is not ours is never touched. Ours is known by the application id in its header.
2. A file is always complete: it is made under another name and moved to its place, under a lock.
3. A file is of one boot of this machine. Nothing is synced to disk, so after a power cut slots that
   were deleted could be back: with the boot's id in its header an older file is replaced instead.
4. A file that was removed or replaced is noticed within ``LOOK_SECONDS``.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import struct
import time
import zlib
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Final

from surefoot.errors import ConfigError, StoreError

__all__ = [
    "LOOK_SECONDS",
    "Opened",
    "State",
    "check",
    "identity",
    "look",
    "open_file",
    "open_patiently",
    "replace",
]

LOOK_SECONDS: Final = 0.25
"""How long a connection may go on with a file that somebody has removed or replaced."""

_MAGIC: Final = b"SQLite format 3\x00"
_APPLICATION: Final = 0x53464341  # "SFCA"
_FORMAT: Final = 1
_LOCK_SECONDS: Final = 1.0
_SCHEMA: Final = Path(__file__).with_name("sqlite.sql")
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class State(Enum):
    """What lies under a path."""

    NOTHING = "nothing"
    OURS = "ours"
    OLD = "of another boot or format"
    FOREIGN = "not ours"


class _Connection(sqlite3.Connection):
    """The cache's own: what it does is no work of the application's database."""

    surefoot_unmeasured = True


class Opened:
    """A connection, and which file it is to."""

    __slots__ = ("_looked", "_path", "connection", "file")

    def __init__(self, path: Path, connection: sqlite3.Connection, file: tuple[int, int]) -> None:
        self.connection = connection
        self._path = path
        self.file = file
        self._looked = time.monotonic()

    def __del__(self) -> None:
        self.close()

    def is_current(self) -> bool:
        """Whether its file still is the one under its path; looks four times a second."""
        now = time.monotonic()
        if now - self._looked < LOOK_SECONDS:
            return True
        self._looked = now
        return identity(self._path) == self.file

    def close(self) -> None:
        """Close it. SQLite leaves the path alone if the file has gone from it."""
        with contextlib.suppress(sqlite3.Error):
            self.connection.close()


def look(path: Path) -> State:
    """What lies there.

    Raises:
        StoreError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(100)
            owner = os.fstat(file.fileno()).st_uid
    except FileNotFoundError:
        return State.NOTHING
    except OSError as error:
        raise StoreError(f"the cache's file {path} cannot be read: {error.strerror}") from error
    if owner != os.geteuid():
        return State.FOREIGN
    if not head:
        return State.NOTHING
    if len(head) < 100 or not head.startswith(_MAGIC):
        return State.FOREIGN
    (version,), (application,) = (struct.unpack_from(">I", head, at) for at in (60, 68))
    if application != _APPLICATION:
        return State.FOREIGN
    return State.OURS if version == _version() else State.OLD


def open_file(path: Path) -> Opened:
    """A connection to the file, which is made or replaced where that is needed.

    Raises:
        ConfigError: The path is another program's file, or in a directory that is not there.
        StoreError: The file cannot be made or opened, or not in a second.
        sqlite3.Error: It is damaged, or locked.
    """
    for _ in range(5):
        # Which file it was before it is looked at: one that another process puts there meanwhile
        # is not the one that is to be replaced.
        seen = identity(path)
        state = look(path)
        if state is State.FOREIGN:
            raise ConfigError(
                f"{path} is not a file of this cache, or not this user's",
                do="give the cache a path of its own",
            )
        if state is not State.OURS:
            replace(path, seen)
        before = identity(path)
        if before is None:
            continue
        opened = Opened(path, _connect(path), before)
        if identity(path) == before:
            return opened
        opened.close()
    raise StoreError(f"the cache's file {path} is replaced again and again")


def open_patiently(path: Path, seconds: float) -> Opened:
    """As ``open_file``, for who may wait so long for others to let go of it."""
    end = time.monotonic() + seconds
    while True:
        try:
            return open_file(path)
        except sqlite3.OperationalError:
            # Who opens it first, and who closes it last, has it alone for a moment.
            if time.monotonic() > end:
                raise
        time.sleep(0.005)


def check(path: Path) -> None:
    """Make the file where there is none.

    Workers that start at once may find it locked or damaged: it is there, and whoever uses it
    looks after that.

    Raises:
        ConfigError: The path cannot be used.
        StoreError: The file cannot be made.
    """
    with contextlib.suppress(sqlite3.Error):
        open_file(path).close()


def replace(path: Path, seen: tuple[int, int] | None) -> None:
    """Put an empty file in the place of the one that was ``seen``, unless somebody just did.

    Raises:
        ConfigError: There is no such directory.
        StoreError: The file cannot be written, or not in a second.
    """
    try:
        with _locked(path):
            if identity(path) == seen:
                _make(path)
    except FileNotFoundError as error:
        raise ConfigError(
            f"the cache's directory {path.parent} is not there",
            do="make it, or give the cache another path",
        ) from error
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"the cache's file {path} cannot be made: {error}") from error


def _make(path: Path) -> None:
    made = path.with_name(path.name + "-new")
    made.unlink(missing_ok=True)
    os.close(os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(made, isolation_level=None, factory=_Connection)
    try:
        connection.execute(f"pragma application_id = {_APPLICATION}")
        connection.execute(f"pragma user_version = {_version()}")
        connection.executescript(_SCHEMA.read_text(encoding="utf-8"))
        connection.execute("pragma journal_mode = wal").fetchall()
    finally:
        connection.close()
    # A log that was left over would be played into the new file.
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    made.replace(path)


def _connect(path: Path) -> sqlite3.Connection:
    # autocommit: a transaction is begun where one is meant. Any thread may close it, one uses it.
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw", uri=True, timeout=0, isolation_level=None,
        check_same_thread=False, factory=_Connection,
    )  # fmt: skip
    try:
        # What a crash of the machine leaves is replaced (law 3), so nothing need be synced.
        connection.execute("pragma synchronous = off")
        connection.execute("pragma journal_size_limit = 16000000").fetchall()
        connection.execute("pragma trusted_schema = off")
    except BaseException:
        connection.close()
        raise
    return connection


def _version() -> int:
    boot = _BOOT.read_bytes() if _BOOT.exists() else b""
    return zlib.crc32(b"%d %s" % (_FORMAT, boot)) & 0x7FFFFFFF


def identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of the file under the path; ``None`` if there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    file = os.open(
        path.with_name(path.name + "-lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600
    )
    try:
        end = time.monotonic() + _LOCK_SECONDS
        while not _lock(file):
            if time.monotonic() > end:
                raise StoreError(f"another process has been making {path} for a second")
            time.sleep(0.01)
        yield
    finally:
        os.close(file)


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
