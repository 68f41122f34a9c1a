"""A ``gunicorn.conf.py``: what it sets to plain values, read without running it."""

from __future__ import annotations

import ast
from types import MappingProxyType
from typing import Any, Final

from surefoot.toolbox.existing.options import Given
from surefoot.toolbox.existing.servers import SERVERS
from surefoot.toolbox.existing.start import Left

__all__ = ["gunicorn_file"]

# Its settings to the options that say the same.
_OPTIONS: Final = {
    "bind": "--bind",
    "workers": "--workers",
    "threads": "--threads",
    "worker_class": "--worker-class",
    "preload_app": "--preload",
    "keepalive": "--keep-alive",
    "graceful_timeout": "--graceful-timeout",
    "chdir": "--chdir",
    "paste": "--paste",
    "timeout": "--timeout",
    "max_requests": "--max-requests",
    "accesslog": "--access-logfile",
    "errorlog": "--error-logfile",
    "loglevel": "--log-level",
}


def gunicorn_file(text: str, name: str) -> Given:
    """What it says; whatever is computed, and every hook, is left.

    Args:
        text: The file.
        name: How to call it.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return Given(MappingProxyType({}), (), (Left(name, "it cannot be read"),))
    said: dict[str, Any] = {}
    left: list[Left] = []
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            _assigned(node.targets[0].id, node.value, name, said, left)
        elif isinstance(node, ast.FunctionDef):
            left.append(Left(f"{name}: {node.name}()", "gunicorn itself calls it, as before"))
    return Given(said, (), tuple(left))


def _assigned(
    setting: str, node: ast.expr, name: str, said: dict[str, Any], left: list[Left]
) -> None:
    options = SERVERS["gunicorn"]
    option = _OPTIONS.get(setting, "")
    meaning = options.known.get(option)
    if meaning is None:
        left.append(Left(f"{name}: {setting}", options.why.get(option, "there is no key for it")))
        return
    try:
        value = ast.literal_eval(node)
        said[meaning.key] = value if isinstance(value, bool) else meaning.convert(_text(value))
    except (ValueError, TypeError):
        left.append(Left(f"{name}: {setting}", "it is computed"))


def _text(value: Any) -> str:
    """As an option would have it; of several addresses the last."""
    if isinstance(value, list | tuple) and value:
        value = value[-1]
    if not isinstance(value, str | int | float):
        raise TypeError
    return str(value)
