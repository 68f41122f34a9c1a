"""A bookshop that does some needless work before every answer: ``burdened:flask()``.

``BURDEN`` says how many rounds; without any it is the bookshop as it is.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples"))

ROUNDS = int(os.environ.get("BURDEN", "0"))


def work() -> None:
    """Use some CPU."""
    data = b"needless"
    for _ in range(ROUNDS):
        data = hashlib.sha256(data).digest()


def flask() -> Any:
    """The Flask bookshop, burdened."""
    from flask_bookshop.app import create_app

    app = create_app()
    app.before_request(work)
    return app


def fastapi() -> Any:
    """The FastAPI bookshop, burdened."""
    from fastapi_bookshop.app import create_app

    return Burdened(create_app())


class Burdened:
    """An ASGI application that works before it passes requests on."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            work()
        await self.app(scope, receive, send)
