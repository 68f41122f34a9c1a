"""The lines of an application that change something which outlives the request.

Found by reading alone, and read generously: a line is only ever held against an application when it
was executed and answers differed. What is certain comes before what is likely.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from surefoot.core.witness import Place
from surefoot.toolbox.state.candidate import Candidate, Strength
from surefoot.toolbox.state.chains import (
    CHANGING,
    changeable_defaults,
    decorated,
    holder_of,
    injected,
    kept_by_application,
    kept_by_class,
    shared_by_class,
    short,
    sign_of,
)
from surefoot.toolbox.state.chains import (
    attributes as attributes_of,
)
from surefoot.toolbox.state.names import (
    Bound,
    Function,
    Kind,
    Modules,
    assigned,
    bound_in,
    dotted_name,
    first_line,
    root_of,
)
from surefoot.toolbox.state.random_values import drawn_values
from surefoot.toolbox.state.shared_caches import is_shared_cache
from surefoot.toolbox.state.sources import Source

__all__ = ["candidates"]


_HELD: Final = frozenset(
    {"set", "put", "put_nowait", "incr", "inc", "dec", "delete", "set_many", "hset", "store"}
    | {"get_or_set", "decr", "aset", "aadd", "aincr", "adecr", "aget_or_set", "aset_many"}
)
_FUNCTIONS: Final = frozenset({"next", "setattr", "delattr", "heappush", "heappop", "insort"})
_CACHES: Final = frozenset({"lru_cache", "cache", "cached", "memoize", "cached_view"})
_BUILDERS: Final = frozenset({"__init__", "__new__", "__post_init__", "__set_name__", "__set__"})
_COPYING: Final = frozenset({"copy", "deepcopy", "encode", "decode", "format", "split", "strip"})
# What is called like this is made for each request.
_OF_A_REQUEST: Final = frozenset(
    {"request", "req", "response", "resp", "session", "g", "ctx", "context", "environ", "scope"}
)
_DEEP: Final = 3
_BY_SETTINGS: Final = "django.core.cache"
"""Where Django's caches come from, each as the settings have it."""


def candidates(sources: Iterable[Source], modules: Modules) -> tuple[Candidate, ...]:
    """Every such line, in the order of files and lines."""
    found: dict[tuple[str, int, str], Candidate] = {}
    for source in sources:
        finder = _Finder(source, modules)
        finder.visit(source.tree)
        for each in (*finder.found, *_drawn(source)):
            key = (each.path, each.line, each.name)
            if key not in found or found[key].strength < each.strength:
                found[key] = each
    return tuple(sorted(found.values(), key=lambda each: (each.file, each.line, -each.strength)))


def _drawn(source: Source) -> Iterator[Candidate]:
    for value in drawn_values(source.tree):
        yield Candidate(
            source.name,
            value.line,
            f"{value.name} = {short(value.call)}",
            value.name,
            Strength.SECRET if value.secret else Strength.DRAWN,
            source.path,
            frozenset(),
            frozenset({f"{source.module}:{value.name}", f".{value.name.rpartition('.')[2]}"}),
            (source.path, value.function) if value.function else None,
        )


def _by_settings(root: _Root) -> bool:
    return any(key.startswith(_BY_SETTINGS + ":") for key in root.keys)


@dataclass
class _Scope:
    """A function or class that is being read."""

    node: ast.AST
    name: str
    own: set[str] = field(default_factory=set)
    outer: set[str] = field(default_factory=set)
    """Names that it declares global or nonlocal."""
    values: dict[str, ast.expr | None] = field(default_factory=dict)
    """What its names are bound to, where that was told so far."""
    lasting: set[str] = field(default_factory=set)
    """Arguments whose default value can be changed."""
    first: str = ""
    """The first argument of a method: ``self`` or ``cls``."""
    arguments: dict[str, str] = field(default_factory=dict)
    """What it is given, and the names of the functions or aliases that FastAPI takes it from."""

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)


