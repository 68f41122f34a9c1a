"""The faults of real applications that the bookshops have, each of which can be switched off.

``BOOKSHOP_FAULTS=n-plus-one,slow-price`` names the ones that are in; ``none`` takes all out. With a
fault switched off every page gives the same answers as with it.
"""

from __future__ import annotations

import difflib
from typing import Final

FAULTS: Final = {
    "n-plus-one": "the list of books asks for author and reviews once per row",
    "unindexed-search": "the search reads a column that has no index: the whole table, twice",
    "mail-in-request": "an order waits until the mail server has taken the mail",
    "slow-recommendation": "recommendations compare each book of a shelf with each other one",
    "slow-price": "every price page asks the price service, which takes 100 ms",
    "blocking-call": "an async view asks the delivery service with a blocking call (FastAPI only)",
    "small-pool": "the pool has one connection, and the delivery page holds it while it waits",
    "lock-across-wait": "the stock page holds a lock while it waits for the warehouse",
    "global-counter": "visits are counted in a module global, each process for itself",
}

DEFAULT: Final = frozenset({"n-plus-one", "unindexed-search"})
"""In when ``BOOKSHOP_FAULTS`` is unset: what most shops are found with."""


def parse(text: str | None) -> frozenset[str]:
    """The faults that ``text`` names.

    Args:
        text: Names with commas between them, ``"none"``, ``"all"``, or ``None`` for the default.

    Raises:
        ValueError: A name is unknown.
    """
    if text is None:
        return DEFAULT
    if text.strip() in {"", "none"}:
        return frozenset()
    if text.strip() == "all":
        return frozenset(FAULTS)
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    for name in sorted(names - FAULTS.keys()):
        near = difflib.get_close_matches(name, FAULTS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(FAULTS)}"
        raise ValueError(f"BOOKSHOP_FAULTS: there is no fault {name}; {hint}")
    return names
