"""Measures the bookshops with one fault at a time and compares what is named with the table.

    python bench/bottlenecks.py      # every row of examples/expected.toml
    python bench/bottlenecks.py --fault small-pool --example flask --database sqlite

A row is right when `surefoot measure` names the resource that examples/expected.toml expects, or
one that the table calls equally right. "shown" says whether the evidence or a proposed change names
what the table says it must. The exit code is 1 when a row is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from servers import postgres
from servers.process import started

EXAMPLES: Final = Path(__file__).resolve().parents[1] / "examples"
COLUMNS: Final = ("fault", "example", "database", "expected", "named", "sure", "rate", "shown", "")
WIDTHS: Final = (20, 8, 11, 22, 12, 5, 8, 6, 5)


@dataclass(frozen=True, slots=True)
class Row:
    """One cell of the table."""

    fault: str
    example: str
    database: str
    expected: tuple[str, ...]
    shows: str

    @property
    def workload(self) -> Path:
        """The workload that concentrates on the fault's page."""
        if self.fault == "no-fault":
            return EXAMPLES / "workload.toml"
        return EXAMPLES / "workloads" / f"{self.fault}.toml"


def rows() -> Iterator[Row]:
    """The whole table."""
    table = tomllib.loads((EXAMPLES / "expected.toml").read_text(encoding="utf-8"))
    for fault, entries in table.items():
        for entry in entries if isinstance(entries, list) else ():
            for database in ("sqlite", "postgresql"):
                cell = entry[database]
                right = (cell["resource"], *cell.get("or", ()))
                yield Row(fault, entry["example"], database, right, cell["shows"])


def measure(row: Row, environ: dict[str, str], seconds: int) -> dict[str, Any]:
    """The JSON of one measurement; ``{"failed": why}`` where there is none."""
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.json"
        command = [sys.executable, "-m", "surefoot", "measure"]
        command += [f"{row.example}_bookshop.app:create_app()", "--workload", str(row.workload)]
        command += ["--seconds", str(seconds), "--json", str(report)]
        faults = "none" if row.fault == "no-fault" else row.fault
        result = subprocess.run(
            command,
            cwd=EXAMPLES,
            env=environ | {"BOOKSHOP_FAULTS": faults},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        if not report.exists():
            return {"failed": (result.stderr.strip() or "no report").splitlines()[0]}
        found: dict[str, Any] = json.loads(report.read_text())
        return found


def shown(row: Row, report: dict[str, Any]) -> bool:
    """Whether the resource that the fault uses is named in evidence or by a proposed change."""
    wanted = row.shows.removesuffix("*")
    texts = [finding["text"] for finding in report["bottleneck"]["evidence"]]
    texts += [text["text"] for route in report["routes"] for text in route.get("evidence", ())]
    texts += [change["relieves"] for change in report["changes"]]
    return any(wanted in text for text in texts)


def line(row: Row, report: dict[str, Any]) -> tuple[bool, list[str]]:
    """Whether the row is right, and its line of the table."""
    cells = [row.fault, row.example, row.database, "|".join(row.expected)]
    if "failed" in report:
        return False, [*cells, report["failed"]]
    named = report["bottleneck"]["resource"] or "none"
    right = named in row.expected
    seen = "-" if row.shows == "none" else ("yes" if shown(row, report) else "no")
    cells += [named, f"{report['bottleneck']['confidence']:.0%}"]
    cells += [f"{report['capacity']['rps']:.0f}/s", seen, "right" if right else "WRONG"]
    return right, cells


def show(cells: list[str] | tuple[str, ...]) -> None:
    """Print one line of the table."""
    padded = [cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=False)]
    print("  ".join(padded).rstrip(), flush=True)


@contextlib.contextmanager
def surroundings(wanted: set[str]) -> Iterator[dict[str, dict[str, str]]]:
    """The environment of the bookshops for each database, with the services running."""
    with contextlib.ExitStack() as stack:
        ports = ["--http-port", "0", "--mail-port", "0"]
        command = [sys.executable, "services.py", *ports]
        services = started(command, cwd=EXAMPLES, stdout=subprocess.PIPE)
        output = stack.enter_context(services).stdout
        assert output is not None
        addresses = json.loads(output.readline())
        common = dict(
            os.environ,
            BOOKSHOP_SERVICES=addresses["http"],
            BOOKSHOP_MAIL=addresses["mail"],
            BOOKSHOP_DATA=stack.enter_context(tempfile.TemporaryDirectory()),
        )
        common.pop("DATABASE_URL", None)
        environs = {"sqlite": common}
        if "postgresql" in wanted:
            url = stack.enter_context(postgres.running())
            if url is None:
                print("PostgreSQL is not installed: its rows are left out")
            else:
                environs["postgresql"] = common | {"DATABASE_URL": url}
        yield environs


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description="Compare named bottlenecks with expected ones.")
    for option in ("fault", "example", "database"):
        parser.add_argument(f"--{option}", action="append", help="only this one; may be repeated")
    parser.add_argument("--seconds", type=int, default=20, help="budget of each search")
    args = parser.parse_args()
    chosen = [
        row
        for row in rows()
        if all(
            getattr(args, name) is None or getattr(row, name) in getattr(args, name)
            for name in ("fault", "example", "database")
        )
    ]
    verdicts = []
    with surroundings({row.database for row in chosen}) as environs:
        show(COLUMNS)
        for row in chosen:
            if row.database in environs:
                right, cells = line(row, measure(row, environs[row.database], args.seconds))
                verdicts.append(right)
                show(cells)
    print(f"\n{sum(verdicts)} of {len(verdicts)} rows name what was expected")
    return 0 if verdicts and all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
