"""Prints the size and shape of this code beside that of projects we admire, and of some we do not.

A mirror, not a limit. The figures of the others were counted in November 2026 on their own sources,
tests left out, in the same way as ours are counted here: source lines are those that hold code, a
function's length leaves its docstring out, complexity is radon's cyclomatic one, a cycle is a group
of modules that import each other, with and without imports inside functions.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from radon.complexity import cc_visit
from radon.raw import analyze

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = ROOT / "src" / "surefoot"

COLUMNS: Final = (
    "project", "files", "sloc", "file p50/p90/max", "func p50/p90/max", "cc p90/max", "cc>10",
    "class", "cycles", "late cycles", "late", "typed", "global", "test:src", "mocks",
)  # fmt: skip

OTHERS: Final = """
stamina|10|1.2k|40/715/715|7/23/92|3/9|0|192|0|1:5|2|93%|1|1.56|2
svcs|8|2.1k|216/1001/1001|8/24/38|3/13|1|627|1:4|1:4|0|100%|0|1.25|17
structlog|21|5.6k|184/747/1005|4/20/134|3/24|7|671|1:11|1:11|3|95%|0|1.35|8
starlette|34|5.6k|112/475/733|5/24/149|6/20|19|372|0|0|0|97%|0|1.53|9
httpcore|31|6.1k|143/365/509|6/28/103|5/18|6|518|0|2:3|12|98%|0|0.81|0
h11|11|2.2k|126/315/568|6/30/58|8/16|5|509|0|0|0|100%|0|1.09|0
dramatiq|55|6.5k|65/298/592|5/19/185|5/30|6|465|0|1:11|10|43%|4|0.72|48
psycopg_pool|15|2.7k|76/838/908|8/30/81|6/10|0|891|0|0|0|91%|0|1.55|0
import-linter|40|3.2k|42/221/412|8/27/107|6/15|4|246|0|0|1|95%|0|2.38|0
locust|49|10.1k|78/666/1322|7/32/548|6/93|25|697|1:8|1:8|1|50%|3|1.48|134
celery|161|35.6k|134/580/2076|5/20/320|5/49|65|1381|1:4|1:46|42|9%|14|1.30|1962
SQLAlchemy|255|200k|333/2101/7057|5/27/441|5/75|360|5765|7:10|8:32|66|59%|28|1.55|1488
"""


@dataclass(frozen=True, slots=True)
class Module:
    """One file of the package."""

    name: str
    source: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """All lines of the file."""
        return self.source.count("\n")


def modules(package: Path) -> list[Module]:
    """Every module of the package, by its dotted name."""
    found = []
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        source = path.read_text(encoding="utf-8")
        found.append(Module(name, source, ast.parse(source)))
    return found


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, nested ones included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        text = node.body[0]
        lines -= (text.end_lineno or text.lineno) - text.lineno + 1
    return lines


def imports(module: Module, known: set[str], *, late: bool) -> set[str]:
    """Modules of the package that this one imports."""
    nodes = ast.walk(module.tree) if late else _at_top(module.tree.body)
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (inner & known) or {node.module}
    return (found & known) - {module.name}


def _at_top(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if isinstance(node, ast.If | ast.Try) and not typing_only:
            yield from _at_top(node.body)


def cycles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Groups of modules that reach each other."""
    reach = {name: _reached(graph, name) for name in graph}
    groups: list[set[str]] = []
    for name in graph:
        group = {other for other in reach[name] if name in reach[other]} | {name}
        if len(group) > 1 and group not in groups:
            groups.append(group)
    return groups


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting.extend(graph[name])
    return seen


def late_imports(tree: ast.Module) -> int:
    """Imports inside functions."""
    return len(
        {
            (node.lineno, node.col_offset)
            for function in functions(tree)
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        }
    )


