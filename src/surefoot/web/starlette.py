"""Starlette and FastAPI: which route an ASGI scope was served by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["route"]

Scope = dict[str, Any]


def route(scope: Scope, root: str) -> str:
    """The template that matched, ``"/books/{id}"``; empty if there is none.

    The routers write what they matched into the scope, which is the same dictionary all the way
    down; so it is read when the application has returned.

    Args:
        scope: After the call.
        root: ``root_path`` before the call; what was added to it is where mounts begin.
    """
    mounted = _mounted(scope, root) if scope.get("root_path", "") != root else ""
    found = scope.get("route")
    if found is None and "endpoint" in scope and "router" in scope:
        found = _by_endpoint(getattr(scope["router"], "routes", ()), scope)
    path = _included(scope["fastapi"], found) if scope.get("fastapi") else None
    path = path or getattr(found, "path", None)
    if path is None or hasattr(found, "routes"):
        return f"{mounted}/{{path}}" if mounted else ""
    return mounted + str(path)


def _included(fastapi: Any, found: Any) -> str | None:
    """FastAPI's route may come from a router included under a prefix that only FastAPI knows."""
    context = fastapi.get("effective_route_context") if isinstance(fastapi, dict) else None
    if context is None or getattr(context, "original_route", None) is not found:
        return None
    path: str | None = getattr(context, "path_format", None)
    return path


def _mounted(scope: Scope, root: str) -> str:
    """Where the application that answered is mounted, with parameters as their names."""
    full = str(scope.get("root_path", ""))
    if len(full) <= len(root) or not full.startswith(root):
        return ""
    names = {str(value): name for name, value in scope.get("path_params", {}).items()}
    parts = full[len(root) :].split("/")
    return "/".join(f"{{{names[part]}}}" if part in names else part for part in parts)


def _by_endpoint(routes: Iterable[Any], scope: Scope) -> Any:
    """For releases of Starlette that do not note the route."""
    for candidate in routes:
        if getattr(candidate, "endpoint", None) is scope["endpoint"] and _matches(candidate, scope):
            return candidate
        found = _by_endpoint(getattr(candidate, "routes", None) or (), scope)
        if found is not None:
            return found
    return None


def _matches(candidate: Any, scope: Scope) -> bool:
    """One endpoint may serve several paths; some releases cut the mount's part off the path."""
    pattern = getattr(candidate, "path_regex", None)
    path, root = str(scope.get("path", "")), str(scope.get("root_path", ""))
    rest = path[len(root) :] if root and path.startswith(root) else path
    return pattern is None or bool(pattern.match(path) or pattern.match(rest))
