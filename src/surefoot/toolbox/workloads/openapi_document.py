"""An OpenAPI document (3.0, 3.1) as the operations it describes, with values for their parts.

Whatever is not as the specification says counts as not there: documents are written by hand.
https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from surefoot.errors import WorkloadError

__all__ = ["Operation", "Parameter", "parse_document", "read_operations"]

_METHODS: Final = ("get", "head", "post", "put", "patch", "delete")
_DEEPEST: Final = 12
_FORMATS: Final = {
    "email": "reader@example.org",
    "date": "2026-01-15",
    "date-time": "2026-01-15T12:00:00Z",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_BODIES: Final = ("application/json", "application/x-www-form-urlencoded")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A part of a request that its caller chooses."""

    name: str
    where: str
    """``path``, ``query``, ``header`` or ``cookie``."""
    required: bool
    kind: str
    """``integer``, ``string``, ...; empty where not said."""
    values: tuple[str, ...]
    """Those that the document gives as examples or as the only ones."""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    """With parameters as ``{name}``."""
    parameters: tuple[Parameter, ...]
    content_type: str = ""
    body: Any = None
    statuses: tuple[int, ...] = ()
    """Below 400, as documented."""
    keys: tuple[tuple[str, str, str], ...] = ()
    """What lets a caller in: place (``header``, ``query``), name, and the text before the key."""


