"""What the names of a module stand for: state of its own, somebody else's object, or another's."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from surefoot.toolbox.state.sources import Source

__all__ = ["Bound", "Kind", "Module", "Modules", "assigned", "bound_in", "first_line", "root_of"]

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Kind(StrEnum):
    """What a name is bound to."""

    OWN = "own"
    """Something of the application's: a number, a container, an object of a class of its own."""
    FOREIGN = "foreign"
    """An object made by somebody else's code."""
    CONTEXT = "context"
    """An object that holds a value per thread, task or request, or a logger."""
    CLASS = "class"
    FUNCTION = "function"
    MODULE = "module"
    ELSEWHERE = "elsewhere"
    """Imported from outside the application."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What a module's name stands for, and where that lives."""

    kind: Kind
    module: str
    name: str
    made_by: str = ""
    """The class it is an object of, as the source writes it."""

    @property
    def key(self) -> str:
        """The same wherever it is imported to."""
        return f"{self.module}:{self.name}"


_CONTEXT: Final = frozenset(
    {"local", "Local", "ContextVar", "getLogger", "get_logger", "LocalProxy"}
)
_CONTAINERS: Final = frozenset(
    {"dict", "list", "set", "bytearray", "defaultdict", "Counter", "deque", "OrderedDict", "count"}
    | {"SimpleNamespace", "array", "cycle", "WeakValueDictionary", "WeakKeyDictionary"}
)


@dataclass
class Module:
    """The names that are bound at the top of one file."""

    source: Source
    bound: dict[str, Bound] = field(default_factory=dict)


