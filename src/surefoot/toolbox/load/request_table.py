"""One ``[[request]]`` table: its address, headers, body, captures, and what it expects."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote_plus

from surefoot.errors import WorkloadError
from surefoot.toolbox.load.table import Table
from surefoot.toolbox.load.template import Template, compile_text, names_in
from surefoot.toolbox.load.workload import Body, Capture, Request, Row

__all__ = ["RequestReader"]

_METHOD: Final = re.compile(r"[A-Z]+")
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PLACE_IN_JSON: Final = re.compile(r'(?<!\\)"(\{(?:-?\d+\.\.-?\d+|([A-Za-z_][\w.]*))\})"(?!:)')
_SOURCES: Final = ("body", "json", "header", "cookie")
_BODIES: Final = ("json", "body", "form")
_OURS: Final = frozenset({"content-length", "transfer-encoding", "connection"})


class RequestReader:
    """Reads request tables and remembers the names they use and supply.

    Args:
        headers: Headers of every request that does not give them itself.
        data: The file's data tables.
        environ: What ``{env.NAME}`` stands for.
        numbers: Names of data that are numbers, which JSON takes as numbers.
    """

    step_keys: Final = (
        "name", "method", "path", "headers", "json", "body", "form", "expect", "capture", "think",
    )  # fmt: skip
    keys: Final = (*(key for key in step_keys if key != "think"), "weight", "login", "user")

    def __init__(
        self,
        headers: Mapping[str, str],
        data: Mapping[str, tuple[Row, ...]],
        environ: Mapping[str, str],
        numbers: frozenset[str] = frozenset(),
    ) -> None:
        self._numbers = numbers
        self._headers = headers
        self._environ = environ
        self._supplied = {name for rows in data.values() for name in rows[0]}
        self._wanted: list[tuple[Table, str, str]] = []

    def read(self, table: Table, think: tuple[float, float] = (0.0, 0.0)) -> Request:
        """The request that ``table`` describes.

        Raises:
            WorkloadError: It cannot be sent as described.
        """
        method = table.text("method", "GET").upper()
        if not _METHOD.fullmatch(method):
            raise table.wrong("method", "a method such as GET or POST")
        path = self._path(table)
        return Request(
            name=table.text("name", f"{method} {path}"),
            method=method,
            path=self._template(table, "path", path, "url"),
            headers=self._header_lines(table),
            body=self._body(table),
            expect=table.statuses("expect"),
            captures=self._captures(table),
            think=table.think("think", think),
        )

    def check_names(self, source: str) -> None:
        """Every name that is asked for must be supplied by something in the file.

        Raises:
            WorkloadError: One is not.
        """
        for table, key, name in self._wanted:
            if name in self._supplied:
                continue
            near = difflib.get_close_matches(name, self._supplied, n=1, cutoff=0.5)
            hint = f"did you mean {{{near[0]}}}?" if near else f"{{{{{name}}}}} writes it as it is"
            raise table.error(
                key, f"asks for {{{name}}}, which nothing in {source} supplies; {hint}"
            )

    def _path(self, table: Table) -> str:
        if "path" not in table:
            raise table.error("path", 'is missing; it is an address such as "/books/{1..100}"')
        path = table.text("path")
        if not path.startswith(("/", "{")) or re.search(r"[\s\x00-\x1f\x7f]", path):
            raise table.wrong("path", 'an address that starts with "/" and holds no blank')
        return path

    def _header_lines(self, table: Table) -> tuple[tuple[str, Template], ...]:
        own = table.texts("headers")
        given = {name.lower() for name in own}
        lines = {name: text for name, text in self._headers.items() if name.lower() not in given}
        for name, text in (lines | own).items():
            if not _HEADER.fullmatch(name) or "\n" in text or "\r" in text:
                raise table.error("headers", f"has a line that cannot be sent: {name!r}")
            if name.lower() in _OURS:
                raise table.error("headers", f"sets {name}, which the generator sets itself")
        return tuple(
            (name, self._template(table, "headers", text, "header"))
            for name, text in (lines | own).items()
        )

    def _body(self, table: Table) -> Body | None:
        given = [key for key in _BODIES if key in table]
        if len(given) > 1:
            raise table.error(given[1], f"stands beside {given[0]}; a request has one body")
        if not given:
            return None
        key = given[0]
        if key == "body":
            return Body(self._template(table, key, table.text(key), ""))
        if key == "form":
            text = "&".join(
                f"{quote_plus(name)}={_outside_places(value)}"
                for name, value in table.texts(key).items()
            )
            template = self._template(table, key, text, "query")
            return Body(template, "application/x-www-form-urlencoded")
        text = _PLACE_IN_JSON.sub(self._in_json, _json(table))
        return Body(self._template(table, key, text, "json"), "application/json")

    def _in_json(self, match: re.Match[str]) -> str:
        """A place that is all of a text, without the quotes if it stands for a number."""
        is_number = match[2] is None or match[2] in self._numbers
        return match[1] if is_number else match[0]

    def _captures(self, table: Table) -> tuple[Capture, ...]:
        inner = table.child("capture", known=None)
        return tuple(self._capture(inner, name) for name in inner.values)

    def _capture(self, inner: Table, name: str) -> Capture:
        if not name.isidentifier() or name == "env":
            raise inner.error(name, "is no name that a {place} can hold")
        value = inner.values[name]
        entry = Table(
            inner.source,
            f"{inner.place} {name}",
            {"body": value} if isinstance(value, str) else value,
            (*_SOURCES, "match"),
        )
        given = [source for source in _SOURCES if source in entry]
        if len(given) != 1:
            raise entry.error("", f"must say one of {', '.join(_SOURCES)}")
        source, what, match = given[0], entry.text(given[0]), entry.text("match")
        if source in {"body", "json"} and match:
            raise entry.error("match", "goes with header and cookie only")
        _check_expression(entry, source if source == "body" else "match", what, match)
        if source == "json" and what and not what.startswith("/"):
            raise entry.wrong("json", 'a JSON pointer such as "/items/0/id"')
        self._supplied.add(name)
        return Capture(name, source, what, match)

    def _template(self, table: Table, key: str, text: str, quoting: str) -> Template:
        constants = {}
        for name in names_in(text):
            if name.startswith("env."):
                constants[name] = self._variable(table, key, name)
            else:
                self._wanted.append((table, key, name))
        try:
            return compile_text(text, constants, quoting)
        except ValueError as error:
            raise table.error(key, str(error)) from None

    def _variable(self, table: Table, key: str, name: str) -> str:
        value = self._environ.get(name.removeprefix("env."))
        if value is None:
            raise table.error(key, f"asks for {{{name}}}, and the environment has no such variable")
        return value


def _check_expression(entry: Table, key: str, what: str, match: str) -> None:
    expression = what if key == "body" else match
    if not expression:
        return
    try:
        groups = re.compile(expression).groups
    except re.error as error:
        raise entry.error(key, f"is no regular expression: {error}") from None
    if groups != 1:
        raise entry.error(key, "must hold one group in parentheses: what is captured")


def _outside_places(text: str) -> str:
    """A form value, encoded but for its places, whose values are encoded when they are known."""
    pieces = re.split(r"(\{\{?[\w.-]+\}\}?)", text)
    return "".join(p if i % 2 else quote_plus(p) for i, p in enumerate(pieces))


def _json(table: Table) -> str:
    try:
        return json.dumps(
            table.values["json"], ensure_ascii=False, separators=(",", ":"), allow_nan=False
        )
    except (TypeError, ValueError):
        raise WorkloadError(
            f"{table.source}: {table.place} json holds a value that JSON has no form for"
        ) from None
