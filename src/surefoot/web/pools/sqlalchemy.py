"""SQLAlchemy's engines, sync and async, made with pools of the configured size.

``create_async_engine``, ``engine_from_config`` and Flask-SQLAlchemy all end in ``create_engine``.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import Any, Final

from surefoot.web.pools.named import set_for

__all__ = ["MODULE", "install"]

# Not sqlalchemy itself: others take the function from here while that is still being imported.
MODULE: Final = "sqlalchemy.engine.create"


def install(module: ModuleType, *, sizes: Mapping[str, int]) -> None:
    """Replace ``create_engine``; ``module`` has just been executed."""
    package: Any = module
    create = package.create_engine

    @functools.wraps(create)
    def create_engine(url: Any, **arguments: Any) -> Any:
        try:
            arguments |= _pool_arguments(url, arguments, sizes)
        except Exception as error:  # noqa: BLE001 - the engine's own error is the one to be seen
            sys.stderr.write(f"surefoot: a pool keeps its own size: {error!r}\n")
        return create(url, **arguments)

    package.create_engine = create_engine


def _pool_arguments(url: Any, given: Mapping[str, Any], sizes: Mapping[str, int]) -> dict[str, int]:
    """What to say of the pool; nothing where it is not one that hands out a number of them."""
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - the application has imported it
    from sqlalchemy.pool import QueuePool  # noqa: PLC0415

    if given.get("pool") is not None:
        return {}
    address = make_url(url)
    size = int(set_for(sizes, address.database or ""))
    if not size:
        return {}
    # A dialect that is both sync and async has a queue in either case.
    kind = given.get("poolclass") or address.get_dialect().get_pool_class(address)
    if not issubclass(kind, QueuePool):
        return {}
    return {"pool_size": size, "max_overflow": 0}
