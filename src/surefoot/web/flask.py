"""Flask and Werkzeug: which route a WSGI environment was served by."""

from __future__ import annotations

from typing import Any

__all__ = ["route"]


def route(environ: dict[str, Any]) -> str:
    """The rule that matched, ``"/books/<int:id>"``; empty if there is none.

    Werkzeug leaves the request it made in the environment, and Flask notes the rule on it. Flask
    takes the request out again when its context ends, so this is asked when the answer starts.
    """
    request = environ.get("werkzeug.request")
    rule = getattr(request, "url_rule", None)
    return str(rule.rule) if rule is not None else ""
