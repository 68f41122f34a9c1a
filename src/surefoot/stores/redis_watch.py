"""Hears of every slot that anybody writes or deletes in a Redis, and knows when it would not."""

from __future__ import annotations

import dataclasses
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from surefoot.errors import StoreError, StoreRefusedError
from surefoot.stores._sync.redis_connection import RedisConnection
from surefoot.stores.forked import tell_when_forked
from surefoot.stores.redis_options import RedisOptions

__all__ = ["RedisWatch"]

_log = logging.getLogger("surefoot.cache")
_clock = time.monotonic

_INVALIDATIONS: Final = b"__redis__:invalidate"
_BEAT: Final = 0.25
"""Seconds between two beats."""
_LOST: Final = 0.7
"""Seconds without one, after which the channel counts as lost."""
_VALID: Final = 0.9
"""Seconds that a beat vouches for: what was written more than that ago has been heard of."""
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 1.0


class RedisWatch:
    """A thread that listens to what the server says of keys under a prefix.

    The server tells of every change of a key under the prefix, by whomever, when it expires or is
    evicted too (CLIENT TRACKING in broadcasting mode, RESP2, over a connection of its own). A beat
    goes the same way four times a second: one that comes back shows that everything the server had
    to say before it has been heard. A frozen server, a connection that leads nowhere and a thread
    that gets no turn all look the same: no beat, and ``valid_until`` passes.

    Args:
        options: Of the server.
        prefix: Of the keys.
        heard: Called by the thread with keys that changed, or ``None`` when all may have.

    Attributes:
        valid_until: The instant of ``time.monotonic`` until which nothing has been missed that was
            written more than a second before.
    """

    def __init__(
        self,
        options: RedisOptions,
        prefix: str,
        heard: Callable[[Sequence[bytes] | None], None],
    ) -> None:
        # Pushed messages of RESP3 would come between the answers of any connection that tracks.
        arguments = {**options.arguments, "protocol": 2}
        self._options = dataclasses.replace(options, arguments=arguments)
        self._prefix = prefix
        self._heard = heard
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._refused = False
        self.valid_until = 0.0
        tell_when_forked(self)

    def ensure(self) -> None:
        """Listen, if that has not begun in this process."""
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._stopped.is_set():
                    self._thread = threading.Thread(
                        target=self._run, name="surefoot-cache-watch", daemon=True
                    )
                    self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._stopped.set()
        self.valid_until = 0.0
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(2.0)

    def in_child(self) -> None:
        """After a fork: the thread is the parent's, and so is what it heard since."""
        self._lock = threading.Lock()
        self._thread = None
        self.valid_until = 0.0
        self._heard(None)

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopped.is_set():
            try:
                self._listen()
                pause = _FIRST_PAUSE
            except StoreError as error:
                self._say(error)
            finally:
                self.valid_until = 0.0
                self._heard(None)
            self._stopped.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _say(self, error: StoreError) -> None:
        if isinstance(error, StoreRefusedError) and not self._refused:
            self._refused = True
            _log.warning("no copies are kept in this process: %s", error)

    def _listen(self) -> None:
        listener = RedisConnection.open(self._options)
        try:
            teller = RedisConnection.open(self._options)
            try:
                self._follow(listener, teller)
            finally:
                teller.close()
        finally:
            listener.close()

    def _follow(self, listener: RedisConnection, teller: RedisConnection) -> None:
        beats = f"{self._prefix}~{os.getpid()}-{os.urandom(6).hex()}".encode()
        number = listener.ask("CLIENT", "ID")
        listener.ask("SUBSCRIBE", _INVALIDATIONS)
        listener.ask("SUBSCRIBE", beats)
        teller.ask("CLIENT", "TRACKING", "ON", "REDIRECT", number, "BCAST", "PREFIX", self._prefix)
        self._prove(listener, teller, beats)
        sent: dict[bytes, float] = {}
        count, due, last = 0, _clock(), _clock()
        while not self._stopped.is_set():
            now = _clock()
            if now - last > _LOST:
                return
            if now >= due:
                count, due = count + 1, now + _BEAT
                name = b"%d" % count
                sent = {name: now} | {each: at for each, at in sent.items() if now - at < _LOST}
                teller.ask("PUBLISH", beats, name)
            channel, said = self._next(listener, due - now)
            if channel == _INVALIDATIONS:
                self._heard(said)
            elif channel == beats and said in sent:
                last = sent.pop(said)
                self.valid_until = last + _VALID

    def _prove(self, listener: RedisConnection, teller: RedisConnection, beats: bytes) -> None:
        """Write a key and hear of it: a server that only says that it tracks is found out."""
        teller.ask("SET", beats, b"", "PX", 1000)
        until = _clock() + _LOST
        while (now := _clock()) < until:
            channel, said = self._next(listener, until - now)
            if channel == _INVALIDATIONS and said is not None and beats in said:
                self._heard(None)
                return
        raise StoreRefusedError(
            f"{self._options.address} does not say which keys change",
            do="allow CLIENT TRACKING, or use no local tier",
        )

    def _next(self, listener: RedisConnection, seconds: float) -> tuple[bytes, Any]:
        """A message and its channel; nothing if none comes in that time."""
        message = listener.hear(max(0.0, seconds))
        if message is None:
            return b"", b""
        return message[1], message[2]
