"""What caches did, as rows to be shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from surefoot import units
from surefoot.core.records import Evidence
from surefoot.toolbox.analysis.caches import CacheUse, cache_uses

__all__ = ["CacheRow", "cache_lines", "cache_rows", "caches_document"]

_SHOWN = 6


@dataclass(frozen=True, slots=True)
class CacheRow:
    """One tier of a cache, or a route whose answers are kept; empty text for what is not known."""

    name: str
    tier: str
    asked: str
    hits: str
    stale: str
    computed: str
    also: str
    """What else happened: not kept, failed, without the store, not looked up."""
    kept: str
    evicted: str
    time: str
    """Of a call of the store, in the mean."""


def cache_rows(evidence: Evidence) -> tuple[CacheRow, ...]:
    """Every tier of every cache, the one that was asked most first."""
    return tuple(map(_row, cache_uses(evidence.probes)))


def _row(use: CacheUse) -> CacheRow:
    total, ratio = use.total, use.hit_ratio
    return CacheRow(
        name=total.name,
        tier=total.tier,
        asked=_count(use.asked),
        # To a tenth: between 99 and 99.9 in a hundred lies ten times the work.
        hits="" if ratio is None else f"{100 * ratio:.1f}%",
        stale=_count(total.stale),
        computed=_count(total.computed),
        also=_also(use),
        kept=_kept(use),
        evicted=_count(total.evictions),
        time=units.format_duration(use.seconds / use.calls) if use.calls else "",
    )


def _count(number: int) -> str:
    return f"{number:,}" if number else ""


def _also(use: CacheUse) -> str:
    total = use.total
    told = (
        (total.refused, "not kept"),
        (total.failed, "failed"),
        (total.unanswered, "without the store"),
        (total.bypassed, "not looked up"),
    )
    return ", ".join(f"{number:,} {what}" for number, what in told if number)


def _kept(use: CacheUse) -> str:
    total = use.total
    if total.entries is None or total.bytes is None:
        return ""
    return f"{total.entries:,} in {units.format_bytes(total.bytes)}"


def cache_lines(evidence: Evidence) -> list[str]:
    """The table for a terminal; nothing where there is no cache."""
    rows = cache_rows(evidence)[:_SHOWN]
    if not rows:
        return []
    head = CacheRow(
        "cache", "tier", "asked", "hits", "stale", "made", "", "kept", "evicted", "call"
    )
    wide = max(len(row.name) for row in (head, *rows))
    lines = [line for row in (head, *rows) for line in _line(row, min(wide, 32))]
    return [*lines, ""]


def _line(row: CacheRow, wide: int) -> Iterable[str]:
    name = row.name if len(row.name) <= wide else row.name[: wide - 1] + "…"
    yield (
        f"  {name:<{wide}}  {row.tier:<6}{row.asked:>9}{row.hits:>7}{row.stale:>7}{row.computed:>7}"
        f"{row.evicted:>8}{row.time:>8}  {row.kept}"
    ).rstrip()
    if row.also:
        yield f"    {row.also}"


def caches_document(evidence: Evidence) -> list[dict[str, Any]]:
    """For programs."""
    return [
        {
            **asdict(use.total),
            "hit_ratio": None if use.hit_ratio is None else round(use.hit_ratio, 4),
            "store_calls": use.calls,
            "store_ms": round(use.seconds * 1e3, 3),
        }
        for use in cache_uses(evidence.probes)
    ]
