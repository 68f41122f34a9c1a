"""An open-model HTTP load generator: requests leave on schedule, whatever becomes of the others.

Latency counts from the instant a request was due, so that a server which stops for a second shows
that second to everybody who would have come in it.
"""

from __future__ import annotations

from surefoot.toolbox.load.generator import Generator
from surefoot.toolbox.load.observation import Answered, Observation, Observed
from surefoot.toolbox.load.reading import parse_workload, read_workload
from surefoot.toolbox.load.result import LoadResult, Progress
from surefoot.toolbox.load.samples import Samples
from surefoot.toolbox.load.schedule import Closed, Schedule
from surefoot.toolbox.load.workload import Workload

__all__ = [
    "Answered",
    "Closed",
    "Generator",
    "LoadResult",
    "Observation",
    "Observed",
    "Progress",
    "Samples",
    "Schedule",
    "Workload",
    "parse_workload",
    "read_workload",
]
