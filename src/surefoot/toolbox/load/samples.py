"""What became of each request, in columns."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

__all__ = ["Samples"]


@dataclass(slots=True, eq=False)
class Samples:
    """One row per request, in the order in which each process saw them end; 25 bytes a row."""

    due: array[float] = field(default_factory=lambda: array("d"))
    """Seconds since the start of the run at which it was due."""
    response: array[float] = field(default_factory=lambda: array("f"))
    """Seconds from being due to the end of the answer."""
    service: array[float] = field(default_factory=lambda: array("f"))
    """Seconds from being sent to the end of the answer; 0 if it was not sent."""
    lag: array[float] = field(default_factory=lambda: array("f"))
    """Seconds from being due until the generator took notice: its own doing alone."""
    request: array[int] = field(default_factory=lambda: array("H"))
    """Index into the workload's request names."""
    status: array[int] = field(default_factory=lambda: array("H"))
    """The status answered; 0 for a connection error, 1 for a time-out."""
    failed: array[int] = field(default_factory=lambda: array("B"))
    """1 where it counts as an error."""

    def __len__(self) -> int:
        return len(self.due)

    def extend(self, other: Samples) -> None:
        """Append the rows of ``other``."""
        self.due.extend(other.due)
        self.response.extend(other.response)
        self.service.extend(other.service)
        self.lag.extend(other.lag)
        self.request.extend(other.request)
        self.status.extend(other.status)
        self.failed.extend(other.failed)
