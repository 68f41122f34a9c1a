"""A change taken back, and changes of the configuration tried on one. No effects here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surefoot.config import Config, Database, from_mapping, to_mapping
from surefoot.config.path import put
from surefoot.core.records import CodeEdit, ConfigEdit, OutsideAction

__all__ = ["edited", "inverse"]

_UNTOUCHED: Final = to_mapping(Config(database={"x": Database()}))["database"]["x"]

Action = tuple[ConfigEdit, ...] | OutsideAction | CodeEdit


def inverse(action: Action) -> Action:
    """What takes an action back; an edit of code is its owner's to take back, and stays."""
    if isinstance(action, tuple):
        return tuple(ConfigEdit(edit.key, edit.after, edit.before) for edit in reversed(action))
    if isinstance(action, OutsideAction):
        return OutsideAction(action.inverse, action.forward)
    return action


def edited(config: Config, edits: Iterable[ConfigEdit]) -> Config:
    """The configuration with these keys changed.

    Raises:
        ConfigError: There is no such key, or its new value is none that it may have.
    """
    tables = to_mapping(config)
    for edit in edits:
        put(tables, edit.key, edit.after)
    for name, values in list(tables["database"].items()):
        # A table that an undo leaves behind, with nothing in it that is not the default.
        if values.items() <= _UNTOUCHED.items():
            del tables["database"][name]
    return from_mapping(tables, "a change")
