"""Caches of ``surefoot.cache`` in a store that processes share: nothing that one process keeps.

The copies that a process may have of what lies there are dropped when anybody changes it, or live
for a second.
"""

from __future__ import annotations

import ast
from typing import Final

from surefoot.toolbox.state.names import Bound, Modules, assigned, dotted_name

__all__ = ["is_shared_cache"]

_PACKAGE: Final = "surefoot.cache"
_CLASSES: Final = frozenset({"Cache", "AsyncCache"})
_MADE: Final = "from_url"
_IN_THE_PROCESS: Final = "memory:"


def is_shared_cache(expression: ast.expr, module: str, modules: Modules) -> bool:
    """Whether a name, or one of another module, stands for such a cache.

    Args:
        expression: ``cache`` or ``stores.cache``.
        module: Where it is written.
        modules: The application's.
    """
    parts = dotted_name(expression).split(".")
    bound = modules.find(module, parts[0])
    for part in parts[1:]:
        bound = modules.find(bound.module, part) if bound is not None else None
    if bound is None or not _is_made_by_us(bound, modules):
        return False
    values = _values(bound, modules)
    return bool(values) and not any(map(_is_in_the_process, values))


def _is_made_by_us(bound: Bound, modules: Modules) -> bool:
    holder, _, method = bound.made_by.rpartition(".")
    if method != _MADE:
        return False
    first, _, last = holder.rpartition(".")
    made = modules.find(bound.module, first or last)
    if made is None or made.module != _PACKAGE:
        # "import surefoot.cache" binds its first part.
        return first == _PACKAGE and last in _CLASSES
    return (last if first else made.name) in _CLASSES


def _values(bound: Bound, modules: Modules) -> list[ast.Call]:
    tree = next((each.source.tree for each in modules if each.source.module == bound.module), None)
    pairs = (
        pair
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, ast.stmt)
        for pair in assigned(node)
    )
    return [value for name, value in pairs if name == bound.name and isinstance(value, ast.Call)]


def _is_in_the_process(call: ast.Call) -> bool:
    """Whether its URL, where it is written there, says so; one from elsewhere is a server's."""
    url = call.args[0] if call.args else None
    text = url.value if isinstance(url, ast.Constant) else ""
    return isinstance(text, str) and text.startswith(_IN_THE_PROCESS)