class Modules:
    """Every file of the application, so that a name can be followed through imports."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self._modules = {source.module: Module(source) for source in sources}
        for module in self._modules.values():
            for name, bound in _bindings(module.source, self._modules):
                before = module.bound.get(name)
                # What is first None and later something says more later.
                if before is None or before.kind is Kind.OWN or bound.kind is Kind.CONTEXT:
                    module.bound[name] = bound
        self.instances = frozenset(self._made())

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules.values())

    def find(self, module: str, name: str, depth: int = 5) -> Bound | None:
        """What ``name`` in ``module`` stands for, where it was made."""
        known = self._modules.get(module)
        if known is None or depth == 0:
            return None
        bound = known.bound.get(name)
        if bound is None:
            inner = f"{module}.{name}"
            return Bound(Kind.MODULE, inner, "") if inner in self._modules else None
        if bound.kind is Kind.ELSEWHERE and bound.module in self._modules:
            return self.find(bound.module, bound.name, depth - 1)
        return bound

    def is_class(self, module: str, dotted: str) -> bool:
        """Whether ``dotted``, as ``module`` writes it, is a class of the application."""
        found: Bound | None = None
        for index, part in enumerate(dotted.split(".")):
            if index and (found is None or found.kind is not Kind.MODULE):
                return False
            found = self.find(found.module if found and index else module, part)
        return found is not None and found.kind is Kind.CLASS

    def kind_of(self, module: str, value: ast.expr | None) -> Kind:
        """What an expression makes, as far as it can be told by reading."""
        if not isinstance(value, ast.Call):
            return Kind.OWN
        dotted = dotted_name(value.func)
        last = dotted.rpartition(".")[2]
        if last in _CONTEXT:
            return Kind.CONTEXT
        if last in _CONTAINERS or self.is_class(module, dotted):
            return Kind.OWN
        return Kind.FOREIGN

    def _made(self) -> Iterator[str]:
        """Names of the classes of which some module keeps an object."""
        for module in self._modules.values():
            for name, bound in module.bound.items():
                if not bound.made_by:
                    continue
                kind = self.kind_of(module.source.module, _call(bound.made_by))
                module.bound[name] = Bound(kind, bound.module, bound.name, bound.made_by)
                if kind is Kind.OWN:
                    yield bound.made_by.rpartition(".")[2]


def _call(dotted: str) -> ast.expr:
    return ast.parse(f"{dotted}()", mode="eval").body


def _bindings(source: Source, known: Mapping[str, Module]) -> Iterator[tuple[str, Bound]]:
    for statement in _top(source.tree.body):
        if isinstance(statement, ast.Import):
            yield from _imported(statement, known)
        elif isinstance(statement, ast.ImportFrom):
            yield from _imported_from(statement, source, known)
        elif isinstance(statement, ast.ClassDef):
            yield statement.name, Bound(Kind.CLASS, source.module, statement.name)
        elif isinstance(statement, Function):
            yield statement.name, Bound(Kind.FUNCTION, source.module, statement.name)
        else:
            yield from _assigned(statement, source.module)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Global):
            yield from ((name, Bound(Kind.OWN, source.module, name)) for name in node.names)


def _imported(statement: ast.Import, known: Mapping[str, Module]) -> Iterator[tuple[str, Bound]]:
    for alias in statement.names:
        module = alias.name if alias.asname else alias.name.partition(".")[0]
        kind = Kind.MODULE if module in known else Kind.ELSEWHERE
        yield alias.asname or module, Bound(kind, module, "")


def _imported_from(
    statement: ast.ImportFrom, source: Source, known: Mapping[str, Module]
) -> Iterator[tuple[str, Bound]]:
    origin = statement.module or ""
    if statement.level:
        parts = source.package.split(".") if source.package else []
        kept = parts[: len(parts) - statement.level + 1]
        origin = ".".join([*kept, origin] if origin else kept)
    for alias in statement.names:
        inner = f"{origin}.{alias.name}" if origin else alias.name
        if inner in known:
            yield alias.asname or alias.name, Bound(Kind.MODULE, inner, "")
        else:
            yield alias.asname or alias.name, Bound(Kind.ELSEWHERE, origin, alias.name)


def _assigned(statement: ast.stmt, module: str) -> Iterator[tuple[str, Bound]]:
    for name, value in assigned(statement):
        made_by = dotted_name(value.func) if isinstance(value, ast.Call) else ""
        kind = Kind.FOREIGN if isinstance(value, ast.Call) else Kind.OWN
        yield name, Bound(kind, module, name, made_by)


def _top(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run when the module is imported, in whatever block they stand."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.ClassDef | Function):
            continue
        for block in ("body", "orelse", "finalbody"):
            yield from _top(getattr(statement, block, ()))
        for handler in getattr(statement, "handlers", ()):
            yield from _top(handler.body)


def assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    """Plain names that a statement binds, and the value where one can be told."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield target.id, statement.value
            else:
                yield from ((name, None) for name in _names(target))
    elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        yield statement.target.id, statement.value
    elif isinstance(statement, ast.For | ast.AsyncFor):
        yield from ((name, None) for name in _names(statement.target))
    elif isinstance(statement, ast.With | ast.AsyncWith):
        for item in statement.items:
            if item.optional_vars is not None:
                yield from ((name, None) for name in _names(item.optional_vars))


def _names(target: ast.expr) -> Iterator[str]:
    for node in ast.walk(target):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def bound_in(function: Function | ast.Lambda) -> set[str]:
    """The names that are a function's own: what it is given and what it binds."""
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    found = {argument.arg for argument in every}
    found |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
    outer: set[str] = set()
    for node in inside(function):
        if isinstance(node, ast.Global | ast.Nonlocal):
            outer.update(node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            found.add(node.id)
        elif isinstance(node, ast.ClassDef | Function):
            found.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
    return found - outer


def inside(function: Function | ast.Lambda) -> Iterator[ast.AST]:
    """The nodes of a function, without what is inside functions and classes in it."""
    body = [function.body] if isinstance(function, ast.Lambda) else function.body
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.ClassDef | Function | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def root_of(expression: ast.expr) -> ast.expr:
    """What a chain of attributes and subscripts begins with."""
    while isinstance(expression, ast.Attribute | ast.Subscript):
        expression = expression.value
    return expression


def dotted_name(expression: ast.expr) -> str:
    """``"a.b.c"``; empty where it is no such chain of names."""
    parts: list[str] = []
    while isinstance(expression, ast.Attribute):
        parts.append(expression.attr)
        expression = expression.value
    if not isinstance(expression, ast.Name):
        return ""
    return ".".join([expression.id, *reversed(parts)])


def first_line(function: Function) -> int:
    """The line its code begins at: that of its first decorator."""
    return min([function.lineno, *(each.lineno for each in function.decorator_list)])
