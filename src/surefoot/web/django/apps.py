"""Surefoot as an application of Django's: ``INSTALLED_APPS += ["surefoot.web.django"]``.

For servers that import the project's own ``wsgi.py`` or ``asgi.py``. What ``surefoot.toml`` says of
answers and databases is in force then; nothing is read or wrapped in management commands but the
databases.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from django.apps import AppConfig

from surefoot.telemetry.imports import ImportWatch
from surefoot.web import own

__all__ = ["Surefoot"]


class Surefoot(AppConfig):  # type: ignore[misc]
    """Made before any model is imported, and so before the first look at ``DATABASES``."""

    name = "surefoot.web.django"
    label = "surefoot"
    verbose_name = "Surefoot"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        own.databases()
        handlers = {"django.core.handlers.wsgi": _wsgi, "django.core.handlers.asgi": _asgi}
        ImportWatch(handlers).install()


def _wsgi(module: ModuleType) -> None:
    handler: Any = module.__dict__["WSGIHandler"]
    plain = handler.__call__

    @functools.wraps(plain)
    def __call__(self: Any, environ: Any, start_response: Any) -> Any:  # noqa: N807
        return (self.surefoot or plain)(*_called(self, environ, start_response))

    handler.__call__ = __call__
    _around(handler, plain, own.wsgi)


def _asgi(module: ModuleType) -> None:
    handler: Any = module.__dict__["ASGIHandler"]
    plain = handler.__call__

    # Servers look whether it is a coroutine function.
    @functools.wraps(plain)
    async def __call__(self: Any, scope: Any, receive: Any, send: Any) -> None:  # noqa: N807
        await (self.surefoot or plain)(*_called(self, scope, receive, send))

    handler.__call__ = __call__
    _around(handler, plain, own.asgi)


def _called(handler: Any, *words: Any) -> tuple[Any, ...]:
    return words if handler.surefoot else (handler, *words)


def _around(
    handler: Any,
    plain: Callable[..., Any],
    wrap: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> None:
    """Have each handler know what the configuration puts around its plain call."""
    made = handler.__init__

    @functools.wraps(made)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        made(self, *args, **kwargs)
        # Classes derived from it call others, or serve files.
        self.surefoot = wrap(functools.partial(plain, self)) if type(self) is handler else None

    handler.__init__ = __init__
