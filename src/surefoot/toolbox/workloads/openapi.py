"""A workload from an OpenAPI document, and from what the application answers about its ids."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, quote_plus

from surefoot.errors import WorkloadError
from surefoot.toolbox.load.template import literal
from surefoot.toolbox.workloads.asker import Asker
from surefoot.toolbox.workloads.draft import Draft, LeftOut
from surefoot.toolbox.workloads.links import keep_off
from surefoot.toolbox.workloads.names import Names
from surefoot.toolbox.workloads.openapi_document import (
    Operation,
    Parameter,
    parse_document,
    read_operations,
)
from surefoot.toolbox.workloads.reach import place_up_to, reach
from surefoot.toolbox.workloads.secrets import Secrets
from surefoot.toolbox.workloads.seen import is_write

__all__ = ["from_openapi"]

_PLACE: Final = re.compile(r"\{([^{}]+)\}")
_SAFE: Final = "!$&'()*+,/:;=@~%-._"
_MOST_LISTED: Final = 200
_RIGHT: Final = frozenset({200, 201, 202, 203, 204, 205, 206, 207, 304})


def from_openapi(
    text: str, name: str, asker: Asker | None = None, *, writes: bool = False
) -> Draft:
    """A draft with one request for each operation for which there are values.

    Args:
        text: The document.
        name: What to call it.
        asker: Asks the application for values the document does not give; without one such
            operations are left out.
        writes: Whether operations that write are kept.

    Raises:
        WorkloadError: It is no such document, or nothing is left to send.
    """
    operations = read_operations(parse_document(text, name))
    author = _Author(asker, {each.path for each in operations if each.method == "GET"})
    left = []
    for operation in operations:
        why = "it writes; --writes keeps it" if is_write(operation.method) and not writes else ""
        why = why or author.add(operation)
        if why:
            left.append(LeftOut(f"{operation.method} {operation.path}", why))
    if not author.requests:
        raise WorkloadError(
            f"{name}: no request is left to send: "
            + "; ".join(f"{each.what}: {each.why}" for each in left[:5]),
            do="name the application too, so that it can be asked for its ids",
        )
    return Draft(
        source=name,
        requests=tuple(author.requests),
        data=author.data,
        notes=("Set each weight to the share of your real traffic.",),
        left_out=tuple(left),
        needed=tuple(author.secrets.needed),
    )


class _Author:
    """Writes a request for an operation, if a value is found for each of its parts."""

    def __init__(self, asker: Asker | None, pages: set[str]) -> None:
        self._asker = asker
        self._pages = pages
        self._names = Names()
        self._lists: dict[str, list[Mapping[str, Any]]] = {}
        self._reached: dict[str, int] = {}
        self.requests: list[dict[str, Any]] = []
        self.data: dict[str, Any] = {}
        self.secrets = Secrets()

    def add(self, operation: Operation) -> str:
        """Write it; returns why that cannot be done, or nothing."""
        if keep_off(operation.path):
            return "it may log out or take something away"
        path = self._path(operation)
        query = [self._pair(each) for each in operation.parameters if _is_asked(each, "query")]
        headers = _fixed_headers(operation)
        if not all((path, *query, *headers.values())):
            return "the document gives no example for its parameters, and no list holds one"
        self._add_keys(operation, query, headers)
        target = path + ("?" + "&".join(query) if query else "")
        why = self._refused(operation, target)
        if not why:
            self.requests.append(_request(operation, target, headers))
        return why

    def _add_keys(self, operation: Operation, query: list[str], headers: dict[str, str]) -> None:
        for where, key, before in operation.keys:
            place = before + self.secrets.place(key, f"{where} {key}", "the API")
            if where == "query":
                query.append(f"{quote_plus(key)}={place}")
            else:
                headers[key] = place

    def _refused(self, operation: Operation, path: str) -> str:
        """Why it cannot be sent, as far as that can be found out; or nothing."""
        if is_write(operation.method):
            lacks = operation.content_type and operation.body is None
            return f"the document gives no example of its {operation.content_type}" if lacks else ""
        if self._asker is None or operation.keys:
            return ""
        got = self._asker.get(self._example(path))
        return "" if got.status in _RIGHT else got.reason

    def _example(self, template: str) -> str:
        """An address with the first value in each of its places."""

        def first(match: re.Match[str]) -> str:
            values = self.data.get(match[1])
            return quote(str(values[0])) if values else match[1].partition("..")[0]

        return re.sub(r"\{([\w.]+)\}", first, template)

    # --- Values ---

    def _path(self, operation: Operation) -> str:
        """The path with a place or a value for each parameter; empty where one has none."""
        given = {each.name: each for each in operation.parameters if each.where == "path"}
        done, at = "", 0
        for match in _PLACE.finditer(operation.path):
            done += literal(quote(operation.path[at : match.start()], safe=_SAFE))
            parameter = given.get(match[1], Parameter(match[1], "path", True, "", ()))
            text = self._chosen(parameter, "path") or self._learnt(operation, parameter, match)
            if not text:
                return ""
            done, at = done + text, match.end()
        return done + literal(quote(operation.path[at:], safe=_SAFE))

    def _pair(self, parameter: Parameter) -> str:
        text = self._chosen(parameter, "query")
        return f"{literal(quote_plus(parameter.name))}={text}" if text else ""

    def _chosen(self, parameter: Parameter, where: str) -> str:
        """What the document itself gives."""
        values = [value for value in parameter.values or (parameter.default,) if value]
        if len(values) > 1:
            return self._listed(parameter.name, values)
        quoted = [quote(v) if where == "path" else quote_plus(v) for v in values]
        return literal(quoted[0]) if quoted else ""

    def _listed(self, name: str, values: list[str]) -> str:
        for known, same in self.data.items():
            if same == values:
                return f"{{{known}}}"
        table = self._names.new(name)
        self.data[table] = values
        return f"{{{table}}}"

    def _learnt(self, operation: Operation, parameter: Parameter, match: re.Match[str]) -> str:
        """What the application itself tells: from its list of such things, or by trying numbers."""
        if self._asker is None:
            return ""
        before = operation.path[: match.start()]
        alone = len(_PLACE.findall(operation.path)) == 1
        if "{" in before:
            return ""  # whose list that is depends on another value
        values = self._ids(before.rstrip("/") or "/", parameter.name)
        if parameter.kind in {"integer", "number"} and alone and operation.method == "GET":
            highest = self._reach(before, operation.path[match.end() :])
            if highest > len(values):
                return place_up_to(highest)
        return self._listed(parameter.name, values) if values else ""

    def _reach(self, before: str, after: str) -> int:
        """How far the numbers go; what hangs below the same things goes as far as they do."""
        asker = self._asker
        assert asker is not None
        if before not in self._reached:
            found = reach(lambda number: asker.get(f"{before}{number}{after}").status in _RIGHT)
            self._reached[before] = found
        return self._reached[before]

    def _ids(self, page: str, name: str) -> list[str]:
        if page not in self._lists:
            self._lists[page] = self._items(page) if page in self._pages else []
        keys = (name, re.sub(r".*_|^.*(?=[A-Z])", "", name).lower(), "id", "uuid", "slug", "key")
        for key in keys:
            found = [str(item[key]) for item in self._lists[page] if _is_id(item.get(key))]
            if found:
                return list(dict.fromkeys(found))[:_MOST_LISTED]
        return []

    def _items(self, page: str) -> list[Mapping[str, Any]]:
        assert self._asker is not None
        got = self._asker.get(page)
        try:
            answer = json.loads(got.text) if "json" in got.kind else None
        except (ValueError, RecursionError):
            answer = None
        return list(_items(answer))


def _fixed_headers(operation: Operation) -> dict[str, str]:
    """Headers that it cannot do without, with the first value that is given for them."""
    return {
        each.name: literal((each.values or (each.default,))[0])
        for each in operation.parameters
        if each.required and each.where == "header"
    }


def _request(operation: Operation, path: str, headers: dict[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {"path": path}
    if operation.method != "GET":
        made = {"method": operation.method, **made}
    made |= _body(operation) | ({"headers": headers} if headers else {})
    if not _RIGHT.issuperset(operation.statuses):
        made["expect"] = list(operation.statuses)
    return made | {"weight": 1}


def _body(operation: Operation) -> dict[str, Any]:
    if operation.body is None:
        return {}
    key = "json" if operation.content_type.endswith("json") else "form"
    return {key: _written(operation.body)}


def _items(answer: Any) -> Iterator[Mapping[str, Any]]:
    """What a list holds, whether it is the answer itself or lies under a key of it."""
    lists = [answer] if isinstance(answer, list) else []
    if isinstance(answer, Mapping):
        lists = [each for each in answer.values() if isinstance(each, list)]
    for each in lists:
        yield from (item for item in each if isinstance(item, Mapping))


def _is_id(value: Any) -> bool:
    is_word = isinstance(value, str) and bool(value)
    return is_word or (isinstance(value, int) and not isinstance(value, bool))


def _is_asked(parameter: Parameter, where: str) -> bool:
    """Whether a parameter is sent: what is optional, and has no example, is as good left out."""
    return parameter.where == where and (parameter.required or bool(parameter.values))


def _written(value: Any) -> Any:
    """A body as a workload writes it: braces are no places."""
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, list):
        return [_written(each) for each in value]
    if isinstance(value, Mapping):
        return {literal(str(k)): _written(each) for k, each in value.items() if each is not None}
    return value
