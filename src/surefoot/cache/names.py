"""Under which keys of a store the slots of one cache lie."""

from __future__ import annotations

import re
from typing import Final

from surefoot.core.cache.family import NAME, beginnings
from surefoot.errors import ConfigError

__all__ = ["Names"]

_NAME: Final = re.compile(NAME)


class Names:
    """The slots of a cache begin with its name, so that caches may share a store.

    Args:
        name: Letters, digits, ``_``, ``.`` and ``-``; up to 64 of them.

    Raises:
        ConfigError: It has others.
    """

    __slots__ = ("_slots", "_tags", "name", "prefix")

    def __init__(self, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise ConfigError(
                f"{name!r} cannot name a cache",
                do="give letters, digits, _, . and -, 64 of them at most",
            )
        self.name = name
        self.prefix = f"{name}:"
        """What all of them begin with, and no other cache's."""
        self._slots, self._tags = beginnings(name)

    def slot(self, key: str) -> str:
        """Where the value of a key lies."""
        return self._slots + key

    def tag(self, tag: str) -> str:
        """Where the version of a tag lies."""
        return self._tags + tag
