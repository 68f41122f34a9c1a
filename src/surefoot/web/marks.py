"""Functions and statements that say when they are executed, put in as their file is imported.

A tracer would make every call of every library slower, three to four times in all where an ORM is
at work; what is marked costs next to nothing, and leaves tracers to debuggers. Line numbers stay as
they are in the file.
"""

from __future__ import annotations

import ast
import builtins
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from types import CodeType, ModuleType
from typing import Final

from surefoot.core.witness import Place, Watch
from surefoot.telemetry.imports import behind

__all__ = ["Marks", "marked"]

# With underscores on both sides a name is not mangled inside classes.
_NAME: Final = "__surefoot_passed__"
_BLOCKS: Final = ("body", "orelse", "finalbody")

Passed = Callable[[Place, bool], None]
"""Is told a place, and whether it is the beginning of a function."""


class Marks(importlib.abc.MetaPathFinder):
    """Marks the files of a list when they are imported; all others are left to Python.

    Args:
        watch: The lines and functions of each file.
        passed: Is told what is executed.
    """

    def __init__(self, watch: Watch, passed: Passed) -> None:
        self._watch = watch
        self._passed = passed
        self._files = watch.lines.keys() | watch.functions.keys()

    def install(self) -> None:
        """Mark from now on."""
        setattr(builtins, _NAME, self._said)
        sys.meta_path.insert(0, self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec that the other finders give, with a loader that marks where that is wanted."""
        for finder in behind(self):
            find = getattr(finder, "find_spec", None)
            if find is None:
                continue
            spec: importlib.machinery.ModuleSpec | None = find(fullname, path, target)
            if spec is not None:
                self._replace_loader(spec)
                return spec
        return None

    def _replace_loader(self, spec: importlib.machinery.ModuleSpec) -> None:
        loader = spec.loader
        if type(loader) is not importlib.machinery.SourceFileLoader:
            return
        real = os.path.realpath(loader.path)
        if real in self._files:
            spec.loader = _MarkingLoader(loader.name, str(loader.path), real, self._watch)

    def _said(self, path: str, line: int, function: int) -> None:
        self._passed((path, line), bool(function))


class _MarkingLoader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, real: str, watch: Watch) -> None:
        super().__init__(name, path)
        self._real = real
        self._watch = watch

    def get_code(self, fullname: str) -> CodeType | None:
        """Compiled from the source each time: what is cached is not marked."""
        path = self.get_filename(fullname)
        try:
            tree = marked(ast.parse(self.get_data(path), path), self._real, self._watch)
            # compile() would hand down the __future__ of this file.
            return compile(tree, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError):
            # Python itself says what is wrong with it.
            return super().get_code(fullname)


def marked(tree: ast.Module, path: str, watch: Watch) -> ast.Module:
    """The same program, which calls out when a watched place is executed."""
    lines = watch.lines.get(path, frozenset())
    functions = watch.functions.get(path, frozenset())
    for node in list(ast.walk(tree)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            _mark_blocks(node, path, lines)
            if first in functions:
                after = 1 if ast.get_docstring(node, clean=False) is not None else 0
                node.body.insert(after, _call(node.body[0], path, first, function=1))
    return ast.fix_missing_locations(tree)


def _mark_blocks(node: ast.AST, path: str, lines: frozenset[int]) -> None:
    """Put a call before each watched statement of a function, but not of functions inside it."""
    for block in _blocks(node):
        for index in range(len(block) - 1, -1, -1):
            statement = block[index]
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                _mark_blocks(statement, path, lines)
            found = sorted(lines.intersection(_own_lines(statement)))
            if found and not _is_text(statement):
                block[index:index] = [_call(statement, path, line) for line in found]


def _blocks(node: ast.AST) -> Iterator[list[ast.stmt]]:
    for name in _BLOCKS:
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield part.body


def _own_lines(statement: ast.stmt) -> range:
    """Of its head alone, where it has a body."""
    inner = [block[0].lineno for block in _blocks(statement) if block]
    last = statement.end_lineno or statement.lineno
    return range(statement.lineno, max(statement.lineno + 1, min([last + 1, *inner])))


def _is_text(statement: ast.stmt) -> bool:
    """A docstring, which is one only where nothing stands before it."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _call(where: ast.stmt, path: str, line: int, *, function: int = 0) -> ast.stmt:
    words: list[ast.expr] = [ast.Constant(path), ast.Constant(line), ast.Constant(function)]
    call = ast.Call(ast.Name(_NAME, ast.Load()), words, [])
    return ast.copy_location(ast.Expr(call), where)
