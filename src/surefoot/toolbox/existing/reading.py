"""A start in Surefoot's words: which application, how many processes and threads, where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from surefoot import config
from surefoot.core.target import parse_target
from surefoot.errors import ConfigError, TargetError
from surefoot.toolbox.existing import servers
from surefoot.toolbox.existing.gunicorn_file import gunicorn_file
from surefoot.toolbox.existing.options import given
from surefoot.toolbox.existing.script import Script, script
from surefoot.toolbox.existing.start import Existing, Left, Start
from surefoot.toolbox.existing.words import command

__all__ = ["Read", "existing"]

Read = Callable[[str], str | None]
"""The text of a file beside the application, or ``None``."""

_GUNICORN_FILE: Final = "gunicorn.conf.py"
_THREADED: Final = frozenset({"sync", "gthread"})
_LOOPED: Final = ("uvicorn", "asgi")
_PORTS: Final = {"waitress-serve": 8080, "waitress": 8080, "flask": 5000}


@dataclass
class _Found:
    settings: dict[str, Any] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)

    def leave(self, what: str, why: str) -> None:
        self.left.append(Left(what, why))


def existing(start: Start, read: Read) -> Existing | None:
    """What a start says; ``None`` where it starts no server that is known.

    Args:
        start: From any of the files.
        read: Gives the text of a file that it names.
    """
    try:
        line = command(start.line)
    except ValueError:
        return None
    found = _Found(left=[*start.left, *line.left])
    if start.env_file:
        found.settings[servers.ENV_FILE] = start.env_file
    directory = line.directory or start.directory
    if directory:
        found.settings[servers.DIRECTORY] = directory
    if not _started(line.words, found, read):
        return None
    return Existing(start.where, _possible(found), tuple(dict.fromkeys(found.left)))


def _started(words: Sequence[str], found: _Found, read: Read) -> bool:
    """Whatever comes before the server starts it, as an entrypoint's script does."""
    for index, word in enumerate(words):
        name = word.rpartition("/")[2]
        rest = words[index + 1 :]
        if name in servers.SERVERS:
            if index:
                found.leave(words[0], "it runs before the server")
            return _served(name, rest, found, read)
        if name.startswith("python") and rest:
            return _python(rest, found, read)
    return False


def _python(words: Sequence[str], found: _Found, read: Read) -> bool:
    rest = list(words)
    while rest[:1] and rest[0] in {"-u", "-O", "-OO", "-B", "-I", "-s", "-E"}:
        rest.pop(0)
    if rest[:1] == ["-m"] and len(rest) > 1:
        module, arguments = rest[1], rest[2:]
        if module in servers.SERVERS:
            return _served(module, arguments, found, read)
        return _script(module.replace(".", "/") + "/__main__.py", module, found, read)
    if rest[:1] and rest[0].rpartition("/")[2] == "manage.py":
        found.settings["app.target"] = rest[0]
        found.leave(" ".join(rest[:2]), "Django's own server is for development")
        return True
    if rest[:1] and rest[0].endswith(".py"):
        return _script(rest[0], rest[0], found, read)
    return False


def _script(path: str, name: str, found: _Found, read: Read) -> bool:
    text = read(path)
    known: Script | None = None if text is None else script(text, path)
    if known is None:
        return False
    found.settings |= known.settings
    found.leave(name, "the application is served without it")
    found.left += known.left
    return True


def _served(name: str, arguments: Sequence[str], found: _Found, read: Read) -> bool:
    told = given(servers.SERVERS[name], arguments)
    said = dict(told.said)
    found.left += told.left
    if name == "gunicorn":
        file = str(said.pop(servers.FILE, _GUNICORN_FILE)).removeprefix("file:")
        said = {**_file(file, found, read), **said}
    said = {key: value for key, value in said.items() if value is not None}
    if name == "gunicorn":
        _gunicorn(said, found)
    if name == "granian":
        said[servers.KIND] = "granian"
    target = _target(name, said, told.words)
    if not target:
        return False
    found.settings["app.target"] = target
    _processes(said, found)
    _listen(said, _PORTS.get(name, 8000), found)
    found.settings |= {key: value for key, value in said.items() if "." in key}
    return True


