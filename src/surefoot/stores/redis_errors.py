"""What redis-py and Redis complain about, in plain words and without passwords."""

from __future__ import annotations

from typing import Final

from surefoot.errors import ConfigError, StoreError, StoreRefusedError

__all__ = ["ScriptMissingError", "explained", "missing_package", "timed_out"]


class ScriptMissingError(StoreRefusedError):
    """The server does not know the script: it was started anew since."""


_WORDS: Final = {
    "AuthenticationError": ("refuses the password", "see to the user and password in its URL"),
    "AuthenticationWrongNumberOfArgsError": (
        "refuses the password", "see to the user and password in its URL",
    ),
    "AuthorizationError": ("refuses this user", "see to the user and password in its URL"),
    "BusyLoadingError": ("is still loading its data", ""),
    "ReadOnlyError": ("is a replica and takes no writes", "give the address of the primary"),
    "MasterDownError": ("has lost its primary", ""),
    "ClusterDownError": ("is part of a cluster that is down", ""),
    "MovedError": (
        "is part of a cluster, which this store does not follow",
        "give it a Redis that is not part of a cluster",
    ),
    "TimeoutError": ("did not answer in its time", ""),
}  # fmt: skip
_REFUSALS: Final = {
    "OutOfMemoryError": (
        "is full and evicts nothing", "set its maxmemory-policy to allkeys-lru",
    ),
    "NoPermissionError": (
        "does not allow this user a command", "allow GET, MGET, SET, DEL, EVAL and EVALSHA",
    ),
}  # fmt: skip
_BEGINNINGS: Final = {
    "WRONGTYPE": "holds something else than a slot under this key",
    "value is not an integer": "holds something else than a number under this key",
    "increment or decrement would overflow": "cannot count beyond 64 bits",
}


def explained(error: BaseException, address: str) -> StoreError:
    """The error of ours for one of redis-py's, or of a socket."""
    names = [kind.__name__ for kind in type(error).__mro__]
    if "NoScriptError" in names:
        return ScriptMissingError(f"Redis at {address} does not know a script")
    for name in names:
        if name in _WORDS:
            words, do = _WORDS[name]
            return StoreError(f"Redis at {address} {words}", do=do)
        if name in _REFUSALS:
            words, do = _REFUSALS[name]
            return StoreRefusedError(f"Redis at {address} {words}", do=do)
    text = str(error)
    for beginning, words in _BEGINNINGS.items():
        if beginning in text:
            return StoreRefusedError(f"Redis at {address} {words}")
    if "ResponseError" in names:
        # The first word of an answer is its kind; what follows may repeat what was sent.
        return StoreError(f"Redis at {address} answers {text.split(' ', 1)[0]}")
    return StoreError(f"Redis at {address} cannot be reached: {text}")


def timed_out(address: str, seconds: float) -> StoreError:
    """The error for an answer that did not come."""
    return StoreError(f"Redis at {address} did not answer within {seconds * 1000:.0f} ms")


def missing_package(error: ImportError) -> ConfigError:
    """The error for a package that is not installed."""
    return ConfigError(
        f"a Redis URL needs the package redis: {error}", do="pip install surefoot[redis]"
    )
