"""Gzip for the answers of a Tornado application: Tornado does it, and is only asked to."""

from __future__ import annotations

from typing import Any

from tornado.web import GZipContentEncoding

__all__ = ["Compressed"]


def Compressed(app: Any) -> Any:  # noqa: N802 - in the place of the classes for WSGI and ASGI
    """The same application, which compresses from now on unless it does already."""
    inner = getattr(app, "app", app)
    if GZipContentEncoding not in inner.transforms:
        inner.add_transform(GZipContentEncoding)
    return app
