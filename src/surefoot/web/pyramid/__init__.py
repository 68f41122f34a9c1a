"""Pyramid: its routes, and ``config.include("surefoot.web.pyramid")`` for servers of one's own."""

from __future__ import annotations

from typing import Any

__all__ = ["includeme"]


def includeme(config: Any) -> None:
    """Have every answer go through what ``surefoot.toml`` says; see ``surefoot.web.own``.

    Raises:
        ConfigError: The configuration cannot be understood.
    """
    # Late: the package is imported in workers that serve no Pyramid.
    from surefoot.web.pyramid.include import include  # noqa: PLC0415

    include(config)
