"""How things stand, as one document."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from surefoot.toolbox.measure.host import memory

if TYPE_CHECKING:
    from surefoot.toolbox.serving.supervisor import Supervisor
    from surefoot.toolbox.serving.unit import Unit

__all__ = ["status"]


def status(supervisor: Supervisor) -> Mapping[str, Any]:
    """What runs; see docs/reference/run.md for its keys."""
    record = supervisor.record
    balancer = supervisor.traffic.process
    return {
        "target": supervisor.release.application.target,
        "addresses": list(record.addresses),
        "wanted": {"replicas": supervisor.wanted.replicas, "release": supervisor.wanted.release},
        "supervisor": {"pid": os.getpid()},
        "holder": {"pid": record.holder.pid if record.holder else None},
        "balancer": {"kind": "none", "pid": None} if balancer is None
        else {"kind": "haproxy", "pid": balancer.pid},
        "restarts": supervisor.restarts,
        "replicas": [_replica(unit) for unit in supervisor.units.values()],
    }  # fmt: skip


def _replica(unit: Unit) -> dict[str, Any]:
    return {
        "name": unit.name,
        "release": unit.release,
        "state": unit.state.value,
        "pid": unit.replica.worker() or None,
        "group": unit.replica.pid or None,
        "socket": str(unit.replica.socket),
        "age_s": round(time.time() - unit.began, 1),
        "memory_bytes": memory(unit.replica.pids()),
    }
