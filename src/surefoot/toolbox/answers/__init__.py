"""Whether two stacks gave the same answers, and how not.

What an application varies by itself (a clock, a token) is learnt from two equal stacks that were
asked the same in the same order; of the third, everything else must be equal, and what varies must
behave as it does there.
"""
