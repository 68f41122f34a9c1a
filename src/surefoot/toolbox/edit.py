"""Changes keys of ``surefoot.toml`` and leaves everything else in it as it was written."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from surefoot import config
from surefoot.config.path import Entry, Part, leaves, split
from surefoot.core.journal import Value
from surefoot.errors import ConfigError, OutputError
from surefoot.toolbox.durable import sync_directory, write_all

__all__ = [
    "Prepared",
    "config_file",
    "edited",
    "file_values",
    "leftovers",
    "prepare",
    "set_keys",
]

_PROJECT: Final = "pyproject.toml"


def config_file(settings: config.Settings) -> Path:
    """The file these settings were read from; where it would be made if there is none."""
    return settings.file or settings.directory / "surefoot.toml"


def set_keys(path: Path, values: Mapping[str, Value]) -> None:
    """Set keys of a configuration file, or take them out of it.

    Comments, order and everything else stay. The file is replaced whole or not at all, keeps its
    mode, is followed through a link, and is made where there is none.

    Args:
        path: ``surefoot.toml``, or a ``pyproject.toml`` whose ``[tool.surefoot]`` is meant.
        values: By dotted key; ``None`` takes the key out, so that its default is in force.

    Raises:
        ConfigError: The file is no valid configuration, before or after.
        OutputError: It cannot be written.
    """
    prepare(path, values, f"{os.getpid()}").commit()


def file_values(path: Path) -> dict[str, Any]:
    """What a configuration file holds, by dotted key; empty where there is none.

    Raises:
        ConfigError: It cannot be read or is no TOML.
    """
    return dict(leaves(_table(_parsed(_text(path), path), path)))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A new version of a file that lies beside it, ready to take its place."""

    path: Path
    """The file itself, links followed."""
    fresh: Path

    def commit(self) -> None:
        """Put it in place; from here on it survives a loss of power.

        Raises:
            OutputError: The directory does not allow it; the old file is in force.
        """
        try:
            self.fresh.replace(self.path)
            sync_directory(self.path.parent)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def discard(self) -> None:
        """Take it away again."""
        with suppress(OSError):
            self.fresh.unlink()


def prepare(path: Path, values: Mapping[str, Value], mark: str) -> Prepared:
    """Write the new version of a configuration file beside it.

    Args:
        path: As for ``set_keys``.
        values: As for ``set_keys``.
        mark: Tells the new file from others; a part of its name, which is hidden.

    Raises:
        ConfigError: As for ``set_keys``.
        OutputError: It cannot be written; nothing of it is left.
    """
    text = edited(_text(path), values, path)
    path = path.resolve()
    fresh = path.with_name(_fresh_name(path, mark))
    try:
        _write(fresh, text, path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise _unwritable(path, error) from error
    return Prepared(path, fresh)


def leftovers(path: Path) -> list[Path]:
    """New versions of a file that never took its place: whoever made them was killed.

    The end of each name is the mark that it was made with.
    """
    path = path.resolve()
    start = _fresh_name(path, "")
    return sorted(other for other in path.parent.iterdir() if other.name.startswith(start))


def _fresh_name(path: Path, mark: str) -> str:
    return f".{path.name}.partial-{mark}"


def edited(text: str, values: Mapping[str, Value], path: Path) -> str:
    """The text of a configuration file with keys set or taken out.

    Raises:
        ConfigError: It is no valid configuration, before or after.
    """
    import tomlkit  # noqa: PLC0415 - only commands that write need it

    before = _table(_parsed(text, path), path)
    config.from_mapping(before, path.name)
    document = tomlkit.parse(text)
    root: Any = document
    for name in ("tool", "surefoot") if path.name == _PROJECT else ():
        root = root.setdefault(name, tomlkit.table(is_super_table=True))
    for key, value in values.items():
        _put(root, split(key), value)
    result = str(tomlkit.dumps(document))
    ending = "\r\n" if text.endswith("\r\n") else "\n"
    if text.endswith(ending) and not text.endswith(ending * 2):
        # A table that went from the end of the file leaves the line that stood before it.
        result = result.rstrip("\r\n") + ending
    _check(result, before, values, path)
    return result


def _put(table: Any, path: list[Part], value: Value) -> None:
    import tomlkit  # noqa: PLC0415

    head, *rest = path
    if not rest:
        if value is None:
            table.pop(head, None)
        else:
            table[head] = value
        return
    assert isinstance(head, str)
    if isinstance(rest[0], Entry):
        _put_in_list(table, head, rest[0], str(rest[1]), value)
        return
    if head not in table:
        if value is None:
            return
        table[head] = tomlkit.table(is_super_table=len(rest) > 1)
    _put(table[head], rest, value)
    if value is None and not table[head].as_string().strip():
        # The table came with the key that has gone; one that holds comments stays.
        del table[head]


def _put_in_list(table: Any, name: str, entry: Entry, leaf: str, value: Value) -> None:
    """Set a key of one table of a list; the table comes and goes with the key that tells it."""
    import tomlkit  # noqa: PLC0415

    if name not in table:
        if value is None:
            return
        table[name] = tomlkit.aot()
    number = next((n for n, one in enumerate(table[name]) if one.get(entry.key) == entry.value), -1)
    if number < 0:
        if value is None:
            return
        inline = isinstance(table[name], tomlkit.items.Array)
        one: Any = tomlkit.inline_table() if inline else tomlkit.table()
        one[entry.key] = entry.value
        table[name].append(one)
    if value is not None:
        table[name][number][leaf] = value
    elif leaf == entry.key:
        del table[name][number]
        if not len(table[name]):
            del table[name]
    else:
        table[name][number].pop(leaf, None)


def _check(result: str, before: Mapping[str, Any], values: Mapping[str, Value], path: Path) -> None:
    wanted = dict(leaves(before)) | dict(values)
    after = _table(_parsed(result, path), path)
    found = dict(leaves(after))
    if found != {key: value for key, value in wanted.items() if value is not None}:
        keys = ", ".join(values)
        raise ConfigError(
            f"{path.name} is written in a way in which {keys} cannot be changed without changing "
            "more than that",
            do=f"set {keys} by hand",
        )
    config.from_mapping(after, path.name)


def _table(document: Mapping[str, Any], path: Path) -> Mapping[str, Any]:
    if path.name != _PROJECT:
        return document
    found = document.get("tool", {}).get("surefoot", {})
    if not isinstance(found, Mapping):
        raise ConfigError(f"{path.name}: tool.surefoot is no table")
    return found


def _parsed(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name} is not valid TOML: {error}") from error


def _text(path: Path) -> str:
    try:
        # Not read_text: it would turn CRLF into LF, and every line would be changed.
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is not valid TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


def _write(fresh: Path, text: str, old: Path) -> None:
    # Not 0600 for a new file: the configuration is read by whoever runs the application.
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        with suppress(FileNotFoundError):
            status = old.stat()
            os.fchmod(fd, status.st_mode & 0o7777)
            with suppress(PermissionError):
                os.fchown(fd, status.st_uid, status.st_gid)
        write_all(fd, text.encode())
        os.fsync(fd)
    finally:
        os.close(fd)


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} cannot be written: {error.strerror}; it is as it was",
        do="free some room, or check the rights of the file and its directory",
    )
