"""``/livez``, ``/readyz`` and ``/startupz``, answered before the application sees the request."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

from surefoot.config import Health as Described
from surefoot.health.answers import Health
from surefoot.health.board import Board
from surefoot.health.checks import own_checks
from surefoot.health.configured import Surroundings, configured_checks, prepare

__all__ = ["install"]


def install(
    described: Described, around: Surroundings, interface: str
) -> Callable[[Any], Callable[..., Any]]:
    """Do what has to come before the import of the application.

    Args:
        described: What is configured.
        around: What checks fall back to.
        interface: ``"wsgi"``, ``"asgi"`` or ``"tornado"``.

    Returns:
        What wraps the application.

    Raises:
        ConfigError: A check cannot be made of what is said of it.
    """
    prepare(described.check)
    configured = configured_checks(described.check, around, os.environ)
    # Those of the application are looked up each time: modules are imported late, too.
    board = Board(lambda: [*configured, *own_checks()])
    health = Health(described.prefix, board, described.token_env)
    adapter: Any = importlib.import_module(f"surefoot.web.health.{interface}")
    return lambda application: adapter.Answering(application, health)