@dataclass(frozen=True, slots=True)
class _Root:
    """What a chain begins with, as far as it outlives the request."""

    strength: int
    keys: frozenset[str]
    foreign: bool = False
    owner: Place | None = None


class _Finder(ast.NodeVisitor):
    """Walks one file with the scopes it is in."""

    def __init__(self, source: Source, modules: Modules) -> None:
        self._source = source
        self._modules = modules
        self._scopes: list[_Scope] = []
        self.found: list[Candidate] = []

    # --- Scopes -----------------------------------------------------------------------------------

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Methods know the class they are in."""
        self._within(_Scope(node, node.name), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """A function's own names hide those around it."""
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """As any function."""
        self._function(node)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """As a function without statements."""
        self._within(_Scope(node, "<lambda>", bound_in(node)), node)

    def _function(self, node: Function) -> None:
        self._cached(node)
        scope = _Scope(node, node.name, bound_in(node))
        for inner in ast.walk(node):
            if isinstance(inner, ast.Global | ast.Nonlocal):
                scope.outer.update(inner.names)
        scope.outer -= scope.own
        scope.lasting = set(changeable_defaults(node))
        scope.arguments = dict(injected(node))
        inside_class = bool(self._scopes) and self._scopes[-1].is_class
        arguments = [*node.args.posonlyargs, *node.args.args]
        if inside_class and arguments and not decorated(node, {"staticmethod"}):
            scope.first = arguments[0].arg
        self._within(scope, node)

    def _within(self, scope: _Scope, node: ast.AST) -> None:
        self._scopes.append(scope)
        self.generic_visit(node)
        self._scopes.pop()

    def _in_function(self) -> bool:
        return any(not scope.is_class for scope in self._scopes)

    # --- Statements and calls that change something -----------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> None:
        """``X[...] = ...`` and the like."""
        self._bind(node)
        for target in node.targets:
            self._target(target, node, "= ...")
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """As any assignment."""
        self._bind(node)
        if node.value is not None:
            self._target(node.target, node, "= ...")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """``X += 1``; on an alias it may change what it stands for in place."""
        self._target(node.target, node, f"{sign_of(node.op)}= ...")
        self.generic_visit(node)

    def visit_With(self, node: ast.With) -> None:
        """``with f() as x`` binds a name."""
        self._bind(node)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        """What a loop goes over is what its name stands for."""
        if self._scopes and isinstance(node.target, ast.Name):
            self._scopes[-1].values[node.target.id] = node.iter
        self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """``x := ...`` binds a name."""
        if self._scopes:
            self._scopes[-1].values[node.target.id] = node.value
        self.generic_visit(node)

    def visit_Delete(self, node: ast.Delete) -> None:
        """``del X[...]``."""
        for target in node.targets:
            self._target(target, node, "", before="del ")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """``X.append(...)``, ``next(X)``."""
        if self._in_function():
            self._call(node)
        self.generic_visit(node)

    def _bind(self, node: ast.stmt) -> None:
        if self._scopes:
            self._scopes[-1].values.update(assigned(node))

    def _target(self, target: ast.expr, node: ast.stmt, after: str, before: str = "") -> None:
        if not self._in_function():
            return
        if isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                self._target(part, node, after, before)
        elif isinstance(target, ast.Starred):
            self._target(target.value, node, after, before)
        elif isinstance(target, ast.Name):
            if target.id in self._scopes[-1].outer:
                self._add(target, self._named(target.id), node, f"{before}{target.id} {after}")
        else:
            root = self._root(target)
            if root is not None and not (root.foreign and isinstance(target, ast.Attribute)):
                self._add(target, root, node, f"{before}{short(target)} {after}")

    def _call(self, node: ast.Call) -> None:
        function = node.func
        if isinstance(function, ast.Attribute):
            base: ast.expr = function.value
            known = function.attr in CHANGING or function.attr in _HELD
        else:
            base = node.args[0] if node.args else function
            known = isinstance(function, ast.Name) and function.id in _FUNCTIONS
        root = self._root(base) if known else None
        if root is None:
            return
        if isinstance(function, ast.Attribute) and (
            function.attr in _HELD or self._own_class(base)
        ):
            root = _Root(min(root.strength, Strength.ALIAS), root.keys, root.foreign, root.owner)
        if root.foreign:
            # The session of a database object is its own affair; a cache held directly is not.
            held = isinstance(base, ast.Name) or _by_settings(root)
            if not held or self._shared(function):
                return
            root = _Root(Strength.HELD, root.keys, owner=root.owner)
        self._add(base, root, node, short(node.func) + "(...)")

    def _add(self, target: ast.expr, root: _Root | None, node: ast.AST, what: str) -> None:
        if root is None:
            return
        line: int = getattr(node, "lineno", 0)
        last: int = getattr(node, "end_lineno", line) or line
        self.found.append(
            Candidate(
                self._source.name,
                line,
                what.strip(),
                holder_of(target),
                root.strength,
                self._source.path,
                frozenset(range(line, last + 1)),
                root.keys,
                root.owner,
            )
        )

    def _cached(self, node: Function) -> None:
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if dotted_name(called).rpartition(".")[2] in _CACHES and not self._shared(called):
                self.found.append(
                    Candidate(
                        self._source.name,
                        node.lineno,
                        f"@{short(called)} on {node.name}()",
                        f"{node.name}()",
                        Strength.CACHE,
                        self._source.path,
                        frozenset(range(node.body[0].lineno, (node.end_lineno or 0) + 1)),
                        frozenset({f"{self._source.module}:{node.name}", f".{node.name}"}),
                    )
                )

    def _shared(self, method: ast.expr) -> bool:
        """Whether it is a method of a cache that lies outside of the process."""
        return isinstance(method, ast.Attribute) and is_shared_cache(
            method.value, self._source.module, self._modules
        )

    # --- What outlives the request ----------------------------------------------------------------

    def _root(self, expression: ast.expr, depth: int = _DEEP) -> _Root | None:
        """What the chain ``expression`` begins with; ``None`` for what ends with the request."""
        kept = kept_by_application(expression) or kept_by_class(expression)
        if kept:
            return _Root(Strength.CERTAIN, frozenset({f".{kept}"}))
        root = root_of(expression)
        if isinstance(root, ast.Call):
            return self._returned(root, expression, depth)
        if not isinstance(root, ast.Name):
            return None
        attributes = frozenset(f".{name}" for name in attributes_of(expression)[:1])
        own = self._own_object(root.id, attributes)
        return own if own is not None else self._named(root.id, attributes, depth)

    def _own_object(self, name: str, attributes: frozenset[str]) -> _Root | None:
        """``self.x`` and ``cls.x``."""
        for index, scope in enumerate(reversed(self._scopes)):
            if scope.first == name and attributes:
                if scope.name in _BUILDERS:
                    return None
                holder = self._scopes[-index - 2]
                lasting = (
                    name == "cls"
                    or holder.name in self._modules.instances
                    or not attributes.isdisjoint(shared_by_class(holder.node))
                )
                return _Root(Strength.CERTAIN if lasting else Strength.ALIAS, attributes)
        return None

    def _own_class(self, base: ast.expr) -> bool:
        """Whether it is an object of a class whose own lines say what its methods change."""
        if not isinstance(base, ast.Name):
            return False
        bound = self._modules.find(self._source.module, base.id)
        return bound is not None and self._modules.is_class(bound.module, bound.made_by)

    def _named(
        self, name: str, attributes: frozenset[str] = frozenset(), depth: int = _DEEP
    ) -> _Root | None:
        functions = [scope for scope in self._scopes if not scope.is_class]
        for index, scope in enumerate(reversed(functions)):
            if name in scope.lasting:
                return _Root(Strength.CERTAIN, frozenset({f"{self._at(scope)}.{name}"}))
            if name in scope.own:
                if index == 0:
                    return self._alias(scope, name, attributes, depth)
                return self._closure(scope, name)
        return self._global(self._modules.find(self._source.module, name), attributes)

    def _alias(
        self, scope: _Scope, name: str, attributes: frozenset[str], depth: int
    ) -> _Root | None:
        value = scope.values.get(name)
        if depth == 0 or name == scope.first:
            return None
        if value is None:
            return self._argument(scope, name, attributes)
        if isinstance(value, ast.Await):
            value = value.value
        root = self._root(value, depth - 1)
        if root is None:
            return None
        return _Root(
            min(root.strength, Strength.ALIAS), root.keys | attributes, root.foreign, root.owner
        )

    def _argument(self, scope: _Scope, name: str, attributes: frozenset[str]) -> _Root | None:
        if name not in scope.arguments or name in scope.values or name in _OF_A_REQUEST:
            return None
        bound = self._modules.find(self._source.module, scope.arguments[name])
        if bound is not None and bound.kind in {Kind.FUNCTION, Kind.OWN}:
            return _Root(Strength.ALIAS, frozenset({bound.key}) | attributes)
        return _Root(Strength.ARGUMENT, frozenset({f"{self._at(scope)}.{name}"}) | attributes)

    def _closure(self, scope: _Scope, name: str) -> _Root:
        value = scope.values.get(name)
        kind = self._modules.kind_of(self._source.module, value)
        node = scope.node
        owner = (
            (self._source.path, first_line(node))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            else None
        )
        key = f"{self._at(scope)}.{name}"
        return _Root(Strength.CERTAIN, frozenset({key}), kind is not Kind.OWN, owner)

    def _global(self, bound: Bound | None, attributes: frozenset[str]) -> _Root | None:
        if bound is not None and bound.module == _BY_SETTINGS:
            # Which may be the memory of the process, for all that the line says.
            return _Root(Strength.HELD, frozenset({bound.key}), foreign=True)
        if bound is None or bound.kind in {Kind.ELSEWHERE, Kind.CONTEXT}:
            return None
        if bound.kind is Kind.MODULE:
            first = next(iter(attributes), "")
            inner = self._modules.find(bound.module, first[1:]) if first else None
            return self._global(inner, frozenset()) if inner is not None else None
        if bound.kind in {Kind.CLASS, Kind.FUNCTION}:
            return _Root(Strength.CERTAIN, attributes) if attributes else None
        return _Root(Strength.CERTAIN, frozenset({bound.key}), bound.kind is Kind.FOREIGN)

    def _returned(self, call: ast.Call, chain: ast.expr, depth: int) -> _Root | None:
        """What a function of the application's own returns may be what it keeps."""
        if depth == 0:
            return None
        attributes = frozenset(f".{name}" for name in attributes_of(chain)[:1])
        if isinstance(call.func, ast.Attribute) and call.func.attr not in _COPYING:
            root = self._root(call.func.value, depth - 1)
            if root is not None and not root.foreign:
                strength = min(root.strength, Strength.ALIAS)
                return _Root(strength, root.keys | attributes, owner=root.owner)
        dotted = dotted_name(call.func)
        parts = dotted.split(".")
        bound = self._modules.find(self._source.module, parts[0]) if dotted else None
        if bound is not None and bound.kind is Kind.MODULE and len(parts) > 1:
            bound = self._modules.find(bound.module, parts[1])
        if bound is None or bound.kind is not Kind.FUNCTION:
            return None
        return _Root(Strength.ALIAS, frozenset({bound.key}) | attributes)

    def _at(self, scope: _Scope) -> str:
        index = self._scopes.index(scope)
        return ".".join([f"{self._source.module}:", *(s.name for s in self._scopes[: index + 1])])
