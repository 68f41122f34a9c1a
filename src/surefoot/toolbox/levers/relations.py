"""What an ORM is told so that it loads what belongs to a list's rows together with the list.

Names of relations are taken from the line that asks for them, else guessed from the table. A row
that is found by its primary key is the one that the list's row refers to, and a join brings it
along; rows found by another column are several.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from typing import Final

__all__ = ["django", "loaded", "sqlalchemy"]

_WHERE: Final = re.compile(
    r"\bfrom\s+[\"`]?(?P<table>\w+)[\"`]?\s+where\s+(?P<left>\S+)\s*=\s*(?P<right>\S+)",
    re.IGNORECASE,
)
_COLUMN: Final = re.compile(r"[\"`]?[a-z_]\w*[\"`]?(?:\.[\"`]?(\w+)[\"`]?)?", re.IGNORECASE)
_THROUGH: Final = re.compile(r"\binner join\s+[\"`]?(?P<through>\w+)[\"`]?\s+on\b", re.IGNORECASE)
# What Django's managers of several rows are asked for.
_OF_MANAGERS: Final = frozenset(
    {"all", "filter", "exclude", "order_by", "count", "exists", "first"}
)


def sqlalchemy(statements: Iterable[str]) -> str:
    """Loader options of SQLAlchemy; ``Model`` is the list's own."""
    options = []
    for statement in statements:
        found = _found(statement)
        if found is None:
            return "options(selectinload(Model.relation))"
        table, single = found
        options.append(f"{'joinedload' if single else 'selectinload'}(Model.{table})")
    return f"options({', '.join(dict.fromkeys(options))})"


def django(statements: Iterable[tuple[str, str]]) -> str:
    """Methods of a query set of Django's, ``'select_related("author")'``.

    Args:
        statements: Each with the line that asked for it.
    """
    joined: dict[str, None] = {}
    apart: dict[str, None] = {}
    for statement, line in statements:
        found = _found(statement)
        if found is not None and found[1]:
            joined[_single(found[0], line)] = None
        else:
            apart[_several(statement, found, line)] = None
    calls = [("select_related", joined), ("prefetch_related", apart)]
    return ".".join(f"{name}({_quoted(names)})" for name, names in calls if names)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _found(statement: str) -> tuple[str, bool] | None:
    """The table of a look-up, and whether it is by the primary key."""
    found = _WHERE.search(" ".join(statement.split()))
    column = found and (_COLUMN.fullmatch(found["left"]) or _COLUMN.fullmatch(found["right"]))
    if found is None or column is None:
        return None
    return found["table"], (column[1] or column[0]).lower() == "id"


def _single(table: str, line: str) -> str:
    # Django's tables begin with the name of their application.
    name = table.rpartition("_")[2]
    names = _attributes(line)
    return next((each for each in names if each == table), name)


def _several(statement: str, found: tuple[str, bool] | None, line: str) -> str:
    managers = _attributes(line, before=_OF_MANAGERS)
    through = _THROUGH.search(" ".join(statement.split()))
    table = through["through"] if through else found[0] if found else ""
    name = table.rpartition("_")[2]
    likely = [each for each in managers if name and name.rstrip("s") in each]
    if likely or len(managers) == 1:
        return [*likely, *managers][0]
    if not name:
        return "relation"
    return name if through else f"{name}_set"


def _attributes(line: str, before: frozenset[str] = frozenset()) -> list[str]:
    """Names of attributes in a line; only those that one of ``before`` is asked of, if given."""
    tree = _parsed(line)
    if tree is None:
        return []
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    if before:
        inner = [node.value for node in nodes if node.attr in before]
        nodes = [node for node in inner if isinstance(node, ast.Attribute)]
    return [node.attr for node in nodes if node.attr not in before | {"objects"}]


def loaded(line: str, calls: str) -> str:
    """The line with ``calls`` behind what it goes over; empty where it goes over nothing.

    Args:
        line: ``"for book in query:"``, or one with a comprehension or ``list(query)``.
        calls: ``'select_related("author")'``.
    """
    tree = _parsed(line)
    text = line.strip()
    gone_over = (
        next((each for node in ast.walk(tree) if (each := _over(node))), None) if tree else None
    )
    if gone_over is None or gone_over.end_col_offset is None or not text.isascii():
        return ""
    end = gone_over.end_col_offset
    indent = line[: len(line) - len(line.lstrip())]
    return f"{indent}{text[:end]}.{calls}{text[end:]}"


def _over(node: ast.AST) -> ast.expr | None:
    """The query set that a loop, a comprehension or ``list()`` goes over."""
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        over = node.iter
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "list":
        over = node.args[0] if node.args else node
    else:
        return None
    # What enumerate() and the like are given is not told apart from what they give.
    return (
        over if isinstance(over, ast.Name | ast.Attribute | ast.Subscript) or _asked(over) else None
    )


def _asked(over: ast.expr) -> bool:
    return isinstance(over, ast.Call) and isinstance(over.func, ast.Attribute)


def _parsed(line: str) -> ast.Module | None:
    text = line.strip()
    try:
        return ast.parse(f"{text} pass" if text.endswith(":") else text)
    except (SyntaxError, ValueError):
        return None
