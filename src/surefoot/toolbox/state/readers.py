"""Which function uses the value of which name that may outlive a request.

One that only changes it, as by adding to a count that it does not look at, is not among them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping

from surefoot.core.witness import Place
from surefoot.toolbox.state.chains import CHANGING
from surefoot.toolbox.state.names import Function, Kind, Modules, bound_in, first_line
from surefoot.toolbox.state.sources import Source

__all__ = ["readers"]


def readers(
    sources: Iterable[Source], modules: Modules, keys: frozenset[str]
) -> Mapping[Place, frozenset[str]]:
    """The functions, by file and first line, that refer to any of ``keys``, and to which."""
    found: dict[Place, frozenset[str]] = {}
    for source in sources:
        reader = _Reader(source, modules, keys)
        reader.read(source.tree, None, [])
        found |= {place: frozenset(names) for place, names in reader.found.items() if names}
    return found


class _Reader:
    def __init__(self, source: Source, modules: Modules, keys: frozenset[str]) -> None:
        self._source = source
        self._modules = modules
        self._keys = keys
        self._changed: set[int] = set()
        self.found: dict[Place, set[str]] = {}

    def read(self, node: ast.AST, place: Place | None, scopes: list[tuple[str, set[str]]]) -> None:
        """Everything below ``node``, for the function at ``place`` unless one is deeper."""
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, Function):
                own = (self._source.path, first_line(inner))
                self.read(inner, own, [*scopes, (inner.name, bound_in(inner))])
            elif isinstance(inner, ast.ClassDef):
                self.read(inner, place, [*scopes, (inner.name, set())])
            else:
                self._changed.update(map(id, _only_changed(inner)))
                if place is not None and id(inner) not in self._changed:
                    self._refer(inner, place, scopes)
                self.read(inner, place, scopes)

    def _refer(self, node: ast.AST, place: Place, scopes: list[tuple[str, set[str]]]) -> None:
        named: set[str] = set()
        if isinstance(node, ast.Attribute):
            named = {f".{node.attr}", self._in_module(node)}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            named = {f".{node.value}"}  # app.extensions["carts"]
        elif isinstance(node, ast.Name):
            named = {self._resolved(node.id, scopes)}
        self.found.setdefault(place, set()).update(named & self._keys)

    def _resolved(self, name: str, scopes: list[tuple[str, set[str]]]) -> str:
        for index in range(len(scopes) - 1, -1, -1):
            if name in scopes[index][1]:
                path = ".".join(scope for scope, _ in scopes[: index + 1])
                return f"{self._source.module}:.{path}.{name}"
        bound = self._modules.find(self._source.module, name)
        return bound.key if bound is not None else ""

    def _in_module(self, node: ast.Attribute) -> str:
        """``store.VISITS``, where ``store`` is a module of the application."""
        if not isinstance(node.value, ast.Name):
            return ""
        bound = self._modules.find(self._source.module, node.value.id)
        if bound is None or bound.kind is not Kind.MODULE:
            return ""
        inner = self._modules.find(bound.module, node.attr)
        return inner.key if inner is not None else ""


def _only_changed(node: ast.AST) -> Iterator[ast.expr]:
    """The chains in a statement that are written to, and whose value goes nowhere."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign | ast.Delete):
        targets = list(node.targets)
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        function = node.value.func
        if isinstance(function, ast.Attribute) and function.attr in CHANGING:
            targets = [function]
    for target in targets:
        chain: ast.expr = target
        yield chain
        while isinstance(chain, ast.Attribute | ast.Subscript):
            chain = chain.value
            yield chain
