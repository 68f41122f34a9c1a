"""Chains of attributes and subscripts, such as ``request.app.state.visits["all"]``. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from surefoot.toolbox.state.names import Function, assigned, dotted_name

__all__ = [
    "CHANGING",
    "attributes",
    "changeable_defaults",
    "decorated",
    "holder_of",
    "injected",
    "kept_by_application",
    "kept_by_class",
    "shared_by_class",
    "short",
    "sign_of",
]

CHANGING: Final = frozenset(
    {"append", "appendleft", "extend", "extendleft", "insert", "add", "update", "setdefault"}
    | {"pop", "popleft", "popitem", "clear", "remove", "discard", "subtract", "sort", "reverse"}
    | {"__setitem__", "__delitem__", "difference_update", "intersection_update"}
)
"""Methods that change their object."""
_OF_APPLICATION: Final = frozenset({"app", "application", "current_app", "_app"})
_PARTS: Final = frozenset({"state", "extensions", "config", "ctx"})
_SHOWN: Final = 48


def attributes(expression: ast.expr) -> list[str]:
    """The attributes of a chain, the first after its root first."""
    found: list[str] = []
    while isinstance(expression, ast.Attribute | ast.Subscript):
        if isinstance(expression, ast.Attribute):
            found.append(expression.attr)
        expression = expression.value
    return found[::-1]


def kept_by_application(expression: ast.expr) -> str:
    """The name that is kept in ``app.state``, ``current_app.extensions`` and the like."""
    parts: list[str] = []
    while isinstance(expression, ast.Attribute | ast.Subscript):
        if isinstance(expression, ast.Attribute):
            parts.append(expression.attr)
        elif isinstance(expression.slice, ast.Constant):
            parts.append(str(expression.slice.value))
        else:
            parts.append("")
        expression = expression.value
    if isinstance(expression, ast.Name):
        parts.append(expression.id)
    parts.reverse()
    for index, part in enumerate(parts[:-1]):
        if part in _OF_APPLICATION and parts[index + 1] in _PARTS and len(parts) > index + 2:
            return parts[index + 2]
    return ""


def kept_by_class(expression: ast.expr) -> str:
    """The attribute in ``self.__class__.visits`` and ``type(self).visits``."""
    last = ""
    while isinstance(expression, ast.Attribute | ast.Subscript):
        if isinstance(expression, ast.Attribute):
            if expression.attr == "__class__":
                return last
            last = expression.attr
        expression = expression.value
    is_type = isinstance(expression, ast.Call) and dotted_name(expression.func) == "type"
    return last if is_type else ""


def shared_by_class(node: ast.AST) -> set[str]:
    """The attributes that a class itself binds to something that can be changed."""
    body = node.body if isinstance(node, ast.ClassDef) else []
    return {
        f".{name}"
        for statement in body
        for name, value in assigned(statement)
        if isinstance(value, ast.Dict | ast.List | ast.Set)
    }


def changeable_defaults(node: Function) -> Iterator[str]:
    """The arguments whose default every call shares and may change."""
    arguments = [*node.args.posonlyargs, *node.args.args]
    given = arguments[len(arguments) - len(node.args.defaults) :]
    pairs = [
        *zip(given, node.args.defaults, strict=True),
        *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
    ]
    for argument, value in pairs:
        if isinstance(value, ast.Dict | ast.List | ast.Set):
            yield argument.arg


def injected(node: Function) -> Iterator[tuple[str, str]]:
    """Its arguments, and the name of what FastAPI gives them: ``Depends(name)`` or an alias."""
    arguments = node.args
    given = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(given) - len(arguments.defaults))
    pairs = [
        *zip(given, [*defaults, *arguments.defaults], strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    for argument, default in pairs:
        told = [each for each in (default, argument.annotation) if each is not None]
        calls = [inner for each in told for inner in ast.walk(each) if _depends(inner)]
        if calls:
            call = calls[0]
            yield argument.arg, dotted_name(call.args[0]) if isinstance(call, ast.Call) else ""
        else:
            yield argument.arg, dotted_name(argument.annotation or ast.Constant(0))


def _depends(node: ast.AST) -> bool:
    names = {"Depends", "Security"}
    return (
        isinstance(node, ast.Call)
        and bool(node.args)
        and dotted_name(node.func).rpartition(".")[2] in names
    )


def decorated(node: Function, names: set[str]) -> bool:
    """Whether one of its decorators has one of these names."""
    return any(dotted_name(each) in names for each in node.decorator_list)


def holder_of(target: ast.expr) -> str:
    """``"SESSIONS"`` of ``SESSIONS[token]["user"]``, ``"self.items"`` of ``self.items[3]``."""
    while isinstance(target, ast.Subscript):
        target = target.value
    return short(target)


def short(expression: ast.expr) -> str:
    """An expression on one line, cut where it is long."""
    text = " ".join(ast.unparse(expression).split())
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."


def sign_of(operator: ast.operator) -> str:
    """``"+"`` of ``+=``; empty for the rarer ones."""
    signs = {"Add": "+", "Sub": "-", "Mult": "*", "BitOr": "|", "BitAnd": "&", "FloorDiv": "//"}
    return signs.get(type(operator).__name__, "")
