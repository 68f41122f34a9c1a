"""Does the model predict what is then measured? Saturation, and the rate at the SLO.

    python bench/diagnosis_prediction.py            # ten configurations, about ten minutes
    python bench/diagnosis_prediction.py 3          # only the first three

The model is fixed in the code and its inputs are the two probes only; the rates it is compared with
are searched afterwards. Prints a line for each configuration and the count within 20 %.
"""

from __future__ import annotations

import statistics
import sys
from typing import Any

from diagnosis.bookshop import Case, measure, services

WITHIN = 0.20
SECONDS = 30.0

CASES = (
    Case("flask", "none", threads=1, seconds=SECONDS),
    Case("flask", "none", threads=4, seconds=SECONDS),
    Case("flask", "none", threads=8, seconds=SECONDS),
    Case("flask", "none", threads=4, replicas=2, seconds=SECONDS),
    Case("flask", "n-plus-one", "workloads/n-plus-one.toml", threads=2, seconds=SECONDS),
    Case("flask", "slow-price", "workloads/slow-price.toml", threads=8, seconds=SECONDS),
    Case("flask", "slow-price", "workloads/slow-price.toml", replicas=2, seconds=SECONDS),
    Case("flask", "lock-across-wait", "workloads/lock-across-wait.toml", seconds=SECONDS),
    Case("fastapi", "none", seconds=SECONDS),
    Case("fastapi", "small-pool", "workloads/small-pool.toml", seconds=SECONDS),
)


def errors(found: dict[str, Any]) -> tuple[float, float]:
    """Predicted over measured, minus one: at saturation and at the SLO."""
    predicted = found["predicted"]
    saturation, capacity = found["measured"]["saturation_rps"], found["capacity"]["rps"]
    return (
        predicted["saturation_rps"] / saturation - 1 if saturation else float("inf"),
        predicted["slo_rps"] / capacity - 1 if capacity else float("inf"),
    )


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else len(CASES)
    good, offs = 0, []
    head = f"{'configuration':<44}{'saturation':>22}{'at the SLO':>24}"
    print(head + "  neighbours")
    with services() as environ:
        for case in CASES[:count]:
            found = measure(case, environ)
            if "failed" in found:
                print(f"{case!s:<44} failed: {found['failed'].splitlines()[0]}")
                continue
            at_saturation, at_slo = errors(found)
            within = abs(at_saturation) <= WITHIN and abs(at_slo) <= WITHIN
            good += within
            offs += [abs(at_saturation), abs(at_slo)]
            predicted, capacity = found["predicted"], found["capacity"]
            busy = [note for note in found["notes"] if "cores busy" in note]
            print(
                f"{case!s:<44}{predicted['saturation_rps']:>7.0f} /"
                f"{found['measured']['saturation_rps']:>5.0f} {at_saturation:>+6.0%}"
                f"{predicted['slo_rps']:>9.0f} /{capacity['rps']:>5.0f} {at_slo:>+6.0%}"
                f"  {'ok' if within else 'MISS'} {' '.join(busy)[:45]}",
                flush=True,
            )
    median = statistics.median(off for off in offs if off != float("inf"))
    print(f"{good} of {count} within {WITHIN:.0%} at both; median error {median:.0%}")
    return 0 if good >= 0.8 * count else 1


if __name__ == "__main__":
    sys.exit(main())
