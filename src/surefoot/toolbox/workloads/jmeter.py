"""A workload from a JMeter plan: its HTTP samplers, in order, one session for each thread group.

What JMeter does with code, conditions and other protocols has no word in a workload. It is listed
by name and count, and what depends on it is left out.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import urlsplit

from surefoot.errors import WorkloadError
from surefoot.toolbox.load.template import names_in
from surefoot.toolbox.workloads.draft import Draft, shared_headers
from surefoot.toolbox.workloads.jmeter_sampler import Sampler
from surefoot.toolbox.workloads.jmeter_scope import Around, arguments, around, capture
from surefoot.toolbox.workloads.jmeter_text import Scope, Unknown
from surefoot.toolbox.workloads.jmeter_xml import Element, Node, parse_plan
from surefoot.toolbox.workloads.names import Names
from surefoot.toolbox.workloads.secrets import Secrets, is_secret
from surefoot.toolbox.workloads.seen import is_write
from surefoot.toolbox.workloads.visit import Left

__all__ = ["from_jmeter"]

_GROUPS: Final = frozenset({"ThreadGroup", "SetupThreadGroup"})
_IN_ORDER: Final = frozenset(
    {"GenericController", "TransactionController", "TestFragmentController"}
)
_SAMPLERS: Final = frozenset({"HTTPSamplerProxy", "HTTPSampler", "HTTPSampler2"})
_HEEDED: Final = frozenset(
    {
        "Arguments", "CSVDataSet", "ConfigTestElement", "ConstantTimer", "CookieManager",
        "GaussianRandomTimer", "HeaderManager", "ResponseAssertion", "TestPlan",
        "UniformRandomTimer",
    }
)  # fmt: skip
# They only look at what happens.
_LOOKING_ON: Final = re.compile(r"ResultCollector|Summariser|\w*(?:Listener|Visualizer|Reporter)")
_MOST_LOOPS: Final = 20
_MOST_STEPS: Final = 500
_MOST_USERS: Final = 1000


def from_jmeter(text: str, name: str, host: str = "", *, writes: bool = False) -> Draft:
    """A draft from a plan.

    Args:
        text: Of the ``.jmx`` file.
        name: What to call it.
        host: Keep samplers for this host; by default the one most of them name.
        writes: Whether samplers that write are kept besides those of a log-in.

    Raises:
        WorkloadError: It is no plan, or nothing is left to send.
    """
    nodes = parse_plan(text, name)
    reader = _Reader(host.lower(), writes=writes)
    reader.learn(nodes)
    reader.read(nodes, Around())
    return reader.draft(name)


def _all(nodes: Sequence[Node], kinds: frozenset[str]) -> Iterator[Node]:
    for node in nodes:
        if node.enabled and node.kind in kinds:
            yield node
        if node.enabled:
            yield from _all(node.inner, kinds)


@dataclass(slots=True)
class _Steps:
    """What one user of a group does."""

    once: list[dict[str, Any]] = field(default_factory=list)
    again: list[dict[str, Any]] = field(default_factory=list)


class _Reader:
    def __init__(self, host: str, *, writes: bool) -> None:
        self._host = host
        self._writes = writes
        self._scope = Scope()
        self._left = Left()
        self._names = Names()
        self._secrets = Secrets()
        self._sessions: list[dict[str, Any]] = []
        self._log_in: list[dict[str, Any]] = []
        self._users = 0
        self._data: dict[str, str] = {}

    def draft(self, name: str) -> Draft:
        """What came of all groups."""
        self._leave_out_what_lacks_a_value()
        if not self._sessions:
            do = self._left.said() or "add an HTTP sampler to a thread group"
            raise WorkloadError(f"{name}: no sampler is left to send", do=do)
        log_in = [{"login": True, "request": self._log_in}] if self._log_in else []
        requests = tuple(filter(None, map(_single, self._sessions)))
        sessions = (*log_in, *(each for each in self._sessions if _single(each) is None))
        return Draft(
            source=name,
            requests=requests,
            sessions=sessions,
            data=self._data,
            headers=shared_headers([*requests, *(s for each in sessions for s in each["request"])]),
            users=self._users if log_in else 0,
            left_out=self._left.found(),
            needed=tuple(self._secrets.needed),
            secrets=self._secrets.values,
        )

    def _leave_out_what_lacks_a_value(self) -> None:
        """Samplers that need what a sampler would have captured that is left out itself."""
        lists = [self._log_in, *(session["request"] for session in self._sessions)]
        while sum(self._left_out(steps, lists) for steps in lists):
            pass
        self._sessions = [session for session in self._sessions if session["request"]]

    def _left_out(self, steps: list[dict[str, Any]], lists: Sequence[list[dict[str, Any]]]) -> bool:
        """Take such steps out; whether there were any."""
        supplied = {name for each in lists for step in each for name in step.get("capture", ())}
        lacking = self._scope.captured - supplied
        found = [(step, set(names_in(json.dumps(step))) & lacking) for step in steps]
        for step, missing in found:
            if missing:
                what = f"{step.get('method', 'GET')} {step['path']}"
                self._left.add(what, f"it needs ${{{min(missing)}}}, which nothing supplies")
        steps[:] = [step for step, missing in found if not missing]
        return len(steps) < len(found)

    # --- Names ---

    def learn(self, nodes: Sequence[Node]) -> None:
        """Variables, CSV files, captures and the host, wherever they stand."""
        for node in _all(nodes, frozenset({"TestPlan", "Arguments"})):
            element = node.element.part("TestPlan.user_defined_variables") or node.element
            for row in arguments(element):
                self._variable(row.prop("Argument.name"), row.prop("Argument.value"))
        for node in _all(nodes, frozenset({"CSVDataSet"})):
            self._csv(node.element)
        for node in _all(nodes, frozenset({"RegexExtractor", "JSONPostProcessor"})):
            for name in capture(node) or ():
                self._scope.places[name] = f"{{{name}}}"
                self._scope.captured.add(name)
        self._host = self._host or self._usual_host(nodes)

    def _usual_host(self, nodes: Sequence[Node]) -> str:
        """That of the defaults, which samplers have that name none; else what most name."""
        for kinds in (frozenset({"ConfigTestElement"}), _SAMPLERS):
            named = [host for node in _all(nodes, kinds) if (host := self._host_of(node))]
            if named:
                return max(named, key=named.count)
        return ""

    def _variable(self, name: str, value: str) -> None:
        if is_secret(name, value) and "${" not in value:
            self._scope.places[name] = self._secrets.place(name, value, "the plan's variables")
        else:
            self._scope.variables[name] = value

    def _csv(self, element: Element) -> None:
        file = PurePath(element.prop("filename").replace("\\", "/")).name
        columns = [name.strip() for name in element.prop("variableNames").split(",")]
        columns = [name for name in columns if name.isidentifier()]
        if not file or not columns:
            self._left.add("CSVDataSet", f"its file {file} names its own columns")
            return
        table = self._names.new(PurePath(file).stem)
        self._data[table] = file
        for column in columns:
            self._scope.places[column] = f"{{{table}.{column}}}"
        said = "beside the workload, with commas, and with this first line: "
        self._secrets.ask(file, said + ",".join(columns))

    def _host_of(self, node: Node) -> str:
        """The host that an element names itself."""
        domain = self._scope.resolved(node.element.prop("HTTPSampler.domain")).strip().lower()
        path = node.element.prop("HTTPSampler.path")
        if not domain and path.startswith(("http://", "https://")):
            domain = urlsplit(self._scope.resolved(path)).hostname or ""
        return "" if "${" in domain else domain

    def _resolved_host(self, here: Around) -> str:
        host = self._scope.resolved(here.default("HTTPSampler.domain")).strip().lower()
        return "" if "${" in host else host

    # --- Groups, controllers, samplers ---

    def read(self, nodes: Sequence[Node], outer: Around) -> None:
        """Every thread group, with what stands around it."""
        here = around(outer, nodes, self._scope)
        for node in nodes:
            if node.enabled and node.kind in _GROUPS:
                self._group(node, here)
            elif node.enabled:
                self.read(node.inner, here)

    def _group(self, node: Node, outer: Around) -> None:
        """A thread group: a session, and what each of its users does once."""
        steps = _Steps()
        self._walk(node.inner, outer, steps, steps.again)
        threads = self._count(node.element.prop("ThreadGroup.num_threads"), 1)
        if node.kind == "SetupThreadGroup":
            self._left.add(f"setup group {node.name}", "it runs once before all", len(steps.again))
            return
        if steps.once:
            self._log_in += steps.once
            self._users = min(max(self._users, threads), _MOST_USERS)
        if steps.again:
            weight = {"weight": threads * len(steps.again)}
            self._sessions.append({"name": node.name} | weight | {"request": steps.again})

    def _walk(
        self, nodes: Sequence[Node], outer: Around, steps: _Steps, into: list[dict[str, Any]]
    ) -> None:
        here = around(outer, nodes, self._scope)
        for node in nodes:
            if not node.enabled or node.kind in _HEEDED or _LOOKING_ON.fullmatch(node.kind):
                continue
            if node.kind in _SAMPLERS:
                self._sample(node, here, into, once=into is steps.once)
            elif node.kind in _IN_ORDER:
                self._walk(node.inner, here, steps, into)
            elif node.kind == "OnceOnlyController":
                self._walk(node.inner, here, steps, steps.once)
            elif node.kind == "LoopController":
                self._loop(node, here, steps, into)
            else:
                self._unknown(node)

    def _loop(self, node: Node, here: Around, steps: _Steps, into: list[dict[str, Any]]) -> None:
        loops = self._count(node.element.prop("LoopController.loops"), 1)
        if loops > _MOST_LOOPS:
            self._left.add(f"loops of {node.name}", f"more than {_MOST_LOOPS} of a loop")
        before = len(into)
        self._walk(node.inner, here, steps, into)
        # Copied, not walked again: loops within loops would be walked without end.
        once = into[before:]
        for _ in range(min(loops, _MOST_LOOPS) - 1):
            if len(into) + len(once) <= _MOST_STEPS:
                into += copy.deepcopy(once)

    def _count(self, text: str, otherwise: int) -> int:
        resolved = self._scope.resolved(text).strip()
        return max(1, int(resolved)) if re.fullmatch(r"\d{1,9}", resolved) else otherwise

    def _unknown(self, node: Node) -> None:
        inside = len(list(_all(node.inner, _SAMPLERS)))
        self._left.add(
            f"{node.kind} {node.name}" if inside else node.kind,
            "what it decides has no word in a workload" if inside else "it has no word here",
            inside or 1,
        )

    def _sample(self, node: Node, outer: Around, into: list[dict[str, Any]], *, once: bool) -> None:
        here = around(outer, node.inner, self._scope)
        host = self._host_of(node) or self._resolved_host(here)
        sampler = Sampler(node.element, here, self._scope, self._secrets)
        if host and host != self._host:
            self._left.add(host, f"another host than {self._host}")
        elif is_write(sampler.method) and not once and not self._writes:
            self._left.add(f"{sampler.method} {node.name}", "it writes; --writes keeps it")
        else:
            try:
                step = sampler.step() | self._captures(node)
            except Unknown as unknown:
                self._left.add(f"{sampler.method} {node.name}", f"it needs {unknown}")
                return
            into.append(step | (here.pause() if into else {}))

    def _captures(self, node: Node) -> dict[str, Any]:
        """What the extractors of a sampler take; what else belongs to it is listed."""
        found: dict[str, Any] = {}
        for child in node.inner:
            if not child.enabled or child.kind in _HEEDED or _LOOKING_ON.fullmatch(child.kind):
                continue
            if (taken := capture(child)) is not None:
                found |= taken
            else:
                self._unknown(child)
        return {"capture": found} if found else {}


def _single(session: dict[str, Any]) -> dict[str, Any] | None:
    """A session of one request as that request."""
    first, *more = session["request"]
    return None if more else {**first, "weight": session["weight"]}
