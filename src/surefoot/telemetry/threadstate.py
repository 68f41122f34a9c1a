"""What a thread of this process is doing right now: running, waiting for a lock, or waiting.

Seen from a Python thread every other thread of the process stands still, because the observer
holds the interpreter's lock. The kernel knows more: ``/proc/self/task/ID/syscall`` names the system
call a thread is in. A thread in no call is running. One in a futex inside the interpreter's own
state waits for the interpreter's lock: it has work to do on the CPU and does not get it, so it
counts as ``cpu``. One in any other futex waits for a lock of the program.

Where the kernel does not tell (macOS, some containers), the thread's CPU clock says whether it has
run since the last look, and the instruction it stands at whether it is entering a lock.
"""

from __future__ import annotations

import ctypes
import opcode
import os
import platform
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, cast

__all__ = ["ThreadStates", "lock_or_wait"]

_FUTEX: Final = {"x86_64": b"202 ", "aarch64": b"98 "}.get(platform.machine(), b"none")
_RUNTIME_BYTES: Final = 1 << 20
"""At least the size of the interpreter's state, in which the lock lies (measured: 60 to 700 kB)."""
_WITH: Final = {opcode.opmap.get("BEFORE_WITH"), opcode.opmap.get("LOAD_SPECIAL")} - {None}
_RUNNING_SHARE: Final = 0.1
_MAX_CALL: Final = 200


class ThreadStates:
    """Tells the states of threads; keeps one file open per thread it was asked about."""

    def __init__(self) -> None:
        self._files: dict[int, int] = {}
        self._clocks: dict[int, tuple[int, int]] = {}
        self._runtime = _runtime_address()
        self._read = _reader()
        self._buffer = ctypes.create_string_buffer(_MAX_CALL)
        self._kernel = os.path.exists(f"/proc/self/task/{threading.get_native_id()}/syscall")  # noqa: PTH110 - pathlib would be loaded for this alone

    def close(self) -> None:
        """Close the files."""
        files, self._files = self._files, {}
        for file in files.values():
            os.close(file)

    def state(self, thread: int, frame: FrameType) -> str:
        """``"cpu"``, ``"lock"`` or ``"wait"``.

        Args:
            thread: As ``threading.get_ident`` gives it; alive.
            frame: Its innermost Python frame.
        """
        call = self._call(thread) if self._kernel else None
        if call is None:
            return self._by_clock(thread, frame)
        if call.startswith(b"running"):
            return "cpu"
        if not call.startswith(_FUTEX):
            return "wait"
        return "cpu" if self._interpreter(call) else lock_or_wait(frame)

    def ready(self, thread: int) -> bool:
        """Whether a thread waits for nothing but the interpreter; ``False`` if nobody knows."""
        call = self._call(thread) if self._kernel else None
        return call is not None and call.startswith(_FUTEX) and self._interpreter(call)

    def _interpreter(self, futex: bytes) -> bool:
        return 0 <= int(futex.split(b" ", 2)[1], 16) - self._runtime < _RUNTIME_BYTES

    def keep(self, threads: set[int]) -> None:
        """Forget threads that are gone."""
        for thread in self._files.keys() - threads:
            os.close(self._files.pop(thread))
        for thread in self._clocks.keys() - threads:
            del self._clocks[thread]

    def _call(self, thread: int) -> bytes | None:
        for _ in range(2):
            file = self._files.get(thread)
            if file is None:
                file = _open(thread)
                if file is None:
                    return None
                self._files[thread] = file
            length = self._read(file, self._buffer, _MAX_CALL, 0)
            if length > 0:
                return self._buffer.raw[:length]
            # The thread that had this number before has ended.
            os.close(self._files.pop(thread))
        return None

    def _by_clock(self, thread: int, frame: FrameType) -> str:
        now = time.perf_counter_ns()
        used = time.clock_gettime_ns(time.pthread_getcpuclockid(thread))
        before, used_before = self._clocks.get(thread, (0, 0))
        self._clocks[thread] = (now, used)
        if not before or used - used_before > _RUNNING_SHARE * (now - before):
            return "cpu"
        return lock_or_wait(frame)


def lock_or_wait(frame: FrameType) -> str:
    """What a thread blocked in a lock's acquire is after: the lock itself, or an event.

    ``Event.wait``, ``Queue.get``, ``Future.result`` and ``Thread.join`` are built on locks, and
    wait for something to happen; a semaphore is built on the same and is a lock.
    """
    code = frame.f_code
    if code.co_filename != threading.__file__:
        # Drivers written in C wait in futexes of their own; a lock is entered by ``with`` or by
        # its name.
        entering = code.co_code[frame.f_lasti] in _WITH or "acquire" in code.co_names
        return "lock" if entering else "wait"
    if code.co_name == "wait":
        caller = frame.f_back
        above = caller.f_code if caller is not None else code
        is_semaphore = above.co_filename == code.co_filename and above.co_name == "acquire"
        return "lock" if is_semaphore else "wait"
    return "wait" if code.co_name in {"join", "_wait_for_tstate_lock"} else "lock"


def _open(thread: int) -> int | None:
    for known in threading.enumerate():
        if known.ident == thread and known.native_id is not None:
            try:
                return os.open(
                    f"/proc/self/task/{known.native_id}/syscall", os.O_RDONLY | os.O_CLOEXEC
                )
            except OSError:
                return None
    return None


def _reader() -> Callable[..., int]:
    """``pread`` that keeps the interpreter's lock.

    ``os.pread`` gives it up, and what it reads may then be what the thread did meanwhile. Getting
    it back costs more than reading, beside a thread that gives it up for each statement of SQLite:
    the observer is woken in vain.
    """
    read: Any = ctypes.PyDLL(None).pread
    read.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_ssize_t)
    read.restype = ctypes.c_ssize_t
    return cast("Callable[..., int]", read)


def _runtime_address() -> int:
    try:
        return ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
    except (ValueError, AttributeError):
        return -_RUNTIME_BYTES
