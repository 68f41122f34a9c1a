"""Django's cache on the stores of Surefoot.

CACHES = {
    "default": {
        "BACKEND": "surefoot.web.django.Cache",
        "LOCATION": "redis://127.0.0.1:6379/0",
        "OPTIONS": {"local": "16MB"},
    }
}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surefoot.web.django.cache import Cache

__all__ = ["Cache"]


def __getattr__(name: str) -> Any:
    if name == "Cache":
        from surefoot.web.django.cache import Cache  # noqa: PLC0415 - Django, when it is asked for

        return Cache
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
