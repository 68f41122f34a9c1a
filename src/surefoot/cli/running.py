"""What several commands need: to ask the supervisor of the project in this directory."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from surefoot import config
from surefoot.cli.console import Console
from surefoot.errors import ServerError
from surefoot.toolbox.serving import control
from surefoot.toolbox.serving.detached import launch
from surefoot.toolbox.serving.place import Place, place_of
from surefoot.toolbox.serving.record import Record, load
from surefoot.toolbox.serving.service import lives

__all__ = ["ask", "found", "until_gone"]

_SECONDS: Final = 10.0
"""For a supervisor to end, once everything else has."""
_POLL: Final = 0.02


def found() -> tuple[Place, Record]:
    """The run directory of the project here, and what runs of it.

    Raises:
        ServerError: Nothing does.
    """
    place = place_of(config.load(Path.cwd()))
    record = load(place.state)
    if record is None or not lives(record):
        raise ServerError(
            "nothing of this project runs",
            do="start it with surefoot run --detach, or go to the directory it was started in",
        )
    return place, record


def ask(request: Mapping[str, Any], console: Console) -> Mapping[str, Any]:
    """Have the supervisor do something; one that is no more is followed by another first.

    Raises:
        ServerError: Nothing runs, or it could not be done.
    """
    place, record = found()
    answer = control.ask(place.control, request, console.note)
    if answer is None:
        console.note("the supervisor is gone; another one takes over")
        place.control.unlink(missing_ok=True)
        launch(place, record)
        answer = control.ask(place.control, request, console.note)
    if answer is None:
        raise ServerError("the supervisor does not answer", do=f"look at {place.log('supervisor')}")
    return answer


def until_gone(record: Record) -> None:
    """Wait until the supervisor has cleared up after itself, and is no more; some seconds."""
    ending = time.monotonic() + _SECONDS
    supervisor = record.supervisor
    while lives(record) or (supervisor is not None and supervisor.alive):
        if time.monotonic() > ending:
            return
        time.sleep(_POLL)
