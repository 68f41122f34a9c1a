"""Runs a hook as soon as the application itself has imported a module, and never before."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

__all__ = ["ImportWatch", "behind"]

Installer = Callable[[ModuleType], None]


def behind(finder: object) -> list[Any]:
    """The finders that come after this one.

    One that lets others find must ask none before it: of two of the kind each would ask the other.
    """
    finders = list(sys.meta_path)
    return finders[finders.index(finder) + 1 :] if finder in finders else []


class ImportWatch(importlib.abc.MetaPathFinder):
    """A finder that finds nothing itself: it lets the others find, and wraps the loader.

    Args:
        installers: Full module name to what is called with the executed module.
    """

    def __init__(self, installers: Mapping[str, Installer]) -> None:
        self._installers = dict(installers)

    def install(self) -> None:
        """Call the installers of modules already imported, and watch for the rest."""
        for name in list(self._installers):
            module = sys.modules.get(name)
            if module is not None:
                self._installers.pop(name)(module)
        sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Watch no longer; what was installed stays."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec that the other finders give, with its loader's end announced to us."""
        if fullname not in self._installers:
            return None
        for finder in behind(self):
            find = getattr(finder, "find_spec", None)
            if find is None:
                continue
            spec: importlib.machinery.ModuleSpec | None = find(fullname, path, target)
            if spec is not None:
                self._announce(spec, fullname)
                return spec
        return None

    def _announce(self, spec: importlib.machinery.ModuleSpec, name: str) -> None:
        loader: Any = spec.loader
        if isinstance(loader, type) or not hasattr(loader, "exec_module"):
            return
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            # Of two that watch the same module, the first has taken it away.
            vars(loader).pop("exec_module", None)
            execute(module)
            installer = self._installers.pop(name, None)
            if installer is not None:
                installer(module)

        loader.exec_module = exec_module
