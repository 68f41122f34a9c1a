"""Every exception Surefoot raises on purpose.

Each carries the exit code its command ends with and, where there is one, what the reader can do
about it. The command line prints ``str(error)`` and nothing else: no traceback of ours reaches a
user for a condition that is named here.
"""

from __future__ import annotations

__all__ = [
    "BalancerError",
    "CacheKeyError",
    "ConfigError",
    "DataError",
    "InterpreterError",
    "InvalidRunError",
    "JournalError",
    "OutputError",
    "RecordError",
    "RefusedError",
    "SecretError",
    "ServerError",
    "StoreError",
    "StoreRefusedError",
    "SurefootError",
    "TargetError",
    "TooLargeError",
    "TypeNeededError",
    "UncacheableError",
    "UnitError",
    "UsageError",
    "WorkloadError",
]


class SurefootError(Exception):
    """Something failed in a way that Surefoot foresaw.

    Args:
        message: What happened, in one line where possible.
        do: What the reader can do about it, one line; printed after the message.
    """

    exit_code = 1

    def __init__(self, message: str, *, do: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.do = do

    def __str__(self) -> str:
        return f"{self.message}\n  do: {self.do}" if self.do else self.message


class UsageError(SurefootError):
    """The command was called with words that do not fit."""

    exit_code = 2


class UnitError(UsageError, ValueError):
    """A quantity such as ``250ms`` or ``2GiB`` could not be read."""


class ConfigError(UsageError):
    """The configuration has an unknown key, a wrong type or an impossible value."""


class WorkloadError(UsageError):
    """The workload file cannot be used as it stands."""


class TargetError(SurefootError):
    """The application could not be found, imported or understood."""


class InterpreterError(SurefootError):
    """The application's Python could not be found or lacks what is needed."""


class ServerError(SurefootError):
    """A server process did not start, died, or its address is taken."""


class BalancerError(ServerError):
    """The balancer did not start, did not answer, or would not do what it was told."""


class StoreError(SurefootError):
    """A shared store (Redis, Memcached, a file) did not answer, or not in its time."""


class StoreRefusedError(StoreError):
    """A shared store answered, and would not do this: no room, too large, not a number."""


class TooLargeError(SurefootError, ValueError):
    """A value is larger than a cache takes."""


class CacheKeyError(SurefootError, TypeError):
    """Arguments, or a function, have no key that tells them from others."""


class UncacheableError(SurefootError):
    """A value cannot be kept in a cache."""


class SecretError(UncacheableError):
    """A value holds what looks like a secret, and nobody said that it may be kept."""


class TypeNeededError(UncacheableError):
    """A value comes back only to who says which type it is of."""


class RefusedError(SurefootError):
    """Measuring was refused because the figures would mean nothing."""


class DataError(SurefootError):
    """The application's data could not be copied."""


class JournalError(SurefootError):
    """The journal cannot be read, or was damaged by hand."""


class OutputError(SurefootError):
    """A report could not be written."""


class RecordError(SurefootError):
    """A datagram of telemetry could not be understood."""


class InvalidRunError(SurefootError):
    """The run measured the machine or the generator instead of the application."""

    exit_code = 3
