"""Django's routes as templates: what ``path()`` says is one already, ``re_path()`` becomes one."""

from __future__ import annotations

from surefoot.web.expressions import parameters, template

__all__ = ["joined", "parameters", "template"]


def joined(outer: str, inner: str) -> str:
    """The route of a pattern that is included under another, as ``ResolverMatch.route`` tells."""
    return outer + inner.removeprefix("^") if outer else inner
