"""How large the answers are, and how large they would be gzipped."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Sequence
from typing import Final

from surefoot.core.compression import LEVEL, compressible
from surefoot.errors import SurefootError
from surefoot.toolbox.load import Closed, Generator, Workload
from surefoot.toolbox.load.observation import Answered, Observation

__all__ = ["sizes", "weight"]

_SECONDS: Final = 0.7
_KEPT: Final = 8_000_000  # bytes of bodies
_GZIP: Final = zlib.MAX_WBITS | 16


async def sizes(
    workload: Workload, addresses: Sequence[str], stop: asyncio.Event
) -> tuple[float, float]:
    """Mean bytes of an answer, as it was sent and with what can be gzipped gzipped.

    One request at a time, for less than a second; both 0 where that gave no answers.
    """
    try:
        async with Generator(workload, addresses, observe=Observation(bytes=_KEPT)) as generator:
            result = await generator.run(Closed(population=1, seconds=_SECONDS), stop=stop)
    except SurefootError:
        # The run's own generator has logged in; that a second one cannot is no reason to end it.
        return 0.0, 0.0
    answers = [answer for answer in result.answers.answers if answer.status >= 200]
    if not answers:
        return 0.0, 0.0
    plain = sum(_plain(answer) for answer in answers)
    return plain / len(answers), sum(map(weight, answers)) / len(answers)


def _head(answer: Answered) -> int:
    return sum(len(name) + len(value) + 4 for name, value in answer.headers)


def _plain(answer: Answered) -> int:
    sent = dict(answer.headers)
    if "content-encoding" in sent:
        length = sent.get("content-length", "")
        return _head(answer) + (int(length) if length.isdigit() else len(answer.body))
    return _head(answer) + len(answer.body)


def weight(answer: Answered) -> int:
    """Bytes of an answer, its body gzipped where ``response.compress`` would do that."""
    method = answer.request.partition(" ")[0]
    if not compressible(method, answer.status, answer.headers):
        return _plain(answer)
    deflate = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP)
    return _head(answer) + len(deflate.compress(answer.body) + deflate.flush())
