"""Reads the fields of a JSON object strictly, with errors that say where it stood."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from surefoot.errors import JournalError

__all__ = ["Fields", "plain"]

_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object; a field of another type than asked for is a ``JournalError``."""

    told: Any
    where: str
    do: str

    def __post_init__(self) -> None:
        if not isinstance(self.told, dict):
            raise JournalError(f"{self.where} is no JSON object", do=self.do)

    @property
    def mapping(self) -> Mapping[str, Any]:
        """The object as it is, not to be changed."""
        return MappingProxyType(self.told)

    def text(self, name: str, default: str | None = None) -> str:
        """A string."""
        value = self.told.get(name, default)
        if not isinstance(value, str):
            raise self._wrong(name, "text")
        return value

    def whole(self, name: str, default: int | None = None, least: int = 0) -> int:
        """A whole number, not below ``least``."""
        value = self.told.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._wrong(name, "a whole number")
        return value

    def number(self, name: str) -> float | None:
        """A number, or ``None`` where it is null or not there."""
        value = self.told.get(name)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self._wrong(name, "a number")
        return float(value)

    def flag(self, name: str) -> bool:
        """True or false; false where it is not there."""
        value = self.told.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def one_of(self, name: str, known: Sequence[str]) -> str:
        """One of these words."""
        value = self.text(name)
        if value not in known:
            raise self._wrong(name, "one of " + ", ".join(known))
        return value

    def value(self, name: str) -> str | int | float | bool | None:
        """What a key of the configuration can hold; has to be there."""
        value = self.told.get(name, _MISSING)
        if value is not None and not isinstance(value, str | int | float | bool):
            raise self._wrong(name, "text, a number, true, false or null")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings; empty where it is not there."""
        value = self.told.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self._wrong(name, "a list of text")
        return tuple(value)

    def table(self, name: str) -> Fields:
        """An object inside this one; empty where it is not there."""
        return Fields(self.told.get(name, {}), f"{self.where}: {name}", self.do)

    def tables(self, name: str) -> tuple[Fields, ...]:
        """A list of objects; empty where it is not there."""
        value = self.told.get(name, [])
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return tuple(Fields(each, f"{self.where}: {name}", self.do) for each in value)

    def _wrong(self, name: str, allowed: str) -> JournalError:
        return JournalError(f"{self.where}: {name} is not {allowed}", do=self.do)


def plain(value: Any) -> Any:
    """The value as JSON holds it: null for what is no finite number, text for what it lacks."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float) else str(value)
