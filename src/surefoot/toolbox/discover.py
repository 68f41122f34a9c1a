"""A first workload from the application's own routes and the links on its pages.

Only GET is sent. A route with a whole number in it is tried with growing numbers to learn how far
they reach; other parameters are taken from links that were seen.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import unquote, urljoin, urlsplit

from surefoot.toolbox.target import Route

__all__ = ["Discovery", "discover", "to_toml"]

_MOST_PAGES: Final = 150
_MOST_VALUES: Final = 50
_HIGHEST: Final = 1 << 20
_TIMEOUT: Final = 10.0
# GETs that should not change anything, and in real applications do.
_KEEP_OFF: Final = re.compile(r"log-?_?out|sign-?_?out|delete|remove|unsubscribe", re.IGNORECASE)
_PARAMETER: Final = re.compile(r"<[^<>]+>|\{[^{}]+\}")
_SEGMENT: Final = {"int": r"\d+", "float": r"[\d.]+", "path": r".+"}


@dataclass
class Discovery:
    """What was found, route by route."""

    paths: dict[str, list[str]] = field(default_factory=dict)
    """Path template of a workload (``/books/{1..20000}``, ``/page/{slug}``) to nothing or to the
    values of its one named place."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Route to why it is left out."""

    def tables(self) -> dict[str, Any]:
        """As plain tables of a workload file."""
        data: dict[str, list[str]] = {}
        requests = []
        for path, values in self.paths.items():
            name = f"value{len(data) + 1}"
            if values:
                data[name] = values
            requests.append({"path": path.replace("{*}", "{" + name + "}"), "weight": 1})
        return {"request": requests} | ({"data": data} if data else {})


def discover(address: str, routes: Sequence[Route], say: Callable[[str], None]) -> Discovery:
    """Ask the running application at ``unix:PATH`` for its pages.

    Args:
        address: Its own socket.
        routes: As its framework declares them; may be empty.
        say: Is told each page that is looked at.
    """
    return _Crawl(address, routes, say).run()


class _Crawl:
    def __init__(self, address: str, routes: Sequence[Route], say: Callable[[str], None]) -> None:
        self._path = address.removeprefix("unix:")
        self._say = say
        self._routes = [route for route in routes if route.method == "GET"]
        self._patterns = [(_pattern(route), route) for route in self._routes]
        self._links: dict[str, dict[str, None]] = {}
        self._asked: dict[str, int] = {}
        self.found = Discovery()

    def run(self) -> Discovery:
        plain = [route.template for route in self._routes if not route.rule_parameters]
        self._follow(deque(dict.fromkeys(["/", *plain])))
        for route in self._routes:
            if route.rule_parameters and not _KEEP_OFF.search(route.template):
                self._parametrised(route)
        return self.found

    def _follow(self, waiting: deque[str]) -> None:
        while waiting and len(self._asked) < _MOST_PAGES:
            path = waiting.popleft()
            if path in self._asked or _KEEP_OFF.search(path):
                continue
            status, links = self._ask(path)
            route = self._route(path)
            if route is not None and route.rule_parameters:
                if status == 200:
                    self._links.setdefault(route.template, {})[path] = None
            elif status == 200:
                self.found.paths.setdefault(path, [])
            else:
                self.found.skipped[path] = _reason(status)
            waiting.extend(link for link in links if self._wanted(link))

    def _wanted(self, link: str) -> bool:
        route = self._route(link)
        if route is None:
            return not self._routes and link not in self._asked
        return len(self._links.get(route.template, ())) < _MOST_VALUES

    def _route(self, path: str) -> Route | None:
        bare = urlsplit(path).path
        return next((route for pattern, route in self._patterns if pattern.fullmatch(bare)), None)

    def _parametrised(self, route: Route) -> None:
        kinds = [kind for _, kind in route.rule_parameters]
        seen = list(self._links.get(route.template, {}))
        if kinds == ["int"] or (len(kinds) == 1 and not seen):
            highest = self._highest(route)
            if highest:
                place = "{1.." + str(highest) + "}"
                self.found.paths[_PARAMETER.sub(lambda _: place, route.template)] = []
                return
        if seen:
            # Whole paths: values of several parameters belong together.
            # The generator encodes them again.
            bare = dict.fromkeys(unquote(urlsplit(path).path).removeprefix("/") for path in seen)
            self.found.paths["/{*}"] = [*self.found.paths.get("/{*}", ()), *bare]
        else:
            self.found.skipped[route.template] = "no link to it was found; write its values by hand"

    def _highest(self, route: Route) -> int:
        def exists(number: int) -> bool:
            path = _PARAMETER.sub(str(number), route.template)
            return self._ask(path)[0] == 200

        if not exists(1):
            return 0
        low = 1
        while low < _HIGHEST and exists(low * 2):
            low *= 2
        high = low * 2
        while high - low > max(1, low // 100):
            middle = (low + high) // 2
            low, high = (middle, high) if exists(middle) else (low, middle)
        return low

    def _ask(self, path: str) -> tuple[int, list[str]]:
        self._say(f"looking at {path}")
        connection = _UnixConnection(self._path)
        try:
            connection.request("GET", path, headers={"Accept": "text/html,*/*;q=0.5"})
            answer = connection.getresponse()
            body = answer.read(1 << 20)
            status, kind = answer.status, answer.getheader("Content-Type", "")
            location = answer.getheader("Location")
        except (OSError, http.client.HTTPException, ValueError):
            status, kind, body, location = 0, "", b"", None
        finally:
            connection.close()
        self._asked[path] = status
        links = [location] if location else []
        if "html" in kind:
            links += _links(body.decode("utf-8", "replace"))
        return status, [own for link in links if (own := _own(path, link))]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_TIMEOUT)
        self._unix = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._unix)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = dict(attrs).get("href") if tag == "a" else None
        if wanted:
            self.found.append(wanted)


def _links(text: str) -> list[str]:
    parser = _Links()
    parser.feed(text)
    return parser.found


def _own(page: str, link: str) -> str:
    """The link as a path of the same site; empty when it leads elsewhere."""
    joined = urlsplit(urljoin(f"http://localhost{page}", link))
    if joined.scheme not in {"http", "https"} or joined.netloc != "localhost":
        return ""
    path = joined.path or "/"
    return f"{path}?{joined.query}" if joined.query else path


def _pattern(route: Route) -> re.Pattern[str]:
    kinds = [kind for _, kind in route.rule_parameters]
    parts = _PARAMETER.split(route.template)
    text = re.escape(parts[0])
    for index, part in enumerate(parts[1:]):
        kind = kinds[index] if index < len(kinds) else "str"
        text += f"(?:{_SEGMENT.get(kind, '[^/]+')})" + re.escape(part)
    return re.compile(text)


def _reason(status: int) -> str:
    if 300 <= status < 400:
        return f"answered {status}, a redirect"
    return f"answered {status}" if status else "did not answer"


def to_toml(found: Discovery, target: str) -> str:
    """The workload file, with a comment for every route that is left out."""
    tables = found.tables()
    lines = [
        f"# Made from the routes and links of {target}. Set each weight to the share of your real",
        "# traffic, and add what is missing: forms, log-ins, searches.",
        "",
    ]
    for request in tables["request"]:
        lines += ["[[request]]", f"path = {json.dumps(request['path'])}", "weight = 1", ""]
    if "data" in tables:
        lines += ["[data]"]
        lines += [f"{name} = {json.dumps(values)}" for name, values in tables["data"].items()]
        lines += [""]
    lines += [f"# left out: {path}: {why}" for path, why in found.skipped.items()]
    return "\n".join(lines).rstrip() + "\n"
