"""Answers that each process would keep for itself, and the store in which all find them."""

from __future__ import annotations

from typing import Final

from surefoot.core.records import ConfigEdit
from surefoot.toolbox.analysis.case import Case

__all__ = ["keeps_answers", "together"]

_URL: Final = "cache.url"
_SHARED: Final = "sqlite:///responses.db"


def keeps_answers(case: Case) -> bool:
    """Whether answers of any route are kept already."""
    return any(key.startswith("cache.response[") for key, _ in case.evidence.keys)


def together(case: Case, processes: int) -> tuple[ConfigEdit, ...]:
    """What lets so many processes share what they keep; nothing where they do.

    With a memory for each, what is written through one of them would not be known to the others:
    they would answer differently.
    """
    url = str(case.setting(_URL))
    if processes > 1 and url.partition(":")[0] == "memory":
        return (ConfigEdit(_URL, url, _SHARED),)
    return ()
