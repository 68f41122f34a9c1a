"""What a target such as ``shop:create_app(debug=False)`` says, without importing anything."""

from __future__ import annotations

import ast
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from surefoot.errors import TargetError

__all__ = ["Target", "parse_target"]

_FORMS = "shop.wsgi:application, shop:create_app(), shop/app.py:app, manage.py or shop.ini#main"
_PROJECT = "manage.py"
_DESCRIPTION = ".ini"


@dataclass(frozen=True, slots=True)
class Target:
    """A module, a name in it, and whether that name is a factory to be called.

    Or a file that is no module, but says what to serve: ``manage.py`` of a Django project, or a
    description for PasteDeploy.
    """

    module: str
    """Dotted."""
    attribute: str = ""
    """Dotted; empty when the target names only a module."""
    call: bool = False
    positional: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = field(default_factory=lambda: types.MappingProxyType({}))
    file: str = ""
    """``"manage.py"`` or ``"production.ini"``; empty for a module."""
    section: str = ""
    """What of the file: a module of settings, an application; empty for what the file says."""

    @property
    def is_description(self) -> bool:
        """Whether PasteDeploy is to load it."""
        return self.file.endswith(_DESCRIPTION)

    @property
    def package(self) -> str:
        """The top-level package or module."""
        return self.module.partition(".")[0]

    def __str__(self) -> str:
        if self.file:
            return f"{self.file}#{self.section}" if self.section else self.file
        if not self.attribute:
            return self.module
        words = [repr(value) for value in self.positional]
        words += [f"{name}={value!r}" for name, value in self.keywords.items()]
        return f"{self.module}:{self.attribute}" + (f"({', '.join(words)})" if self.call else "")


def parse_target(text: str) -> Target:
    """Read a target; a file's path becomes the dotted name of its module.

    Raises:
        TargetError: It has none of the known forms, or a factory's arguments are no literals.
    """
    file, hash_, section = text.strip().partition("#")
    if file == _PROJECT:
        return Target(
            _module(file, text), file=file, section=_module(section, text) if hash_ else ""
        )
    if file.endswith(_DESCRIPTION):
        return Target("", file=file, section=section)
    head, colon, tail = text.strip().partition(":")
    module = _module(head, text)
    if not colon:
        return Target(module)
    try:
        expression = ast.parse(tail.strip(), mode="eval").body
    except SyntaxError:
        raise _misread(text) from None
    if not isinstance(expression, ast.Call):
        return Target(module, _dotted(expression, text))
    try:
        positional = tuple(ast.literal_eval(value) for value in expression.args)
        keywords = {str(word.arg): ast.literal_eval(word.value) for word in expression.keywords}
    except ValueError:
        raise TargetError(
            f"the target {text} calls its factory with something that is no plain value",
            do="put such values under [app] settings, or into a function without arguments",
        ) from None
    attribute = _dotted(expression.func, text)
    return Target(module, attribute, True, positional, types.MappingProxyType(keywords))


def _module(head: str, text: str) -> str:
    dotted = head.strip()
    if dotted.endswith(".py"):
        dotted = dotted.removesuffix(".py").removeprefix("./").replace("/", ".")
        dotted = dotted.removesuffix(".__init__")
    if not dotted or not all(part.isidentifier() for part in dotted.split(".")):
        raise _misread(text)
    return dotted


def _dotted(node: ast.expr, text: str) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value, text)}.{node.attr}"
    raise _misread(text)


def _misread(text: str) -> TargetError:
    return TargetError(f"{text!r} is not a target", do=f"write it like {_FORMS}")