def spread(values: Sequence[int]) -> str:
    """Median, 90th percentile and maximum."""
    ordered = sorted(values)
    return "/".join(
        str(ordered[min(len(ordered) - 1, int(len(ordered) * q))]) for q in (0.5, 0.9, 1)
    )


def row(found: list[Module], tests: Path) -> list[str]:
    """Our own row of the table."""
    known = {module.name for module in found}
    all_functions = [node for module in found for node in functions(module.tree)]
    complexity = [
        block.complexity
        for module in found
        for block in cc_visit(module.source)
        if block.letter in "FM"
    ]
    classes = [
        (node.end_lineno or 0) - node.lineno + 1
        for module in found
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
    ]
    top, late = (
        cycles({module.name: imports(module, known, late=flag) for module in found})
        for flag in (False, True)
    )
    sloc = sum(analyze(module.source).sloc for module in found)
    test_sources = [path.read_text(encoding="utf-8") for path in sorted(tests.rglob("*.py"))]
    test_sloc = sum(analyze(source).sloc for source in test_sources)
    median, p90, worst = spread(complexity).split("/")
    return [
        "surefoot",
        str(len(found)),
        f"{sloc / 1000:.1f}k",
        spread([module.lines for module in found]),
        spread([length(node) for node in all_functions]),
        f"{p90}/{worst}" if median else "",
        str(sum(value > 10 for value in complexity)),
        str(max(classes, default=0)),
        _groups(top),
        _groups(late),
        str(sum(late_imports(module.tree) for module in found)),
        f"{_share(node.returns is not None for node in all_functions):.0%}",
        str(_count(found, ast.Global)),
        f"{test_sloc / sloc:.2f}",
        str(sum(source.count("mock") for source in test_sources)),
    ]


def _groups(found: list[set[str]]) -> str:
    return f"{len(found)}:{max(map(len, found))}" if found else "0"


def _count(found: list[Module], kind: type[ast.AST]) -> int:
    return sum(isinstance(node, kind) for module in found for node in ast.walk(module.tree))


def _share(values: Iterable[bool]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 1.0


def public(found: list[Module]) -> Iterator[tuple[str, bool, bool]]:
    """Each public function, class and method: its name, whether typed, whether documented."""
    for module in found:
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                yield f"{module.name}.{node.name}", True, ast.get_docstring(node) is not None
                for inner in node.body:
                    yield from _public_function(f"{module.name}.{node.name}", inner)
            else:
                yield from _public_function(module.name, node)


def _public_function(where: str, node: ast.stmt) -> Iterator[tuple[str, bool, bool]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        typed = node.returns is not None and all(
            argument.annotation is not None
            for argument in arguments
            if argument.arg not in {"self", "cls"}
        )
        yield f"{where}.{node.name}", typed, ast.get_docstring(node) is not None


def beyond(found: list[Module]) -> Iterator[str]:
    """Files over 500 lines, functions over 50 lines or over a complexity of 10."""
    for module in found:
        if module.lines > 500:
            yield f"  {module.name}: {module.lines} lines"
        for node in functions(module.tree):
            if length(node) > 50:
                yield f"  {module.name}:{node.lineno} {node.name}: {length(node)} lines"
        for block in cc_visit(module.source):
            if block.letter in "FM" and block.complexity > 10:
                yield f"  {module.name}:{block.lineno} {block.name}: complexity {block.complexity}"


def main() -> int:
    """Print the table; returns the exit code."""
    found = modules(PACKAGE)
    table = [list(COLUMNS), row(found, ROOT / "tests")]
    table += [line.split("|") for line in OTHERS.strip().splitlines()]
    widths = [max(len(line[column]) for line in table) for column in range(len(COLUMNS))]
    for line in table:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )
    names = list(public(found))
    typed = _share(is_typed for _, is_typed, _ in names)
    documented = _share(is_documented for _, _, is_documented in names)
    print(f"\npublic names: {len(names)}, typed {typed:.0%}, documented {documented:.0%}")
    print("\n".join(["beyond what the house likes:", *beyond(found)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