def parse_document(text: str, name: str) -> Mapping[str, Any]:
    """The document in JSON, or in YAML where a library for that is installed.

    Raises:
        WorkloadError: It is neither, or describes no API by OpenAPI 3.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = _from_yaml(text, name)
    if not isinstance(document, Mapping) or not str(document.get("openapi", "")).startswith("3."):
        raise WorkloadError(f"{name} is no OpenAPI 3 document")
    return document


def _from_yaml(text: str, name: str) -> Any:
    try:
        import yaml  # noqa: PLC0415 - optional
    except ImportError:
        raise WorkloadError(
            f"{name} is no JSON, and there is no library to read YAML",
            do="pip install pyyaml, or save the document as JSON",
        ) from None
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        said = str(error).partition("\n")[0]
        raise WorkloadError(f"{name} is neither JSON nor YAML: {said}") from None


def read_operations(document: Mapping[str, Any]) -> list[Operation]:
    """Every operation, in the order of the document."""
    reader = _Reader(document)
    found = []
    for path, item in _table(document.get("paths")).items():
        entry = reader.resolved(item)
        shared = _list(entry.get("parameters"))
        if not isinstance(path, str) or not path.startswith("/"):
            continue
        for method in _METHODS:
            if method in entry:
                operation = _table(entry[method])
                found.append(reader.operation(method.upper(), path, operation, shared))
    return found


class _Reader:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        servers = _list(document.get("servers"))
        url = str(_table(servers[0]).get("url", "")) if servers else ""
        # "https://{host}/api": what is filled in is no path of ours.
        self._prefix = "" if "{" in url else _path_of(url)

    def resolved(self, value: Any, depth: int = 0) -> Mapping[str, Any]:
        """What a reference within the document points at, or the value itself."""
        table = _table(value)
        reference = table.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/") or depth > _DEEPEST:
            return table
        at: Any = self._document
        for token in reference[2:].split("/"):
            at = _table(at).get(token.replace("~1", "/").replace("~0", "~"))
        return self.resolved(at, depth + 1)

    def operation(
        self, method: str, path: str, told: Mapping[str, Any], shared: list[Any]
    ) -> Operation:
        read = [self._parameter(each) for each in (*shared, *_list(told.get("parameters")))]
        # The operation's own win over those of the path.
        parameters = {(each.where, each.name): each for each in read if each.name}
        content_type, body = self._body(told.get("requestBody"))
        statuses = [int(code) for code in _table(told.get("responses")) if _is_right(str(code))]
        security = told.get("security", self._document.get("security"))
        return Operation(
            method=method,
            path=self._prefix + path,
            parameters=tuple(parameters.values()),
            content_type=content_type,
            body=body,
            statuses=tuple(sorted(statuses)),
            keys=tuple(self._keys(security)),
        )

    def _parameter(self, value: Any) -> Parameter:
        told = self.resolved(value)
        schema = self.resolved(told.get("schema"))
        choices = [self.resolved(each) for each in _list(schema.get("anyOf"))]
        schema = next((each for each in choices if each.get("type") != "null"), schema)
        return Parameter(
            name=str(told.get("name", "")),
            where=str(told.get("in", "")),
            required=told.get("required") is True or told.get("in") == "path",
            kind=str(schema.get("type", "")),
            values=tuple(dict.fromkeys(_plain(v) for v in self._examples(told, schema))),
            default=_plain(schema.get("default")),
        )

    def _examples(self, told: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Any]:
        for holder in (told, schema):
            examples = holder.get("examples")
            yield from [holder["example"]] if "example" in holder else []
            yield from examples if isinstance(examples, list) else []
            named = [self.resolved(each) for each in _table(examples).values()]
            yield from (each["value"] for each in named if "value" in each)
        yield from _list(schema.get("enum"))
        yield from [schema["const"]] if "const" in schema else []

    def _body(self, value: Any) -> tuple[str, Any]:
        content = _table(self.resolved(value).get("content"))
        kind = next((kind for kind in _BODIES if kind in content), "")
        if not kind:
            return next(iter(content), ""), None
        told = _table(content[kind])
        given = list(self._examples(told, {}))
        return kind, given[0] if given else self._made(told.get("schema"), 0)

    def _made(self, value: Any, depth: int) -> Any:
        """Something that fits a schema; ``None`` where nothing can be told."""
        schema = self.resolved(value)
        given = [*self._examples({}, schema), *_default(schema)]
        if given or depth > _DEEPEST:
            return given[0] if given else None
        parts = self._parts(schema, "allOf", depth)
        if parts and all(isinstance(part, dict) for part in parts):
            return {name: each for part in parts for name, each in part.items()}
        parts += [*self._parts(schema, "anyOf", depth), *self._parts(schema, "oneOf", depth)]
        return parts[0] if parts else self._of_kind(schema, depth)

    def _parts(self, schema: Mapping[str, Any], key: str, depth: int) -> list[Any]:
        made = [self._made(each, depth + 1) for each in _list(schema.get(key))]
        return [part for part in made if part is not None]

    def _of_kind(self, schema: Mapping[str, Any], depth: int) -> Any:
        kind = schema.get("type")
        properties = _table(schema.get("properties"))
        if kind == "object" or properties:
            wanted = _list(schema.get("required"))
            return {n: self._made(properties[n], depth + 1) for n in wanted if n in properties}
        if kind == "array":
            return [self._made(schema.get("items"), depth + 1)] if schema.get("minItems") else []
        return _plainest(kind, schema)

    def _keys(self, security: Any) -> Iterator[tuple[str, str, str]]:
        schemes = _table(_table(self._document.get("components")).get("securitySchemes"))
        alternatives = _list(security)
        for name in _table(alternatives[0]) if alternatives else ():
            scheme = self.resolved(schemes.get(name))
            kind = scheme.get("type")
            if kind == "apiKey" and scheme.get("in") in {"header", "query"}:
                yield str(scheme["in"]), str(scheme.get("name", "key")), ""
            elif kind in {"oauth2", "openIdConnect"}:
                yield "header", "Authorization", "Bearer "
            elif kind == "http":
                word = str(scheme.get("scheme", "bearer")).capitalize()
                yield "header", "Authorization", f"{word} "


def _plainest(kind: Any, schema: Mapping[str, Any]) -> Any:
    """The plainest value of a kind that is no table and no list."""
    if kind in {"integer", "number"}:
        low = schema.get("minimum", 1)
        return low if isinstance(low, int | float) else 1
    if kind == "string":
        return _FORMATS.get(str(schema.get("format")), "text")
    return False if kind == "boolean" else None


def _default(schema: Mapping[str, Any]) -> list[Any]:
    return [schema["default"]] if "default" in schema else []


def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path.rstrip("/")
    except ValueError:
        return ""


def _is_right(code: str) -> bool:
    return re.fullmatch(r"[23]\d\d", code) is not None


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
