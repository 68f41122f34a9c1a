"""asyncpg's own pool, made with the configured size."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from surefoot.web.pools.named import set_for

__all__ = ["MODULE", "install"]

MODULE: Final = "asyncpg.pool"
_LEAST: Final = 10  # asyncpg's own


def install(module: ModuleType, *, sizes: Mapping[str, int]) -> None:
    """Wrap the constructor of the pool, which ``create_pool`` calls too."""
    pool: Any = module.__dict__["Pool"]
    construct = pool.__init__

    @functools.wraps(construct)
    def __init__(self: Any, *words: Any, **arguments: Any) -> None:  # noqa: N807
        try:
            size = _size(words, arguments, sizes)
        except Exception as error:  # noqa: BLE001 - the pool's own error is the one to be seen
            sys.stderr.write(f"surefoot: a pool keeps its own size: {error!r}\n")
            size = 0
        if size:
            arguments["max_size"] = size
            arguments["min_size"] = min(arguments.get("min_size", _LEAST), size)
        construct(self, *words, **arguments)

    pool.__init__ = __init__


def _size(words: Sequence[Any], arguments: Mapping[str, Any], sizes: Mapping[str, int]) -> int:
    named = arguments.get("database")
    if not named and words and isinstance(words[0], str):
        named = unquote(urlsplit(words[0]).path.removeprefix("/"))
    return int(set_for(sizes, str(named or "")))
