"""Which two are compared: two configurations, two checkouts, or one with keys changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from surefoot import config
from surefoot.config import Settings
from surefoot.core.ab import Question
from surefoot.core.proof import Measure
from surefoot.errors import TargetError, UsageError
from surefoot.toolbox.prove.arm import Arm
from surefoot.toolbox.target import find_application

__all__ = ["base_arm", "elsewhere", "question_for", "variant_arm"]

_NONE: Mapping[str, Any] = MappingProxyType({})


def base_arm(
    directory: Path,
    file: str = "",
    flags: Mapping[str, Any] = _NONE,
    environ: Mapping[str, str] = os.environ,
) -> Arm:
    """The application as its configuration says.

    Args:
        directory: Where the configuration is looked for.
        file: Another configuration file instead.
        flags: Dotted keys to values.
        environ: Of this process.

    Raises:
        SurefootError: There is no such application, or the configuration is wrong.
    """
    settings = _settings(directory, file, flags, environ)
    return Arm("base", find_application(settings, environ), settings)


def variant_arm(
    base: Arm,
    directory: Path,
    file: str = "",
    checkout: str = "",
    flags: Mapping[str, Any] = _NONE,
    environ: Mapping[str, str] = os.environ,
) -> Arm:
    """The same application, changed.

    Args:
        base: What it is compared with.
        directory: Where the configuration is looked for.
        file: Another configuration file instead.
        checkout: Directory of another working copy of the code.
        flags: Dotted keys to values.
        environ: Of this process.

    Raises:
        SurefootError: There is no such application, or the configuration is wrong.
    """
    settings = _settings(directory, file, flags, environ)
    if checkout:
        flags = {**flags, **_moved(base, settings, directory / checkout)}
        settings = _settings(directory, file, flags, environ)
    return Arm("variant", find_application(settings, environ), settings)


def question_for(base: Arm, variant: Arm) -> Question:
    """What to decide on where nobody said: how much work goes through at once, or also its cost.

    Those who only let more requests in at once are after capacity, and may pay some CPU for it.
    """
    before, after = base.settings.config, variant.settings.config
    same_code = base.application.directory == variant.application.directory
    if same_code and (before.server, before.database) != (after.server, after.database):
        return Question(on=(Measure.CAPACITY,))
    return Question()


def _settings(
    directory: Path, file: str, flags: Mapping[str, Any], environ: Mapping[str, str]
) -> Settings:
    if file:
        if not (directory / file).is_file():
            raise UsageError(
                f"there is no file {file}", do="name a configuration, surefoot.toml say"
            )
        environ = {**environ, "SUREFOOT_CONFIG": file}
    return config.load(directory, environ=environ, flags=flags)


def _moved(base: Arm, settings: Settings, checkout: Path) -> dict[str, str]:
    """The keys that let the application come from another working copy."""
    home = elsewhere(base.application.directory, checkout.resolve())
    moved = {"app.directory": str(home)}
    # A second working copy seldom has an environment of its own.
    if not settings.config.app.python and not (home / ".venv").is_dir():
        moved["app.python"] = str(base.application.interpreter.path)
    return moved


def elsewhere(directory: Path, checkout: Path) -> Path:
    """The directory in another working copy that corresponds to ``directory`` in its own.

    Raises:
        UsageError: There is no such working copy.
        TargetError: It has no such directory.
    """
    if not checkout.is_dir():
        raise UsageError(f"there is no directory {checkout}", do="name a working copy of the code")
    root = next((p for p in (directory, *directory.parents) if (p / ".git").exists()), directory)
    if not (checkout / ".git").exists():
        # A plain copy: of the whole working copy, or of the application's directory alone.
        root = root if (checkout / directory.relative_to(root)).is_dir() else directory
    home = checkout / directory.relative_to(root)
    if not home.is_dir():
        raise TargetError(
            f"{checkout} has no directory {directory.relative_to(root)}",
            do="name a working copy of the same project",
        )
    return home
