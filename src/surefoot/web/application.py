"""Import of the user's application, and telling WSGI from ASGI."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final

from surefoot.core.target import Target
from surefoot.errors import TargetError
from surefoot.web import paste
from surefoot.web.django.project import VARIABLE, project
from surefoot.web.framework import Framework
from surefoot.web.frameworks import known

__all__ = [
    "application_frames",
    "framework_object",
    "import_application",
    "interface",
    "resolved",
]

_NAMES: Final = ("application", "app")
_ASGI_ARGUMENTS: Final = 3
_WSGI_ARGUMENTS: Final = 2
# Under these names middleware keeps what it wraps.
_WRAPPED: Final = ("app", "wsgi_app", "application", "_app", "wrapped", "_application")
_DEEPEST: Final = 20
_OURS: Final = str(Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a target comes to in the application's interpreter."""

    target: Target
    """A module and a name in it, or a description for PasteDeploy."""
    package: str
    """Top-level package of the application's own code."""
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What its processes have to be told beside."""


def import_application(target: Target, settings: Mapping[str, Any]) -> Callable[..., Any]:
    """Import the target and, if it is a factory, call it with ``settings`` as keywords.

    Raises:
        TargetError: There is no such module or name, or it is nothing that could be served.
        Exception: Whatever the application itself raises while it is imported.
    """
    if target.is_description:
        return paste.application(target, settings)
    target = resolved(target).target
    module = _import(target)
    found: Any = _attribute(module, target)
    if target.call:
        if not callable(found):
            raise TargetError(f"{target.attribute} in {target.module} is no function to call")
        found = found(*target.positional, **{**target.keywords, **settings})
    elif settings:
        raise TargetError(
            f"[app] settings are given, but {target} is no factory",
            do=f"name a function that builds the application, as {target.module}:create_app()",
        )
    if not callable(found):
        raise TargetError(
            f"{target} is {_described(found)}, neither a WSGI nor an ASGI application",
            do="name the application object, or the function that builds it with () behind it",
        )
    served: Callable[..., Any] = found
    return served


def resolved(target: Target) -> Resolved:
    """The module and name that a target comes to; a project's folder is asked for it.

    What PasteDeploy describes stays as it is.

    Raises:
        TargetError: The folder does not tell.
        Exception: Whatever its settings raise while they are imported.
    """
    if not target.file:
        return Resolved(target, target.package)
    if target.is_description:
        return Resolved(target, paste.package(target))
    found = project(target.file, target.section)
    environment = {VARIABLE: found.told} if found.told else {}
    return Resolved(found.target, found.settings.partition(".")[0], environment)


def _import(target: Target) -> Any:
    try:
        return importlib.import_module(target.module)
    except ModuleNotFoundError as error:
        if error.name and (target.module + ".").startswith(error.name + "."):
            raise TargetError(
                f"there is no module {error.name} (target {target})",
                do="give the directory it lies in with --directory, "
                "or the interpreter it is installed in with --python",
            ) from None
        raise


def _attribute(module: Any, target: Target) -> Any:
    if not target.attribute:
        for name in _NAMES:
            if hasattr(module, name):
                return getattr(module, name)
        raise TargetError(
            f"{target.module} has neither an application nor an app",
            do=f"name the object, as {target.module}:NAME",
        )
    found = module
    for name in target.attribute.split("."):
        if not hasattr(found, name):
            raise TargetError(
                f"there is no {target.attribute} in {target.module}",
                do="check the name behind the colon",
            )
        found = getattr(found, name)
    return found


def interface(application: Callable[..., Any]) -> str:
    """``"wsgi"``, ``"asgi"`` or a framework's own, from its class or else from the signature.

    Raises:
        TargetError: The callable fits neither.
    """
    found = _framework(application)
    if found is not None:
        return found[1]
    if _is_coroutine_function(application):
        return "asgi"
    required = _required(application)
    if required == _ASGI_ARGUMENTS:
        return "asgi"
    if required is None or required == _WSGI_ARGUMENTS:
        return "wsgi"
    name = getattr(application, "__name__", type(application).__name__)
    factory = f"; if it builds the application, write {name}()" if required == 0 else ""
    raise TargetError(
        f"{name} takes {required} arguments; WSGI calls with 2, ASGI with 3",
        do=f"name the application object itself{factory}",
    )


def framework_object(application: object) -> tuple[Framework | None, Any]:
    """The framework and its application object, looked for under middleware.

    Returns:
        ``(None, None)`` where no known framework shows.
    """
    seen = application
    for _ in range(_DEEPEST):
        found = _framework(seen)
        if found is not None:
            return found[0], seen
        following = _inside(seen)
        if following is None:
            break
        seen = getattr(following, "__self__", following)
    return None, None


def _inside(application: object) -> object:
    """What middleware wraps, or what a dispatcher by protocol has for HTTP."""
    protocols = getattr(application, "application_mapping", None)
    if isinstance(protocols, Mapping):
        return protocols.get("http")
    inner = (getattr(application, name, None) for name in _WRAPPED)
    return next((found for found in inner if callable(found)), None)


def application_frames(error: BaseException) -> TracebackType | None:
    """The error's traceback from the first frame on that is neither ours nor the import system's.

    ``None`` where there is no such frame, as for a mistake of syntax in the target itself.
    """
    trace = error.__traceback__
    while trace is not None and _is_machinery(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    return trace


def _is_machinery(name: str) -> bool:
    return name.startswith(("<frozen importlib", _OURS)) or Path(name).parent.name == "importlib"


def _framework(found: object) -> tuple[Framework, str] | None:
    """Which framework made an application, and how it is served."""
    for framework in known:
        for place, interface in framework.applications.items():
            if _is_a(found, *place.split(":")):
                return framework, interface
    return None


def _is_a(found: object, module: str, name: str) -> bool:
    # Only a framework the application has imported can have made its object.
    loaded = sys.modules.get(module)
    kind = getattr(loaded, name, None)
    return isinstance(kind, type) and isinstance(found, kind)


def _is_coroutine_function(application: Callable[..., Any]) -> bool:
    if inspect.iscoroutinefunction(application):
        return True
    call = getattr(type(application), "__call__", None)  # noqa: B004 - the method itself is wanted
    return inspect.iscoroutinefunction(call)


def _required(application: Callable[..., Any]) -> int | None:
    try:
        parameters = inspect.signature(application).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return None
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in places and p.default is p.empty for p in parameters)


def _described(found: object) -> str:
    return f"of type {type(found).__name__}" if found is not None else "None"
