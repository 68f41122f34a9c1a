"""What the journal keeps of a verdict."""

from __future__ import annotations

from typing import Any

from surefoot.core.proof import Verdict, document

__all__ = ["summary"]

_LEFT_OUT = ("base", "variant")


def summary(verdict: Verdict) -> dict[str, Any]:
    """The verdict without its blocks, and without what the answers held.

    The journal is committed beside the code, and an answer may hold somebody's data: where two
    differed is kept, what they said is not.
    """
    told = document(verdict)
    del told["blocks"]
    examples = told["answers"]["examples"]
    told["answers"]["examples"] = [
        {name: value for name, value in example.items() if name not in _LEFT_OUT}
        for example in examples
    ]
    return told
