"""Whether a proof still speaks about the application, the data and the machine of today."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from surefoot.core.journal.entry import Facts, Host
from surefoot.units import format_bytes

__all__ = ["stale"]

# A plan of a query changes with the order of magnitude of its table, not with a few rows more.
_DATA_FACTOR: Final = 2.0
# Firmware and kernel reserve a different part of the same memory after an update.
_MEMORY_SHARE: Final = 0.1


def stale(then: Facts, now: Facts) -> tuple[str, ...]:
    """What has changed since a proof, one phrase each; empty while it still stands.

    What is not known on one of the sides is not compared.
    """
    return (*_application(then, now), *_data(then.data, now.data), *_host(then, now))


def _application(then: Facts, now: Facts) -> Iterator[str]:
    if _differ(then.code, now.code):
        yield "the code changed"
    if _differ(then.dependencies, now.dependencies):
        yield "the dependencies changed"


def _data(then: int, now: int) -> Iterator[str]:
    if then and now and not then / _DATA_FACTOR <= now <= then * _DATA_FACTOR:
        yield f"the data went from {format_bytes(then)} to {format_bytes(now)}"


def _host(before: Facts, after: Facts) -> Iterator[str]:
    then, now = before.host, after.host
    if _differ(then.cpu, now.cpu):
        yield f"the processor is {now.cpu}, it was {then.cpu}"
    if _differ(then.cores, now.cores):
        yield f"the host has {now.cores} cores, it had {then.cores}"
    if then.memory and now.memory and abs(now.memory / then.memory - 1) > _MEMORY_SHARE:
        amounts = f"{format_bytes(now.memory)} of memory, it had {format_bytes(then.memory)}"
        yield f"the host has {amounts}"
    if _differ(_series(then), _series(now)):
        yield f"the kernel is {now.kernel}, it was {then.kernel}"


def _differ(then: str | int, now: str | int) -> bool:
    return bool(then) and bool(now) and then != now


def _series(host: Host) -> str:
    # Updates within one series, 6.8.0-41 to 6.8.0-45, arrive every few weeks and are repairs.
    return ".".join(host.kernel.split(".")[:2])
