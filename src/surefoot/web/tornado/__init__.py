"""Tornado, which has an HTTP server of its own and is spoken to by neither WSGI nor ASGI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surefoot.web.tornado.recorded import Recorded

__all__ = ["Recorded"]


def __getattr__(name: str) -> Any:
    if name == "Recorded":
        from surefoot.web.tornado.recorded import Recorded  # noqa: PLC0415 - Tornado, when it is there

        return Recorded
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
