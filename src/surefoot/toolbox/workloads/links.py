"""What a page of HTML leads to: links, forms that only ask, and forms that write."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit

__all__ = ["Form", "Page", "keep_off", "own", "read_page"]

# GETs that should not change anything, and in real applications do.
_KEEP_OFF: Final = re.compile(
    r"log-?_?(?:out|off)|sign-?_?(?:out|off)|delete|remove|destroy|unsubscribe|deactivate"
    r"|(?:^|[^a-z])(?:drop|cancel|revoke|purge|reset|exit|stop|kill)(?:$|[^a-z])",
    re.IGNORECASE,
)
_SILENT: Final = frozenset({"submit", "button", "image", "reset", "file", "password"})
_MOST_WORDS: Final = 10


def keep_off(address: str) -> bool:
    """Whether an address or a label is better left alone: it logs out or takes something away."""
    return _KEEP_OFF.search(address) is not None


@dataclass(slots=True)
class Form:
    """One form: where it goes, and what may stand in its fields."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    """Values to choose from by name; none where somebody has to type."""


@dataclass(slots=True)
class Page:
    """What was found on a page."""

    links: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    """Words of headings and links: what somebody who searches here may type."""


def read_page(text: str) -> Page:
    """Links, forms and words of HTML, however broken it is."""
    reader = _Reader()
    # A mistake within <![ ... ]> is where the parser gives up.
    with suppress(AssertionError):
        reader.feed(text)
        reader.close()
    return reader.page


def own(page: str, link: str) -> str:
    """A link as a path of the same site; empty when it leads elsewhere or is none."""
    try:
        joined = urlsplit(urljoin(f"http://localhost{page}", link.strip()))
    except ValueError:
        return ""
    if joined.scheme not in {"http", "https"} or joined.netloc != "localhost":
        return ""
    path = re.sub(r"[\s\x00-\x1f\x7f]", "%20", joined.path or "/")
    query = re.sub(r"[\s\x00-\x1f\x7f]", "+", joined.query)
    return f"{path}?{query}" if query else path


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self._form: Form | None = None
        self._select: list[str] | None = None
        self._reading = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "a" and told.get("href"):
            self.page.links.append(told["href"])
        if tag in {"a", "h1", "h2", "h3"}:
            self._reading += 1
        elif tag == "form":
            method = told.get("method", "get").upper()
            self._form = Form(told.get("action", ""), method or "GET")
            self.page.forms.append(self._form)
        elif self._form is not None:
            self._field(self._form, tag, told)

    def _field(self, form: Form, tag: str, told: dict[str, str]) -> None:
        name = told.get("name", "")
        if tag == "option" and self._select is not None:
            self._select.append(told.get("value", ""))
        elif not name or "disabled" in told:
            return
        elif tag == "select":
            self._select = form.fields.setdefault(name, [])
        elif tag == "textarea":
            form.fields.setdefault(name, [])
        elif tag == "input" and told.get("type", "text").lower() not in _SILENT:
            form.fields.setdefault(name, []).extend(_given(told))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = self._select = None
        elif tag == "select":
            self._select = None
        elif tag in {"a", "h1", "h2", "h3"}:
            self._reading = max(0, self._reading - 1)

    def handle_data(self, data: str) -> None:
        if self._reading and len(self.page.words) < _MOST_WORDS:
            found = re.findall(r"[^\W\d_]{4,20}", data)
            self.page.words += [word.lower() for word in found]
            self.page.words = list(dict.fromkeys(self.page.words))[:_MOST_WORDS]


def _given(told: dict[str, str]) -> list[str]:
    """The value that an input field has before anybody touches it."""
    off = told.get("type", "").lower() == "checkbox" and "checked" not in told
    return [told["value"]] if told.get("value") and not off else []
