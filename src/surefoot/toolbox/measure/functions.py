"""The functions of the application that lines stand in, read from its source."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from surefoot.core.function import Function
from surefoot.core.records import StackSample

__all__ = ["functions"]

_Def = ast.FunctionDef | ast.AsyncFunctionDef
_LARGEST: Final = 2_000_000  # bytes of a file
# What is told by its identity, and not by what it holds: no key can be made of it.
_NO_KEY: Final = frozenset(
    {"self", "cls", "request", "session", "db", "conn", "connection", "cursor", "client"}
    | {"environ", "start_response", "scope", "receive", "send", "response", "context"}
)
# What is there without being given: it may tell results apart, and is in no key.
_AROUND: Final = frozenset({"request", "session", "g", "current_user", "environ"})
_NO_KEY_TYPES: Final = ("Request", "Session", "Connection", "Engine", "Cursor", "Client")


def functions(
    directory: Path, sites: Iterable[str], stacks: Iterable[StackSample] = ()
) -> tuple[Function, ...]:
    """The functions below ``directory`` that these lines belong to, each with its lines.

    That is the outermost one on the way to a line whose results could be kept as it stands: what a
    view calls, and not what that calls ten thousand times. Where none is seen it is the function
    around the line.

    Args:
        directory: Of the application.
        sites: ``"views.py:41"``.
        stacks: That show the ways to the lines.
    """
    files = _Files(directory)
    votes: dict[str, Counter[Function]] = defaultdict(Counter)
    for stack in stacks:
        owner = files.outermost(stack.frames)
        if owner is not None:
            votes[stack.site][owner] += stack.count
    found: dict[Function, list[str]] = {}
    for site in sorted(sites):
        seen = votes[site].most_common(1)
        function = seen[0][0] if seen else files.around(site)
        if function is not None:
            found.setdefault(function, []).append(site)
    return tuple(replace(function, sites=tuple(lines)) for function, lines in found.items())


class _Files:
    """Files of the application, each read once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._trees: dict[str, ast.Module | None] = {}
        self._fit: dict[str, dict[str, Function]] = {}

    def outermost(self, frames: Iterable[str]) -> Function | None:
        """The first of these, from the outside, whose results could be kept."""
        for frame in frames:
            file, _, name = frame.rpartition(":")
            found = self._fit_of(file).get(name)
            if found is not None:
                return found
        return None

    def around(self, site: str) -> Function | None:
        """The innermost function around a line."""
        file, _, number = site.rpartition(":")
        tree = self._tree(file) if number.isdigit() else None
        if tree is None:
            return None
        node, outer = _innermost(tree, int(number))
        return _described(file, tree, node, outer) if node is not None else None

    def _fit_of(self, file: str) -> dict[str, Function]:
        if file not in self._fit:
            tree = self._tree(file)
            nodes = [] if tree is None else [each for each in tree.body if isinstance(each, _Def)]
            made = [_described(file, tree, node, tree) for node in nodes if tree is not None]
            self._fit[file] = {each.name: each for each in made if not each.unfit}
        return self._fit[file]

    def _tree(self, file: str) -> ast.Module | None:
        if file not in self._trees:
            self._trees[file] = _parsed(self._directory / file) if file else None
        return self._trees[file]


def _parsed(path: Path) -> ast.Module | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        return ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError):
        return None


def _innermost(tree: ast.Module, number: int) -> tuple[_Def | None, ast.AST]:
    """The function around a line, and what stands around that."""
    node: ast.AST = tree
    found: _Def | None = None
    outer: ast.AST = tree
    while True:
        inner = next((each for each in _inner(node) if _around(each, number)), None)
        if inner is None:
            return found, outer
        if isinstance(inner, _Def):
            found, outer = inner, node
        node = inner


def _inner(node: ast.AST) -> Iterator[ast.stmt]:
    yield from (each for each in ast.iter_child_nodes(node) if isinstance(each, ast.stmt))


def _around(node: ast.stmt, number: int) -> bool:
    return node.lineno <= number <= (node.end_lineno or node.lineno)


def _described(file: str, tree: ast.Module, node: _Def, outer: ast.AST) -> Function:
    taken = {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}
    return Function(
        name=node.name,
        file=file,
        line=node.lineno,
        arguments=tuple(argument.arg for argument in _arguments(node)),
        asynchronous=isinstance(node, ast.AsyncFunctionDef),
        imports=_imports(tree),
        unfit=_unfit(node, outer),
        names=tuple(sorted(taken & {"Cache", "AsyncCache", "results"})),
    )


def _arguments(node: _Def) -> list[ast.arg]:
    given = node.args
    several = [each for each in (given.vararg, given.kwarg) if each is not None]
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *several]


def _unfit(node: _Def, outer: ast.AST) -> str:
    """Why a decorator that keeps its results cannot be put on it as it is."""
    if any(isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(node)):
        return "it yields"
    if node.decorator_list:
        return "it is decorated, as a view is"
    if not isinstance(outer, ast.Module):
        return "it is a method, or made anew by another function"
    around = _looked_at(node) - {argument.arg for argument in _arguments(node)}
    if around:
        return f"it looks at {min(around)}, which it is not given"
    keyless = next((each.arg for each in _arguments(node) if _has_no_key(each)), "")
    return f"no key can be made of {keyless}" if keyless else ""


def _looked_at(node: _Def) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)} & _AROUND


def _has_no_key(argument: ast.arg) -> bool:
    kind = ast.unparse(argument.annotation) if argument.annotation else ""
    return argument.arg in _NO_KEY or kind.rstrip("'\"").endswith(_NO_KEY_TYPES)


def _imports(tree: ast.Module) -> int:
    lines = [
        each.end_lineno or each.lineno
        for each in tree.body
        if isinstance(each, ast.Import | ast.ImportFrom)
    ]
    return max(lines, default=0)
