"""One HTTP sampler of a plan as a request of a workload."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus, urlsplit

from surefoot.core.secret_names import may_be_secret
from surefoot.toolbox.workloads.jmeter_scope import Around, arguments
from surefoot.toolbox.workloads.jmeter_text import Scope, Unknown
from surefoot.toolbox.workloads.jmeter_xml import Element
from surefoot.toolbox.workloads.secrets import Secrets, is_secret, is_secret_header, looks_secret

__all__ = ["Sampler"]

_PATH: Final = "!#$%&'()*+,/:;=?@[]~{}|^-_."
_IN_QUERY: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_PAIR: Final = re.compile(r'"(\w+)"(\s*:\s*)"((?:[^"\\]|\\.)*)"')
_OURS: Final = frozenset({"content-length", "transfer-encoding", "connection", "host"})


class Sampler:
    """An ``HTTPSamplerProxy``.

    Args:
        element: As it stands in the plan.
        around: What it gets from around it.
        scope: What names stand for.
        secrets: Gives what must not be copied a name.
    """

    def __init__(self, element: Element, around: Around, scope: Scope, secrets: Secrets) -> None:
        self._element = element
        self._around = around
        self._scope = scope
        self._secrets = secrets
        self.method = self._prop("HTTPSampler.method").strip().upper() or "GET"

    def step(self) -> dict[str, Any]:
        """The request.

        Raises:
            Unknown: Something in it has no word in a workload.
        """
        if not re.fullmatch("[A-Z]+", self.method):
            raise Unknown(f"the method {self.method!r}")
        if self._files():
            raise Unknown("a file to upload")
        rows = [*self._default_rows(), *arguments(self._element.part("HTTPsampler.Arguments"))]
        raw = self._prop("HTTPSampler.postBodyRaw") == "true"
        in_query = self.method in _IN_QUERY and not raw
        path = {"path": self._path(rows if in_query else [])}
        made = path if self.method == "GET" else {"method": self.method, **path}
        body = {} if in_query or not rows else self._body(rows, raw=raw)
        more = {"headers": self._headers(), "expect": list(self._around.expect)}
        return made | body | {key: value for key, value in more.items() if value}

    def _body(self, rows: list[Element], *, raw: bool) -> dict[str, Any]:
        if raw:
            return {"body": self._raw("".join(row.prop("Argument.value") for row in rows))}
        return {"form": dict(self._field(row) for row in rows)}

    def _prop(self, name: str) -> str:
        return self._element.prop(name) or self._around.default(name)

    def _default_rows(self) -> list[Element]:
        return [
            row
            for each in self._around.defaults
            for row in arguments(each.part("HTTPsampler.Arguments"))
        ]

    def _files(self) -> bool:
        files = self._element.part("HTTPsampler.Files")
        rows = files.part("HTTPFileArgs.files") if files is not None else None
        return rows is not None and bool(rows.children)

    def _path(self, rows: list[Element]) -> str:
        text = self._scope.resolved(self._prop("HTTPSampler.path")).strip()
        if text.startswith(("http://", "https://")):
            parts = urlsplit(text)
            text = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        text = text if text.startswith(("/", "${")) else f"/{text}"
        path, _, query = text.partition("?")
        written = "/".join(map(self._part, path.split("/")))
        pairs = [self._in_query(*pair.partition("=")) for pair in query.split("&") if pair]
        pairs += [self._argument(row) for row in rows]
        return written + ("?" + "&".join(pairs) if pairs else "")

    def _part(self, part: str) -> str:
        """What stands between two slashes."""
        if looks_secret(unquote(part)):
            return self._secrets.place("token", unquote(part), self._where)
        return self._scope.written(part, lambda text: quote(text, safe=_PATH))

    def _in_query(self, name: str, equals: str, value: str) -> str:
        """A pair that stands in the path already, encoded as it is."""
        if is_secret(unquote_plus(name), value) and "${" not in value:
            return f"{name}={self._secrets.place(name, unquote_plus(value), self._where)}"
        return self._scope.written(
            name + equals + value, lambda part: quote(part, safe=_PATH.replace("#", ""))
        )

    def _argument(self, row: Element) -> str:
        name, value = self._field(row, quote_plus)
        return f"{name}={value}" if name else value

    def _field(self, row: Element, encode: Any = str) -> tuple[str, str]:
        name, value = row.prop("Argument.name"), row.prop("Argument.value")
        if row.prop("HTTPArgument.always_encode") != "true" and "${" not in value:
            value = unquote_plus(value)  # it is sent as it stands, so it stands encoded
        value = self._scope.resolved(value)
        written = self._scope.written(name, encode)
        if is_secret(name, value) and "${" not in value:
            return written, self._secrets.place(name, value, self._where)
        return written, self._scope.written(value, encode)

    @property
    def _where(self) -> str:
        return f"{self.method} {self._element.attributes.get('testname', 'sampler')}"

    def _raw(self, text: str) -> str:
        text = self._scope.resolved(text)
        if text.lstrip().startswith(("{", "[")):
            return self._json(text)
        if may_be_secret(text):
            raise Unknown("a secret that cannot be taken out of its body")
        return self._scope.written(text)

    def _json(self, text: str) -> str:
        pieces, at = [], 0
        for match in _PAIR.finditer(text):
            if is_secret(match[1], match[3]) and "${" not in match[3]:
                place = self._secrets.place(match[1], match[3], self._where)
                pieces += [self._scope.written(text[at : match.start()])]
                pieces += [f'"{match[1]}"{match[2]}"{place}"']
                at = match.end()
        return "".join((*pieces, self._scope.written(text[at:])))

    def _headers(self) -> dict[str, str]:
        found = {}
        for name, text in self._around.headers.items():
            value = self._scope.resolved(text)
            if name.lower() in _OURS or re.search(r"[\x00-\x1f\x7f]", name + value):
                continue
            if is_secret_header(name, value) and "${" not in value:
                found[name] = self._secrets.place(name, value, self._where)
            elif re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
                found[name] = self._scope.written(value)
        return found
