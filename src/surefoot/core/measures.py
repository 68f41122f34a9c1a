"""The figures that a change is decided on, or must not lose."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Measure"]


class Measure(StrEnum):
    """What a change can be decided on, or must not lose."""

    CPU = "cpu"
    """CPU seconds per request, of every process of the stack but the generator."""
    CAPACITY = "capacity"
    """Completed requests per second with twice the slots in flight."""
    LATENCY = "latency"
    """The 95th percentile of response time in the same blocks, seconds."""
    ERRORS = "errors"
    """Share of the requests that failed."""
    MEMORY = "memory"
    """Bytes of the stack's processes, shared pages divided among those who share them."""
    BYTES = "bytes"
    """Bytes of an answer's head and body as they were sent."""

    @property
    def more_is_better(self) -> bool:
        """Whether a ratio above 1 is a gain."""
        return self is Measure.CAPACITY
