"""The frameworks that Surefoot knows, and what is put into them as they are imported."""

from __future__ import annotations

import functools
import sys
from types import ModuleType
from typing import Final

from surefoot.web.django.framework import DJANGO
from surefoot.web.flask import FLASK
from surefoot.web.framework import Framework, Installer, Matched
from surefoot.web.pyramid.framework import PYRAMID
from surefoot.web.starlette import FASTAPI, STARLETTE
from surefoot.web.tornado.framework import TORNADO

__all__ = ["hook", "known", "matchers", "register"]

known: Final[list[Framework]] = [DJANGO, FLASK, PYRAMID, FASTAPI, STARLETTE, TORNADO]
"""In the order in which they are asked: what is mounted in another framework comes before it, and
so does what is built on another one."""
_hooked: Final[set[str]] = set()


def register(framework: Framework) -> None:
    """Know one more, which is asked before all others."""
    if framework not in known:
        known.insert(0, framework)
        matchers.cache_clear()


@functools.cache
def matchers(interface: str) -> tuple[Matched, ...]:
    """Who may know the route of a request to ``"wsgi"`` or ``"asgi"``, in their order."""
    served = (each for each in known if interface in each.applications.values())
    return tuple(dict.fromkeys(each.matched for each in served))


def hook() -> None:
    """Put in what the frameworks need, each as soon as the application imports it, and once."""
    # Late: a worker that only serves loads nothing of telemetry.
    from surefoot.telemetry.imports import ImportWatch  # noqa: PLC0415

    for framework in known:
        if framework.hooks and framework.name not in _hooked:
            _hooked.add(framework.name)
            careful = {name: _careful(framework, put) for name, put in framework.hooks.items()}
            ImportWatch(careful).install()


def _careful(framework: Framework, put: Installer) -> Installer:
    def put_in(module: ModuleType) -> None:
        try:
            put(module)
        except Exception as error:  # noqa: BLE001 - a release that is built otherwise still serves
            name = framework.name
            sys.stderr.write(
                f"surefoot: routes of {name} are not seen, it is not as expected: {error}\n"
            )

    return put_in
