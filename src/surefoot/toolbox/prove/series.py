"""Pairs of blocks, one after the other, until they say enough or the time is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from surefoot.core.ab import LEAST_PAIRS, Judgement, Question, abba, judge, radius
from surefoot.core.proof import Pair
from surefoot.toolbox.measure.bench import Bench
from surefoot.toolbox.prove.block import Blocks, Loaded

__all__ = ["Series"]

_LOOK_AT_NOISE: Final = 2 * LEAST_PAIRS
# Cores that neighbours may use more beside one block of a pair than beside the other. Judged by
# what they did, never by what was measured of the two, so that leaving pairs out favours neither.
_UNEVEN: Final = 0.2
# An interval that would still reach this many margins to each side at the end decides nothing.
_HOPELESS: Final = 5.0


@dataclass
class Series:
    """What the two did in turn.

    Args:
        question: What is asked of the pairs.
        base: The one that is.
        variant: The one that may become.
        blocks: How long and how hard each is loaded.
        seed: Orders and requests are the same for the same seed.
        keep: Is given the two loads of each pair, base first.
    """

    question: Question
    base: Bench
    variant: Bench
    blocks: Blocks
    seed: int
    keep: Callable[[Loaded, Loaded], None] = lambda _base, _variant: None
    measured: list[Pair] = field(default_factory=list)

    @property
    def pairs(self) -> list[Pair]:
        """Those that count: without the disturbed ones, unless they are most of them."""
        even = [pair for pair in self.measured if not _disturbed(pair)]
        return even if 2 * len(even) >= len(self.measured) else self.measured

    @property
    def disturbed(self) -> int:
        """Pairs left out because neighbours were busy beside one of their blocks only."""
        return len(self.measured) - len(self.pairs)

    async def run(
        self, deadline: float, say: Callable[[str], None], stop: asyncio.Event
    ) -> Judgement:
        """Load the two in turn.

        Args:
            deadline: Instant of ``time.monotonic`` at which the last pair must have ended.
            say: Is told how far the interval has closed.
            stop: Set to end with what there is.

        Raises:
            ServerError: One of the two died.
        """
        for base_first in abba(self.seed):
            began = time.monotonic()
            if stop.is_set():
                break
            await self.pair(base_first=base_first)
            judgement = judge(self.question, self.pairs)
            if judgement.outcome is not None:
                return judgement
            now = time.monotonic()
            took = now - began
            say(self._line(judgement, deadline - now))
            if now + took > deadline or self._hopeless(judgement, (deadline - now) / took):
                break
        return judge(self.question, self.pairs, final=True, cut_short=stop.is_set())

    async def pair(self, *, base_first: bool) -> None:
        """One block on each, with the same requests."""
        # Two pairs share their requests: what the base answers in one and not in the other varies.
        seed = self.seed * 1_000_003 + len(self.measured) // 2
        if base_first:
            base = await self.blocks.run(self.base, seed)
            variant = await self.blocks.run(self.variant, seed)
        else:
            variant = await self.blocks.run(self.variant, seed)
            base = await self.blocks.run(self.base, seed)
        self.keep(base, variant)
        self.measured.append(Pair(base.side, variant.side, base_first))

    def _line(self, judgement: Judgement, left: float) -> str:
        shown = [
            f"{measure} x {ratio.value:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"
            for measure, ratio in judgement.ratios.items()
            if measure in self.question.on
        ]
        return f"pair {len(self.pairs)}: {', '.join(shown)}; {max(0, left):.0f} s left"

    def _hopeless(self, judgement: Judgement, more: float) -> bool:
        """Whether the noise leaves no hope of an answer in the time that is left."""
        count = len(self.pairs)
        if count < _LOOK_AT_NOISE or judgement.outcome is not None:
            return False
        measure = judgement.decided_on
        alpha = self.question.level(measure)
        reach = radius(judgement.noise, count + int(more), alpha)
        ratio = judgement.ratios.get(measure)
        settled = ratio is not None and not ratio.low <= 1 <= ratio.high
        return not settled and reach > _HOPELESS * self.question.margins[measure]


def _disturbed(pair: Pair) -> bool:
    return abs(pair.base.neighbours - pair.variant.neighbours) > _UNEVEN
