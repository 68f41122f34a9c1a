"""Whether two stacks gave the same answers, and how not.

What an application varies by itself (a clock, a token) is learnt from two equal stacks that were
asked the same in the same order; of the third, everything else must be equal, and what varies must
behave as it does there.
"""

from __future__ import annotations

from surefoot.toolbox.answers.agreement import Agreement, agree
from surefoot.toolbox.answers.compare import compare
from surefoot.toolbox.answers.serial import same_answers, same_answers_of
from surefoot.toolbox.answers.variation import Variation, learn

__all__ = ["Agreement", "Variation", "agree", "compare", "learn", "same_answers", "same_answers_of"]
