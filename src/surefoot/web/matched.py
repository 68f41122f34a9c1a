"""Which route a WSGI application served a request by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from surefoot.web import flask

__all__ = ["ROUTES", "wsgi_route"]

Environ = dict[str, Any]


ROUTES: Final[tuple[Callable[[Environ], str], ...]] = (flask.route,)
"""How the frameworks that leave their route in the environment do so."""


def wsgi_route(environ: Environ, root: str) -> str:
    """The template that matched, with what it is mounted under; empty where none is known.

    Args:
        environ: During the call, when the answer starts.
        root: ``SCRIPT_NAME`` before the call.
    """
    told = environ.get("surefoot.route")
    if told:
        # By what answers in the framework's place.
        return str(told)
    for find in ROUTES:
        found = find(environ)
        if found:
            # A prefix of "/" is none, though applications set it: "//<id>/" is no route.
            mounted = str(environ.get("SCRIPT_NAME", "")).rstrip("/")
            if len(mounted) > len(root) and mounted.startswith(root):
                found = mounted[len(root) :] + found
            return found
    return ""
