"""A Tornado application in front of which a witness stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from surefoot.core.witness import MARK, step_number
from surefoot.web.tornado.framework import REQUEST, TORNADO
from surefoot.web.tornado.handlers import Run, surround, when_finished

if TYPE_CHECKING:
    from surefoot.web.witness import Witness

__all__ = ["watched"]


def watched(witness: Witness, application: Any) -> Any:
    """The same application; each of its requests is told to the witness."""

    async def around(handler: Any, run: Run) -> None:
        request = handler.request
        witness.begin(
            step_number(request.headers.get(MARK, "")), f"{request.method} {request.path}"
        )

        def finished() -> None:
            found = TORNADO.matched({REQUEST: request}, "")
            name = f"{request.method} {found}" if found else ""
            witness.answered(handler.get_status(), name)

        when_finished(handler, finished)
        try:
            await run()
        finally:
            witness.end()

    surround(application, around)
    return application
