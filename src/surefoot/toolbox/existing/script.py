"""A script or a package's ``__main__.py`` that starts a server itself: what it serves, and how.

``uvicorn.run(app, workers=4)``, ``waitress.serve(create_app())``, ``app.run(port=8000)`` and
Tornado's ``make_app().listen(8888)`` are understood; nothing is run to find out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from surefoot.core.target import parse_target
from surefoot.errors import TargetError
from surefoot.toolbox.existing.start import Left

__all__ = ["Script", "script"]

_UVICORN: Final = {
    "workers": "server.replicas",
    "timeout_keep_alive": "server.keep_alive",
    "timeout_graceful_shutdown": "server.graceful_timeout",
    "env_file": "app.env_file",
    "app_dir": "app.directory",
}
_WAITRESS: Final = {"threads": "server.threads", "channel_timeout": "server.keep_alive"}
# Name of the call to its keywords that are keys, and to the port it listens on by default.
_CALLS: Final[Mapping[str, tuple[Mapping[str, str], int]]] = {
    "uvicorn.run": (_UVICORN, 8000),
    "waitress.serve": (_WAITRESS, 8080),
    "serve": (_WAITRESS, 8080),
    ".run": ({}, 5000),
    ".listen": ({}, 0),
}
_ADDRESS: Final = frozenset({"host", "port", "address"})


@dataclass(frozen=True, slots=True)
class Script:
    """What a script serves.

    Attributes:
        settings: Dotted keys of the configuration.
        left: What was not taken over.
    """

    settings: Mapping[str, Any]
    left: tuple[Left, ...] = ()


def script(text: str, path: str) -> Script | None:
    """What the first server that it starts is given; ``None`` where there is none.

    Args:
        text: The script.
        path: Of the script, relative to the application's directory.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    module = _Module(tree, path.removesuffix(".py").removeprefix("./").replace("/", "."))
    for call, name, served in _calls(tree):
        target = module.target(served, call)
        if target:
            settings, left = _keywords(call, name)
            return Script(MappingProxyType({"app.target": target, **settings}), left)
    return None


def _calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str, ast.expr]]:
    """Calls that serve, by their names in ``_CALLS``, and what each is given."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        own = node.func
        name = ast.unparse(own)
        if name in _CALLS and node.args:
            yield node, name, node.args[0]
        elif isinstance(own, ast.Attribute) and f".{own.attr}" in _CALLS:
            yield node, f".{own.attr}", own.value


class _Module:
    """Names of a script as targets, those that can be imported without starting the server."""

    def __init__(self, tree: ast.Module, name: str) -> None:
        self._tree = tree
        self._name = name
        self._functions = {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        self._assigned = {
            target.id: node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        self._idle = not any(map(self._serves, tree.body))

    def target(self, served: ast.expr, call: ast.Call) -> str:
        """Of what a server is given; empty where it has no name that others can import."""
        if isinstance(served, ast.Constant) and isinstance(served.value, str):
            return _checked(served.value + ("()" if _factory(call) else ""))
        if isinstance(served, ast.Name):
            return self._whole(served.id) or self._made(self._assigned.get(served.id))
        return self._made(served)

    def _serves(self, statement: ast.stmt) -> bool:
        """Whether importing the script runs this and with it, perhaps, the server."""
        if isinstance(statement, ast.If):
            return "__name__" not in ast.unparse(statement.test)
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
            return False
        own = ast.unparse(statement.value.func)
        own_name = own in self._functions or own in _CALLS
        return own_name or own.endswith(tuple(n for n in _CALLS if n.startswith(".")))

    def _made(self, made: ast.expr | None) -> str:
        """By a factory that has a name, called with plain values."""
        if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Name):
            return ""
        whole = self._whole(made.func.id)
        arguments = ast.unparse(made).partition("(")[2]
        return _checked(f"{whole}({arguments}") if whole else ""

    def _whole(self, name: str) -> str:
        imported = self._imported(name)
        if imported or not self._idle:
            return imported
        top = any(
            isinstance(node, ast.Assign) and any(getattr(t, "id", "") == name for t in node.targets)
            for node in self._tree.body
        )
        return _checked(f"{self._name}:{name}") if top or name in self._functions else ""

    def _imported(self, name: str) -> str:
        for node in ast.walk(self._tree):
            if not isinstance(node, ast.ImportFrom):
                continue
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    package = self._name.split(".")[: -node.level] if node.level else []
                    module = ".".join([*package, *([node.module] if node.module else [])])
                    return _checked(f"{module}:{alias.name}")
        return ""


def _factory(call: ast.Call) -> bool:
    return any(
        word.arg == "factory" and getattr(word.value, "value", False) for word in call.keywords
    )


def _checked(text: str) -> str:
    try:
        target = parse_target(text) if text and not text.startswith(":") else None
    except TargetError:
        return ""
    return str(target) if target is not None else ""


def _keywords(call: ast.Call, name: str) -> tuple[dict[str, Any], tuple[Left, ...]]:
    keys, usual = _CALLS[name]
    values: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    left: list[Left] = []
    words = {word.arg or "**": word.value for word in call.keywords}
    if name == ".listen" and call.args:
        words["port"] = call.args[0]
    for word, node in words.items():
        try:
            value = ast.literal_eval(node)
        except (ValueError, TypeError):
            left.append(Left(word, "it is computed"))
            continue
        if word in _ADDRESS:
            values[word] = value
        elif word in keys:
            settings[keys[word]] = value
        elif word != "factory":
            left.append(Left(word, "there is no key for it"))
    if values:
        host = values.get("host") or values.get("address") or "127.0.0.1"
        settings["balancer.listen"] = f"{host}:{values.get('port', usual)}"
    return settings, tuple(left)
