"""What a Django project's folder serves, asked of its own settings: ``manage.py``."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from surefoot.core.target import Target
from surefoot.errors import TargetError

__all__ = ["VARIABLE", "Project", "project"]

VARIABLE: Final = "DJANGO_SETTINGS_MODULE"
_DEFAULT: Final = re.compile(VARIABLE + r"""['"]\]?\s*[,=]\s*['"]([\w.]+)['"]""")
_PLAIN: Final = Target("django.core.wsgi", "get_wsgi_application", call=True)


@dataclass(frozen=True, slots=True)
class Project:
    """One project with its settings.

    Attributes:
        target: What it serves.
        settings: The module they were read from.
        told: The module that has to stand in ``DJANGO_SETTINGS_MODULE``; empty where the
            application names its own.
    """

    target: Target
    settings: str
    told: str


def project(file: str, named: str) -> Project:
    """What is served: ``ASGI_APPLICATION``, else ``WSGI_APPLICATION``, else Django's own handler.

    The settings are those that are named, else those of ``DJANGO_SETTINGS_MODULE``; else those of
    ``manage.py`` say what is served, and that (as ``wsgi.py``) names the settings it is served
    with, which may be others: so it is in production.

    Args:
        file: ``manage.py``, to be found where modules are.
        named: Module of the settings; empty for none.

    Raises:
        TargetError: No settings are named anywhere, or there is no such module.
        Exception: Whatever the settings raise while they are imported.
    """
    if named:
        os.environ[VARIABLE] = named
    module = named or os.environ.get(VARIABLE) or _default(file)
    target = next(_served(module), _PLAIN)
    if target is _PLAIN:
        os.environ.setdefault(VARIABLE, module)
    return Project(target, module, module if target is _PLAIN else named)


def _default(file: str) -> str:
    spec = importlib.util.find_spec(file.removesuffix(".py"))
    text = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
    found = _DEFAULT.findall(text)
    if not found:
        raise TargetError(
            f"{file} names no settings of Django",
            do=f"name them, as {file}#shop.settings, or the application, as shop.wsgi:application",
        )
    return str(found[-1])


def _served(module: str) -> Iterator[Target]:
    settings = _imported(module)
    for name in ("ASGI_APPLICATION", "WSGI_APPLICATION"):
        place = getattr(settings, name, None)
        if isinstance(place, str) and "." in place:
            home, _, attribute = place.rpartition(".")
            yield Target(home, attribute)
    # Settings that are classes, as of django-configurations, do not show here.
    parts = module.split(".")
    for count in range(len(parts) - 1, 0, -1):
        found = ".".join([*parts[:count], "wsgi"])
        if importlib.util.find_spec(found) is not None:
            yield Target(found, "application")


def _imported(module: str) -> object:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name and (module + ".").startswith(error.name + "."):
            raise TargetError(
                f"there are no settings {module}",
                do=f"name them: manage.py#shop.settings, or {VARIABLE} in the environment",
            ) from None
        raise
