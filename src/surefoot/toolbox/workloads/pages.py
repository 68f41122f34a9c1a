"""A workload from the running application's own routes, links and forms. Only GET is sent.

A route with a whole number in it is tried with growing numbers to learn how far they reach; other
parameters are taken from links that were seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, quote_plus, unquote, urlsplit

from surefoot.core.route_parts import texts
from surefoot.toolbox.load.template import literal
from surefoot.toolbox.target import Route
from surefoot.toolbox.workloads.asker import Asker, Got
from surefoot.toolbox.workloads.draft import Draft, LeftOut
from surefoot.toolbox.workloads.links import Form, Page, keep_off, own, read_page
from surefoot.toolbox.workloads.names import Names
from surefoot.toolbox.workloads.paths import route_pattern
from surefoot.toolbox.workloads.reach import place_up_to, reach
from surefoot.toolbox.workloads.secrets import is_secret, masked

__all__ = ["from_pages"]

_MOST_PAGES: Final = 150
_MOST_ASKED: Final = 1500
_MOST_VALUES: Final = 50
_MOST_PER_SHAPE: Final = 5
_DEEPEST: Final = 6
# FastAPI's own pages about the application.
_FRAMEWORK: Final = frozenset({"openapi", "swagger_ui_html", "swagger_ui_redirect", "redoc_html"})


def from_pages(asker: Asker, routes: Sequence[Route], source: str) -> Draft:
    """A draft from what the application shows, each page asked for equally often.

    Args:
        asker: Asks it, logged in or not.
        routes: As its framework declares them; may be empty.
        source: What to call it.
    """
    pages = [r for r in routes if r.method == "GET" and r.endpoint not in _FRAMEWORK]
    return _Crawl(asker, pages).draft(source)


@dataclass(slots=True)
class _Found:
    requests: list[dict[str, Any]] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    names: Names = field(default_factory=Names)

    def add(self, path: str) -> None:
        request = {"path": path, "weight": 1}
        if request not in self.requests:
            self.requests.append(request)

    def add_with(self, path: str, name: str, values: Sequence[str]) -> None:
        """``path`` with a place, written ``{*}``, that takes these values."""
        name = self.names.new(name)
        self.data[name] = list(values)
        self.add(path.replace("{*}", f"{{{name}}}"))


class _Crawl:
    def __init__(self, asker: Asker, routes: list[Route]) -> None:
        self._asker = asker
        self._routes = routes
        self._patterns = [(route_pattern(route), route) for route in routes]
        self._links: dict[str, dict[str, None]] = {}
        self._asked: set[str] = set()
        self._shapes: dict[str, int] = {}
        self._forms: dict[tuple[str, tuple[str, ...]], tuple[Form, list[str]]] = {}
        self._found = _Found()

    def draft(self, source: str) -> Draft:
        plain = [route.template for route in self._routes if not route.rule_parameters]
        self._follow(dict.fromkeys(["/", *plain]))
        for route in self._routes:
            if not route.rule_parameters or self._stays_off(route.template):
                continue
            if len(self._asked) < _MOST_ASKED:
                self._parametrised(route)
            else:
                self._found.left[route.template] = f"{_MOST_ASKED} addresses were asked before it"
        for form, words in self._forms.values():
            self._submit(form, words)
        found = self._found
        return Draft(
            source=source,
            requests=tuple(found.requests),
            data=found.data,
            notes=("Set each weight to the share of your real traffic.",),
            left_out=tuple(LeftOut(what, why) for what, why in found.left.items()),
        )

    # --- Links ---

    def _follow(self, first: dict[str, None]) -> None:
        waiting = deque((path, 0) for path in first)
        while waiting and len(self._asked) < _MOST_PAGES:
            path, depth = waiting.popleft()
            if path in self._asked or self._stays_off(path):
                continue
            links = self._look(path)
            if depth < _DEEPEST:
                waiting.extend((link, depth + 1) for link in links if self._wanted(link))

    def _look(self, path: str) -> list[str]:
        """Ask for a page, sort it in, and return where it leads on this site."""
        got = self._get(path)
        self._sort_in(path, got)
        page = read_page(got.text) if "html" in got.kind else Page()
        self._keep_forms(path, page)
        return [
            found for link in (got.location, *page.links) if link and (found := own(path, link))
        ]

    def _get(self, path: str) -> Got:
        self._asked.add(path)
        return self._asker.get(path)

    def _stays_off(self, path: str) -> bool:
        if keep_off(path):
            self._found.left[masked(path)] = "it may log out or take something away"
        elif _holds_secret(path):
            self._found.left[masked(urlsplit(path).path)] = "a link with a secret in it"
        else:
            return False
        return True

    def _sort_in(self, path: str, got: Got) -> None:
        route = self._route(path)
        if route is not None and route.rule_parameters:
            if got.status == 200:
                self._links.setdefault(route.template, {})[path] = None
        elif got.status == 200:
            self._found.add(literal(path))
        else:
            self._found.left[path] = got.reason

    def _wanted(self, link: str) -> bool:
        route = self._route(link)
        if route is None:
            # Without routes the same page with other words in its query is one of a kind.
            shape = urlsplit(link).path
            self._shapes[shape] = self._shapes.get(shape, 0) + (link not in self._asked)
            return not self._routes and self._shapes[shape] <= _MOST_PER_SHAPE
        return len(self._links.get(route.template, ())) < _MOST_VALUES

    def _route(self, path: str) -> Route | None:
        bare = unquote(urlsplit(path).path)
        return next((route for pattern, route in self._patterns if pattern.fullmatch(bare)), None)

    # --- Parameters ---

    def _parametrised(self, route: Route) -> None:
        kinds = [kind for _, kind in route.rule_parameters]
        seen = list(self._links.get(route.template, {}))
        parts = texts(route.template)
        if kinds == ["int"] or (len(kinds) == 1 and not seen):
            highest = reach(lambda number: self._get(str(number).join(parts)).status == 200)
            if highest:
                self._found.add(place_up_to(highest).join(map(literal, parts)))
                return
        if seen:
            # Whole paths: values of several parameters belong together. The generator encodes
            # them again.
            bare = dict.fromkeys(unquote(urlsplit(path).path).removeprefix("/") for path in seen)
            self._found.add_with("/{*}", route.endpoint or "page", list(bare))
        else:
            self._found.left[route.template] = "no link to it was found; write its values by hand"

    # --- Forms ---

    def _keep_forms(self, path: str, page: Page) -> None:
        for form in page.forms:
            action = own(path, form.action or path)
            if not action:
                continue
            if form.method != "GET":
                what = f"{form.method} {masked(urlsplit(action).path)}"
                self._found.left[what] = "a form that writes"
            elif form.fields and not self._stays_off(action):
                form.action = urlsplit(action).path
                key = (form.action, tuple(sorted(form.fields)))
                self._forms.setdefault(key, (form, page.words))

    def _submit(self, form: Form, words: list[str]) -> None:
        typed = [name for name, values in form.fields.items() if not values]
        chosen = {name: values[0] for name, values in form.fields.items() if values}
        first = {name: (words or [""])[0] for name in typed}
        query = "&".join(
            f"{quote_plus(name)}={quote_plus((chosen | first)[name])}" for name in form.fields
        )
        got = self._get(f"{form.action}?{query}")
        if got.status != 200:
            self._found.left[f"the form {form.action}"] = got.reason
            return
        pairs = [
            f"{literal(quote_plus(name))}={self._place(name, form, words)}" for name in form.fields
        ]
        self._found.add(f"{literal(form.action)}?{'&'.join(pairs)}")

    def _place(self, name: str, form: Form, words: list[str]) -> str:
        """What to write for a field: its one value, or a place for several."""
        values = list(dict.fromkeys(form.fields[name] or words))[:_MOST_VALUES]
        if len(values) < 2:
            return literal(quote_plus("".join(values)))
        table = self._found.names.new(name)
        self._found.data[table] = values
        return f"{{{table}}}"


def _holds_secret(path: str) -> bool:
    parts = urlsplit(path)
    named = [("", unquote(part)) for part in parts.path.split("/")] + parse_qsl(parts.query)
    return any(is_secret(name, value) for name, value in named)
