"""Is the right bottleneck named? Every row of examples/expected.toml, measured.

    python bench/diagnosis_bottleneck.py                 # every row
    python bench/diagnosis_bottleneck.py flask sqlite    # rows with all of these words

Prints one line for each row and a count at the end.
"""

from __future__ import annotations

import fnmatch
import sys
import tomllib
from dataclasses import dataclass
from typing import Any

from diagnosis.bookshop import EXAMPLES, Case, measure, postgresql, services

DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Row:
    """What is expected of one fault in one example with one database."""

    fault: str
    example: str
    database: str
    resources: tuple[str, ...]
    shows: str

    def __str__(self) -> str:
        return f"{self.fault:<20} {self.example:<8} {self.database:<11}"


def rows() -> list[Row]:
    """All rows of the committed table."""
    table = tomllib.loads((EXAMPLES / "expected.toml").read_text())
    found = []
    for fault, entries in table.items():
        if fault == "why":
            continue
        for entry in entries:
            for database in DATABASES:
                if database in entry:
                    told = entry[database]
                    named = (told["resource"], *told.get("or", ()))
                    row = Row(fault, entry["example"], database, named, told["shows"])
                    found.append(row)
    return found


def case(row: Row, url: str) -> Case:
    """How the row is measured."""
    plain = row.fault == "no-fault"
    return Case(
        example=row.example,
        faults="none" if plain else row.fault,
        workload="workload.toml" if plain else f"workloads/{row.fault}.toml",
        database=row.database,
        environ={"DATABASE_URL": url} if row.database == "postgresql" else {"DATABASE_URL": ""},
    )


def judge(row: Row, found: dict[str, Any]) -> tuple[bool, str]:
    """Whether the row holds, and what was seen."""
    if "failed" in found:
        return False, found["failed"].splitlines()[0][:120]
    named = found["bottleneck"]["resource"]
    evidence = " | ".join(line["text"] for line in found["bottleneck"]["evidence"])
    right = named in row.resources
    shown = row.shows == "none" or _shows(row.shows, found)
    sure = found["bottleneck"]["confidence"]
    seen = f"{named} ({sure:.0%}), {found['capacity']['rps']:.0f}/s"
    if right and not shown:
        seen += f", evidence lacks {row.shows}: {evidence[:160]}"
    return right and shown, seen


def _shows(wanted: str, found: dict[str, Any]) -> bool:
    """Whether a resource is named in the evidence or among what its routes need."""
    lines = found["bottleneck"]["evidence"]
    lines = lines + [line for route in found["routes"] for line in route["evidence"]]
    words = {word.strip("`:,") for line in lines for word in line["text"].split()}
    return any(fnmatch.fnmatch(word, wanted) for word in words)


def main() -> int:
    wanted = sys.argv[1:]
    right = count = 0
    with services() as environ, postgresql() as url:
        for row in rows():
            words = (row.fault, row.example, row.database)
            if (row.database == "postgresql" and not url) or not set(wanted) <= set(words):
                continue
            good, seen = judge(row, measure(case(row, url), environ))
            right, count = right + good, count + 1
            mark, told = "ok  " if good else "MISS", " or ".join(row.resources)
            print(f"{mark} {row} expected {told:<20} named {seen}", flush=True)
    print(f"{right} of {count} named right")
    return 0 if right == count else 1


if __name__ == "__main__":
    sys.exit(main())
