"""What a plan needs of a measurement, read from the document that ``measure --json`` writes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from surefoot.core.records import Capacity, Slo
from surefoot.core.resources import Kind, Resource
from surefoot.errors import UsageError

__all__ = ["Measured", "Need", "Option", "from_document", "read"]

_SCHEMA: Final = 1
_OUTSIDE: Final = ("http.", "smtp.", "cache.", "queue.")


@dataclass(frozen=True, slots=True)
class Need:
    """What a request needs of one resource, and how much of it there was."""

    resource: Resource
    demand: float
    """Seconds per request."""
    capacity: float
    """Seconds per second, of all replicas together."""

    @property
    def bound(self) -> float:
        """Requests per second that it allows at most."""
        return self.capacity / self.demand if self.demand else math.inf


@dataclass(frozen=True, slots=True)
class Option:
    """A change that the diagnosis proposed."""

    lever: str
    where: str
    how: str
    gain: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement, as far as a plan looks at it."""

    target: str
    interface: str
    slo: Slo
    replicas: int
    slots: int
    pool: int
    """Connections one replica's pool may hand out; 0 when none was seen."""
    capacity: Capacity
    needs: tuple[Need, ...]
    bottleneck: Resource | None
    embedded: bool
    """Whether the database works inside the workers, as SQLite does."""
    database: bool
    """Whether requests asked any database."""
    cores: float
    """Of the host."""
    generator: float
    """CPU seconds of the load generator per request; users bring their own."""
    options: tuple[Option, ...]
    outside: tuple[str, ...] = ()
    """Services elsewhere that requests wait for."""
    source: str = ""

    def need(self, kind: Kind) -> Need | None:
        """Of one resource; ``None`` where no request needed it."""
        return next((need for need in self.needs if need.resource.kind is kind), None)


def read(path: Path) -> Measured:
    """Read a file that ``surefoot measure --json FILE`` wrote.

    Raises:
        UsageError: It is no such file, or what it holds cannot be planned from.
    """
    again = "write it with: surefoot measure --json FILE"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", do=again) from error
    except ValueError as error:
        raise UsageError(f"{path} is no JSON document", do=again) from error
    return from_document(found, str(path))


def from_document(found: Any, source: str = "the measurement") -> Measured:
    """Read the document itself.

    Raises:
        UsageError: As for ``read``.
    """
    if not isinstance(found, Mapping) or found.get("schema") != _SCHEMA:
        raise UsageError(
            f"{source} is no measurement of schema {_SCHEMA}",
            do="write it with: surefoot measure --json FILE",
        )
    try:
        measured = _measured(found, source)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise UsageError(
            f"{source} does not hold what a measurement holds ({type(error).__name__}: {error})",
            do="write it anew with: surefoot measure --json FILE",
        ) from error
    _refuse(found, measured)
    return measured


def _measured(found: Mapping[str, Any], source: str) -> Measured:
    slo = found["slo"]
    needs = tuple(_need(row) for row in found["resources"])
    spent = {name for route in found["routes"] for name in route["demands"]}
    host = next((need for need in needs if need.resource.kind is Kind.HOST_CPU), None)
    told = found.get("host", {})
    bottleneck = found["bottleneck"]["resource"]
    return Measured(
        target=str(found["target"]),
        interface=str(found["interface"]),
        slo=Slo(_number(slo["latency_ms"]) / 1e3, _number(slo["quantile"]), _number(slo["errors"])),
        replicas=_count(found["replicas"]),
        slots=_count(found["slots"]),
        pool=int(_number(found["pool_size"])),
        capacity=Capacity(
            *(_number(found["capacity"][key] or 0) for key in ("rps", "low", "high"))
        ),
        needs=needs,
        bottleneck=Resource.parse(bottleneck) if bottleneck else None,
        embedded="db.cpu" in spent,
        database=bool(spent & {"db.cpu", "db.wait"}),
        cores=_number(told.get("cores", host.capacity if host else 1.0)),
        generator=_number(told.get("generator_ms", 0.0)) / 1e3,
        options=tuple(
            Option(
                str(change["lever"]),
                str(change["where"]),
                str(change["how"]),
                _number(change["predicted_gain"]),
            )
            for change in found["changes"]
        ),
        outside=tuple(sorted(name for name in spent if name.startswith(_OUTSIDE))),
        source=source,
    )


def _need(row: Mapping[str, Any]) -> Need:
    return Need(
        Resource.parse(row["name"]), _number(row["demand_ms"]) / 1e3, _number(row["capacity"])
    )


def _number(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not math.isfinite(number) or number < 0:
        raise ValueError(f"{value!r} is no figure")
    return number


def _count(value: Any) -> int:
    number = int(_number(value))
    if number < 1:
        raise ValueError(f"{value!r} is no count")
    return number


def _refuse(found: Mapping[str, Any], measured: Measured) -> None:
    if not found.get("valid", True):
        raise UsageError(
            f"{measured.source} is of an invalid run: {found.get('why_invalid', '')}",
            do="measure again on a quieter machine",
        )
    if measured.capacity.low <= 0:
        raise UsageError(
            f"{measured.source}: no rate met {measured.slo}, so no number of replicas would",
            do="make one request quick enough first: surefoot measure names what takes its time",
        )
    if not measured.needs:
        raise UsageError(
            f"{measured.source} names no resource, so nothing can be counted",
            do="measure the application itself: surefoot measure MODULE:NAME --json FILE",
        )
