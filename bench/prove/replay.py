"""How often would nothing have been called a difference? A thousand replays of recorded blocks.

    python bench/prove/replay.py                        # of what record.py wrote

A replay takes one life, starts at a random one of its pairs and goes round, with base and variant
exchanged as a whole or not, and decides after every pair as a proof does. Pairs of one life stay
together in their order: whatever made one of two equal stacks the faster for a while, or for its
whole life, is in the replay as it was in the recording.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import Counter
from pathlib import Path
from statistics import fmean, stdev

from record import DEFAULT_FILE

from surefoot.core.ab import Question, judge
from surefoot.core.proof import Measure, Outcome, Pair, Side

REPLAYS = 1000
WRONG = (Outcome.BETTER, Outcome.WORSE)


def lives(file: Path) -> list[tuple[str, list[Pair]]]:
    """The recorded lives."""
    found = []
    for line in file.read_text().splitlines():
        row = json.loads(line)
        pairs = [
            Pair(Side(**block["base"]), Side(**block["variant"]), block["base_first"])
            for block in row["blocks"]
        ]
        found.append((row["example"], pairs))
    return found


def replay(pairs: list[Pair], draw: random.Random, question: Question) -> tuple[Outcome, int]:
    """The outcome of one replay, and after how many pairs."""
    first = draw.randrange(len(pairs))
    turned = draw.random() < 0.5
    order = [*pairs[first:], *pairs[:first]]
    taken: list[Pair] = []
    for pair in order:
        taken.append(Pair(pair.variant, pair.base, not pair.base_first) if turned else pair)
        judgement = judge(question, taken)
        if judgement.outcome is not None:
            return judgement.outcome, len(taken)
    final = judge(question, taken, final=True).outcome
    assert final is not None
    return final, len(taken)


def upper_bound(count: int, total: int, confidence: float = 0.95) -> float:
    """The largest share that still gives so few in 5 % of the cases (Clopper and Pearson, 1934)."""
    low, high = count / total, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        below = math.fsum(
            math.comb(total, k) * middle**k * (1 - middle) ** (total - k) for k in range(count + 1)
        )
        low, high = (middle, high) if below > 1 - confidence else (low, middle)
    return high


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--file", type=Path, default=DEFAULT_FILE)
    args = parser.parse_args()
    recorded = lives(args.file)
    for example, pairs in recorded:
        line = []
        for measure in (Measure.CPU, Measure.CAPACITY):
            logs = [math.log(p.variant.value(measure) / p.base.value(measure)) for p in pairs]
            line.append(f"{measure} {fmean(logs):+.3f} +- {stdev(logs):.3f}")
        print(f"{example:<8} {len(pairs)} pairs, log(variant / base): {', '.join(line)}")
    for name, question in (
        ("cpu or capacity, steadied", Question(steadied=True)),
        ("cpu or capacity", Question()),
        ("cpu", Question(on=(Measure.CPU,))),
        ("capacity", Question(on=(Measure.CAPACITY,))),
    ):
        draw = random.Random(7)
        outcomes = [replay(draw.choice(recorded)[1], draw, question) for _ in range(REPLAYS)]
        counts = Counter(str(outcome) for outcome, _ in outcomes)
        wrong = sum(outcome in WRONG for outcome, _ in outcomes)
        print(
            f"decided on {name}: {dict(counts)}; false {wrong / REPLAYS:.1%}, "
            f"95 % upper bound {upper_bound(wrong, REPLAYS):.1%}; "
            f"mean pairs {fmean(n for _, n in outcomes):.1f}"
        )


if __name__ == "__main__":
    main()
