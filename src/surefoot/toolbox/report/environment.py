"""The pages' templates, and the one place where drawn markup is let through."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

__all__ = ["asset", "render"]


def render(template: str, **values: Any) -> str:
    """One page; whatever came from an application is escaped."""
    styles = Markup("\n").join(asset(name) for name in ("page.css", "steps.css"))
    text = _environment().get_template(template).render(style=styles, **values)
    # A file's name may hold bytes that are no text; Python carries them as lone surrogates.
    return text.encode("utf-8", "replace").decode("utf-8")


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__ or "", "template"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawn"] = _drawn
    return environment


def _drawn(svg: str) -> Markup:
    """A picture of ours: ``svg.words`` has escaped whatever of it came from the application."""
    return Markup(svg)  # noqa: S704 - drawn by this package


def asset(name: str) -> Markup:
    """A style sheet or script of this package, as it goes into a page."""
    text = resources.files(__package__ or "").joinpath("template", name).read_text("utf-8")
    return Markup(text)  # noqa: S704 - a file of this package
