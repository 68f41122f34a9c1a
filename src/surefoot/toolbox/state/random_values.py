"""Values that an application draws at random while it starts: each process has its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from surefoot.toolbox.state.names import Function, dotted_name, first_line

__all__ = ["Drawn", "drawn_values"]

_SECRET: Final = re.compile(r"secret|key|salt|token|pepper|sign|session", re.IGNORECASE)
_DRAWING: Final = re.compile(
    r"(?:^|\.)(?:urandom|token_(?:hex|bytes|urlsafe)|uuid[14]|getrandbits|randbytes"
    r"|get_random_secret_key|get_random_string|generate_key|SystemRandom|randrange|randint|choices?"
    r"|random)$"
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """One such value."""

    name: str
    """What it is called: ``"SECRET_KEY"``, ``"app.secret_key"``."""
    line: int
    call: ast.expr
    """What draws it."""
    secret: bool
    """Whether its name says that others must not know it."""
    function: int
    """First line of the function it is drawn in; 0 at the top of the file."""


def drawn_values(tree: ast.Module) -> Iterator[Drawn]:
    """Those of a file; inside functions only what is called like a secret."""
    for node, function in _statements(tree, 0):
        for name, line, value in _named_values(node):
            call = _drawing(value)
            secret = _SECRET.search(name) is not None
            if call is not None and (secret or not function):
                yield Drawn(name, line, call, secret, function)


def _statements(node: ast.AST, function: int) -> Iterator[tuple[ast.AST, int]]:
    for inner in ast.iter_child_nodes(node):
        yield inner, function
        within = first_line(inner) if isinstance(inner, Function) else function
        yield from _statements(inner, within)


def _named_values(node: ast.AST) -> Iterator[tuple[str, int, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield _name(target), node.lineno, node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield _name(node.target), node.lineno, node.value
    elif isinstance(node, ast.Call):
        for word in node.keywords:
            if word.arg:
                yield word.arg, word.value.lineno, word.value


def _name(target: ast.expr) -> str:
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return str(target.slice.value)
    return dotted_name(target)


def _drawing(value: ast.expr) -> ast.expr | None:
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and _DRAWING.search(dotted_name(node.func)):
            return node
        if isinstance(node, ast.Lambda):
            return None
    return None
