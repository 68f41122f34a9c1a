"""Looks for an application where none was named, without importing anything.

The committed list: ``manage.py`` of a Django project, then ``wsgi.py``, ``asgi.py``, ``app.py``,
``main.py`` and ``application.py``, each with ``application``, ``app``, ``create_app`` or
``make_app`` in it; and where none of them is, a Django project in a folder of the directory, or
``production.ini`` for PasteDeploy, or a package whose ``__main__.py`` starts a server.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

from surefoot.errors import TargetError
from surefoot.toolbox.existing.script import script

__all__ = ["FILES", "MANAGE", "NAMES", "search"]

FILES: Final = ("wsgi", "asgi", "app", "main", "application")
NAMES: Final = ("application", "app", "create_app", "make_app")
_FACTORIES: Final = frozenset(NAMES[2:])
MANAGE: Final = "manage.py"
_DJANGO: Final = "DJANGO_SETTINGS_MODULE"
_PRODUCTION: Final = "production.ini"
_PACKAGE: Final = "__main__.py"
_MAIN: Final = re.compile(
    r"^\[(?:app|application|composite|composit|pipeline):main\]", re.MULTILINE
)


def search(directory: Path) -> str:
    """The one target found in ``directory``.

    Raises:
        TargetError: None is found, or several that differ.
    """
    hits = _hits(directory) or _projects_below(directory) or _described(directory)
    hits = hits or _started_by_packages(directory)
    if len(hits) == 1:
        return next(iter(hits.values()))
    if hits:
        raise TargetError(
            f"several applications are in {directory}: {', '.join(hits.values())}",
            do=f"name one, as: surefoot run {next(iter(hits.values()))}",
        )
    raise TargetError(
        f"no application is found in {directory}",
        do="name it, as: surefoot run shop.wsgi:application, or its directory with --directory; "
        f"looked for manage.py, {', '.join(FILES)}.py with {', '.join(NAMES)}, {_PRODUCTION} and "
        f"packages whose {_PACKAGE} starts a server; surefoot init --from takes a Procfile, a "
        "systemd unit, a Dockerfile or a command line",
    )


def _started_by_packages(directory: Path) -> dict[str, str]:
    """What packages of the directory serve when they are started by ``python -m``."""
    hits: dict[str, str] = {}
    for path in sorted(directory.glob(f"*/{_PACKAGE}")):
        try:
            found = script(path.read_text(encoding="utf-8"), f"{path.parent.name}/{_PACKAGE}")
        except (OSError, UnicodeDecodeError):
            continue
        if found is not None:
            hits[path.parent.name] = str(found.settings["app.target"])
    return hits


def _hits(directory: Path) -> dict[str, str]:
    """Targets by the module they are in."""
    hits: dict[str, str] = {}
    if _django(directory / MANAGE):
        hits[MANAGE] = MANAGE
    trees = {stem: tree for stem in FILES if (tree := _tree(directory / f"{stem}.py")) is not None}
    for stem, tree in trees.items():
        if MANAGE in hits and _django(directory / f"{stem}.py"):
            # What the project serves.
            continue
        if name := _named(tree):
            hits[stem] = f"{stem}:{name}()" if name in _FACTORIES else f"{stem}:{name}"
    for stem in list(hits):
        # wsgi.py that takes its object from app.py is one application, not two.
        for other in _imported(trees.get(stem)):
            if other != stem:
                hits.pop(other, None)
    return hits


def _projects_below(directory: Path) -> dict[str, str]:
    found = sorted(path for path in directory.glob(f"*/{MANAGE}") if _django(path))
    return {path.parent.name: f"{path.parent.name}/{MANAGE}" for path in found}


def _described(directory: Path) -> dict[str, str]:
    found = _MAIN.search(_text(directory / _PRODUCTION))
    return {_PRODUCTION: _PRODUCTION} if found else {}


def _django(file: Path) -> bool:
    return _DJANGO in _text(file)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _tree(path: Path) -> ast.Module | None:
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def _named(tree: ast.Module) -> str:
    bound = {name for node in tree.body for name in _bound(node)}
    return next((name for name in NAMES if name in bound), "")


def _bound(node: ast.stmt) -> list[str]:
    match node:
        case ast.Assign():
            return [target.id for target in node.targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
            return [name]
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.ImportFrom():
            return [alias.asname or alias.name for alias in node.names]
    return []


def _imported(tree: ast.Module | None) -> list[str]:
    if tree is None:
        return []
    return [
        node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0
    ]
