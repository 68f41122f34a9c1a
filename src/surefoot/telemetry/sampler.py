"""Sampler."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from surefoot.telemetry.recorder import Recorder


class Sampler:
    """Not yet."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def tick(self) -> None:
        """One look."""