def _file(name: str, found: _Found, read: Read) -> Mapping[str, Any]:
    text = read(name)
    if text is None:
        if name != _GUNICORN_FILE:
            found.leave(name, "it is not there, or no file of Python")
        return MappingProxyType({})
    told = gunicorn_file(text, name)
    found.left += told.left
    return told.said


def _gunicorn(said: dict[str, Any], found: _Found) -> None:
    """Threads are those of its worker class; a synchronous worker has one."""
    kind = said.pop(servers.CLASS, "sync")
    if kind in _THREADED:
        said.setdefault(servers.THREADS, 1)
        return
    said.pop(servers.THREADS, None)
    if not any(word in kind for word in _LOOPED):
        found.leave(f"worker class {kind}", "requests are worked on by threads here")
    elif said.pop(servers.PRELOAD, False):
        found.leave("preload", "each replica with an event loop is one process")


def _target(server: str, said: dict[str, Any], words: Sequence[str]) -> str:
    """The target that is named, with what the server would add to it."""
    paste = said.pop(servers.PASTE, "")
    named = said.pop(servers.TARGET, "") or paste
    if server == "flask" and words[:1] not in (["run"], ("run",)):
        return ""
    if not named:
        words = words[1:] if server in {"flask", "fastapi"} else words
        # The value of an option that is not known may stand among the words.
        sure = (word for word in words if ":" in word or word.endswith((".ini", ".py")))
        named = next(sure, words[-1] if words else "")
    for prefix in ("asgi:", "wsgi:", "config:", "file:"):
        named = named.removeprefix(prefix)
    if server == "gunicorn" and named and ":" not in named and ".ini" not in named:
        named += ":application"
    # flask itself calls what has one of these names.
    factory = server == "flask" and named.endswith((":create_app", ":make_app"))
    if (said.pop(servers.FACTORY, False) or factory) and not named.endswith(")"):
        named += "()"
    try:
        return str(parse_target(named)) if named else ""
    except TargetError:
        return ""


def _processes(said: dict[str, Any], found: _Found) -> None:
    """Processes that are forked after the import share its memory, others are replicas."""
    workers = said.pop(servers.WORKERS, 0)
    preload = said.pop(servers.PRELOAD, False)
    if preload and workers > 1:
        said["server.workers"] = workers
    elif workers:
        said["server.replicas"] = workers
    if preload and workers <= 1:
        found.leave("preload", "one process shares its memory with nobody")


def _listen(said: dict[str, Any], usual: int, found: _Found) -> None:
    bind = said.pop(servers.BIND, "")
    host, port = said.pop(servers.HOST, ""), said.pop(servers.PORT, 0)
    if bind.startswith(("unix:", "fd:", "/")):
        found.leave(bind, "a balancer reaches each replica at a socket of its own")
    elif bind:
        name, _, number = bind.rpartition(":") if ":" in bind else (bind, "", str(usual))
        said["balancer.listen"] = f"{name or '0.0.0.0'}:{number}"  # noqa: S104 - what an empty one means
    elif host or port:
        said["balancer.listen"] = f"{host or '127.0.0.1'}:{port or usual}"


def _possible(found: _Found) -> Mapping[str, Any]:
    """Only what the configuration takes."""
    settings: dict[str, Any] = {}
    for key, value in found.settings.items():
        table, _, leaf = key.partition(".")
        try:
            config.from_mapping({table: {leaf: value}})
        except ConfigError:
            found.leave(f"{key} = {value}", "it is not possible here")
        else:
            settings[key] = value
    return MappingProxyType(settings)
