"""What Surefoot has to know of a web framework: one value each, in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, ModuleType
from typing import Any

__all__ = ["Carrier", "Framework", "Installer", "Matched", "Route", "declared", "mounted"]

Carrier = dict[str, Any]
"""A WSGI environment or an ASGI scope, which goes from the server through to the framework."""
Route = dict[str, Any]
"""``method``, ``template``, ``parameters`` and ``endpoint``, as ``inspect`` tells them."""
Matched = Callable[[Carrier, str], str]
"""From a carrier and the server's own prefix, the template of the route that serves a request, with
what it is mounted under; empty where none is known."""
Installer = Callable[[ModuleType], None]
"""Changes a module that has just been imported."""


def _debugs(application: Any) -> bool:
    return bool(getattr(application, "debug", False))


@dataclass(frozen=True, slots=True)
class Framework:
    """One framework. Nothing in here imports it: that is the application's to do."""

    name: str
    """As it is installed."""
    applications: Mapping[str, str]
    """Its classes of applications, ``"flask:Flask"``, to the interface they are served by."""
    matched: Matched
    """Asked when an answer starts, and under ASGI once more at its end."""
    routes: Callable[[Any], Iterable[Route]]
    """Every route of an application object."""
    hooks: Mapping[str, Installer] = field(default_factory=lambda: MappingProxyType({}))
    """By the module whose import triggers it: what is put in so that ``matched`` finds anything."""
    debugs: Callable[[Any], bool] = _debugs
    """Whether an application object runs in debug mode."""


def mounted(carrier: Carrier, root: str) -> str:
    """Where in the application that the server knows the one that answered is mounted.

    Args:
        carrier: During the call or after it.
        root: ``SCRIPT_NAME`` or ``root_path`` as it was before the call.

    Returns:
        ``"/tenants/{tenant}"``, with parameters as their names; empty where nothing is mounted.
    """
    full = str(carrier.get("root_path") or carrier.get("SCRIPT_NAME") or "")
    # A prefix of "/" is none, though applications set it: "//<id>/" is no route.
    full = full.rstrip("/")
    if len(full) <= len(root) or not full.startswith(root):
        return ""
    names = {str(value): name for name, value in carrier.get("path_params", {}).items()}
    parts = full[len(root) :].split("/")
    return "/".join(f"{{{names[part]}}}" if part in names else part for part in parts)


def declared(method: str, template: str, parameters: list[list[str]], endpoint: str = "") -> Route:
    """One route and method.

    Args:
        method: In capitals.
        template: As the framework writes it.
        parameters: ``[name, kind]`` of each, the kind being ``"int"``, ``"str"``, ``"float"``,
            ``"uuid"``, ``"slug"``, ``"path"`` or what the application calls its own converter.
        endpoint: What the application calls the view.
    """
    return {
        "method": method,
        "template": template,
        "parameters": parameters,
        "endpoint": endpoint,
    }
