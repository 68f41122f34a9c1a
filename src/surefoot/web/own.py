"""What ``surefoot.toml`` says of an application, where its own server imports it as it is.

    from surefoot.web import own
    application = own.wsgi(application)

A server that is given ``surefoot.web.entry`` needs none of this: there it does nothing.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

__all__ = ["asgi", "databases", "wsgi"]

_ENTRY: Final = "surefoot.web.entry"
_SERVED: Final = _ENTRY in sys.modules
"""Whether that serves the application which imports this."""


def wsgi(application: Callable[..., Any]) -> Callable[..., Any]:
    """The application with its answers kept and compressed as it is configured.

    Raises:
        ConfigError: The configuration cannot be understood.
    """
    return _around(application, "wsgi")


def asgi(application: Callable[..., Any]) -> Callable[..., Any]:
    """As ``wsgi``."""
    return _around(application, "asgi")


def databases() -> None:
    """Pools and connections as they are configured; to be called before the first is made.

    Raises:
        ConfigError: The configuration cannot be understood.
    """
    planned = _planned()
    if planned is not None and (planned.pools or planned.ages):
        from surefoot.web import pools  # noqa: PLC0415 - where there is something to set

        pools.install(planned.pools, planned.ages)


def _around(application: Callable[..., Any], interface: str) -> Callable[..., Any]:
    planned = _planned()
    if planned is None:
        return application
    from surefoot.web.entry import prepared  # noqa: PLC0415 - as in _planned

    # Set already, by databases(), or too late now.
    rest = dataclasses.replace(planned, pools={}, ages={})
    return prepared(rest, interface)(application)


def _planned() -> Any:
    if _SERVED:
        return None
    # Late: that it is loaded tells that it serves.
    from surefoot.web import entry  # noqa: PLC0415

    settings = entry.worker_settings(os.environ, Path.cwd())
    app = dataclasses.replace(settings.config.app, target="own:application")
    config = dataclasses.replace(settings.config, app=app)
    return entry.plan(dataclasses.replace(settings, config=config))
