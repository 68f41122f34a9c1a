"""Runs one function of a file as a request of a worker, in a process of its own.

Hooks change drivers for the whole process and wait for their import, so a contract tries them where
nothing has been imported yet. Called by ``HookContract``; prints one line of JSON.
"""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from surefoot import telemetry

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Run ``FILE FUNCTION RECORDS MODE ARGUMENT...``.

    ``MODE`` is ``request``, ``plain`` (telemetry installed, no request), ``off``, or ``faulty``
    (every look-up of telemetry fails).
    """
    file, function, records, mode, *rest = arguments
    recorder = telemetry.install(
        telemetry.Options(
            records="" if mode == "off" else records,
            code=(str(Path(file).resolve().parent),),
        )
    )
    if mode == "faulty":
        _break(recorder)
    exercise = getattr(_load(Path(file)), function)
    in_request = mode in {"request", "faulty"}
    answer: dict[str, Any] = {"result": None, "error": ""}
    try:
        answer["result"] = _run(recorder, exercise, rest, in_request=in_request)
    except Exception as error:  # noqa: BLE001 - what the driver raised is what is compared
        answer["error"] = f"{type(error).__name__}: {error}"
    recorder.close()
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def _load(file: Path) -> Any:
    spec = importlib.util.spec_from_file_location("exercised", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules["exercised"] = module
    spec.loader.exec_module(module)
    return module


def _run(
    recorder: telemetry.Recorder,
    exercise: Callable[..., Any],
    rest: list[str],
    *,
    in_request: bool,
) -> Any:
    if inspect.iscoroutinefunction(exercise):
        return asyncio.run(_awaited(recorder, exercise, rest, in_request=in_request))
    if not in_request:
        return exercise(*rest)
    request = recorder.begin("GET")
    recorder.work(request)
    try:
        return exercise(*rest)
    finally:
        request.route, request.status = "/exercise", 200
        recorder.rest(request)
        recorder.finish(request)


async def _awaited(
    recorder: telemetry.Recorder,
    exercise: Callable[..., Any],
    rest: list[str],
    *,
    in_request: bool,
) -> Any:
    if not in_request:
        return await exercise(*rest)
    request = recorder.begin_task("GET")
    try:
        return await recorder.drive(exercise(*rest), request)
    finally:
        request.route, request.status = "/exercise", 200
        recorder.finish(request)


def _break(recorder: telemetry.Recorder) -> None:
    def fail(*_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("broken on purpose")

    recorder.sites.lines = fail  # type: ignore[method-assign]
    recorder.statements._learn = fail  # type: ignore[method-assign]  # noqa: SLF001 - broken on purpose


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
