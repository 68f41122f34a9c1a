"""Which route of an application served a request."""

from __future__ import annotations

from surefoot.web.framework import Carrier
from surefoot.web.frameworks import matchers

__all__ = ["route"]


def route(carrier: Carrier, root: str) -> str:
    """The template that matched, with what it is mounted under; empty where none is known.

    Args:
        carrier: An environment or a scope: when the answer starts, or of ASGI after the call too.
        root: ``SCRIPT_NAME`` or ``root_path`` before the call.
    """
    told = carrier.get("surefoot.route")
    if told:
        # By what answers in the framework's place.
        return str(told)
    for find in matchers("asgi" if "type" in carrier else "wsgi"):
        found = find(carrier, root)
        if found:
            return found
    return ""
