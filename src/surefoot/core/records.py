"""The values that flow one way: Record -> Evidence -> Diagnosis -> Change.

Every one is frozen, holds plain numbers, and can be saved, printed, compared and replayed.
Inside records times are integers of nanoseconds (``_ns``); from Evidence on they are seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from surefoot.core.function import Function
from surefoot.core.measures import Measure
from surefoot.core.resources import Resource
from surefoot.core.together import Together
from surefoot.core.worker import CacheTotal

__all__ = [
    "Block",
    "Capacity",
    "Change",
    "CodeEdit",
    "ConfigEdit",
    "Diagnosis",
    "Evidence",
    "Finding",
    "HostUse",
    "OutsideAction",
    "Place",
    "Probe",
    "RatePoint",
    "Record",
    "ResourceUse",
    "Reusable",
    "RouteDiagnosis",
    "RouteUse",
    "Shape",
    "Slo",
    "Spend",
    "StackSample",
    "Station",
]


@dataclass(frozen=True, slots=True)
class Spend:
    """What one request spent on one resource at one place of the application's code."""

    resource: Resource
    what: str
    """The normalised statement, ``"GET host:port"`` and the like; empty where nothing names it."""
    site: str
    """``"views.py:41"``, relative to the application; empty where none of its frames was seen."""
    count: int
    wait_ns: int
    """Blocked until it was given."""
    use_ns: int
    """From being given until given back."""
    cpu_ns: int
    """CPU time that the calling thread used in between; contained in the record's ``cpu_ns``."""


@dataclass(frozen=True, slots=True)
class Record:
    """What one request cost, as the worker that served it saw it."""

    worker: int
    """Process id."""
    method: str
    route: str
    """The framework's template, ``"/books/<int:id>"``; ``"(unmatched)"`` where there was none."""
    status: int
    start_ns: int
    """Since the epoch."""
    wall_ns: int
    cpu_ns: int
    """CPU time of every thread while it worked for this request."""
    queued_ns: int
    """From the sender's ``X-Request-Start`` until the application was called; 0 if not sent."""
    loop_ns: int
    """Wall time during which the request occupied the event loop; 0 outside asyncio."""
    spends: tuple[Spend, ...] = ()

    @property
    def name(self) -> str:
        """``"GET /books/<int:id>"``: the route as reports show it."""
        return f"{self.method} {self.route}"


@dataclass(frozen=True, slots=True)
class StackSample:
    """A stack that the sampler saw ``count`` times while a request of ``route`` was served."""

    worker: int
    route: str
    """``Record.name``; empty for threads that served no request."""
    state: str
    """``"cpu"`` (running or ready to), ``"lock"`` (entering a lock of threads), ``"driver"``
    (inside a call that a spend measures) or ``"wait"``."""
    frames: tuple[str, ...]
    """Outermost first, ``"path.py:function"``."""
    site: str
    """Innermost line of the application, ``"views.py:41"``; empty if none."""
    count: int


@dataclass(frozen=True, slots=True)
class Slo:
    """A latency quantile and an error share that must hold."""

    latency: float = 0.250
    """Seconds."""
    quantile: float = 0.99
    errors: float = 0.001

    def __str__(self) -> str:
        return f"p{self.quantile * 100:g} <= {self.latency * 1e3:g} ms, errors <= {self.errors:.2%}"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the application and the statement it issued there, summed over a probe."""

    site: str
    what: str
    count: int
    wait: float
    use: float
    cpu: float


@dataclass(frozen=True, slots=True)
class ResourceUse:
    """What all requests of one route spent on one resource, in total seconds."""

    resource: Resource
    count: int
    wait: float
    use: float
    cpu: float
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """One request as the simulation replays it: its seconds of each resource."""

    cpu: float
    """Inside the worker, under its GIL, without what drivers used outside it."""
    db_cpu: float
    delay: float
    """Everything else between the first and the last line of the application."""
    pool_held: float
    """Part of the above that passed while a pooled connection was held."""
    blocked: float
    """Part of ``delay`` during which the event loop was held up."""


@dataclass(frozen=True, slots=True)
class RouteUse:
    """All requests of one route in a probe: total seconds, and a sample of single requests."""

    route: str
    requests: int
    errors: int
    p50: float
    """Of the wall time inside the application, in seconds."""
    p99: float
    wall: float
    cpu: float
    """Inside the worker, without what drivers used outside its GIL."""
    queued: float
    loop: float
    resources: tuple[ResourceUse, ...]
    shapes: tuple[Shape, ...] = ()


@dataclass(frozen=True, slots=True)
class HostUse:
    """CPU seconds by owner while something ran, from the operating system's own accounting."""

    seconds: float
    cores: int
    app: float
    """Worker and server processes of the application."""
    database: float
    generator: float
    neighbours: float
    run_queue: float
    """Seconds the application's runnable threads waited for a core."""


@dataclass(frozen=True, slots=True)
class Block:
    """About one second of a probe: what the requests completed in it used, in total seconds.

    Blocks are what gets resampled to say how sure a diagnosis is.
    """

    completed: int
    """Answers, as the generator counted them."""
    recorded: int
    """Records, as the workers sent them."""
    host: HostUse
    response: float
    """As the generator saw it, from sending to the last byte."""
    wall: float
    """Inside the application."""
    cpu: float
    """Inside the worker, without what drivers used outside its GIL."""
    db_cpu: float
    db_wait: float
    pool_wait: float
    pool_held: float
    loop: float
    outside: float
    """Waiting for other services: HTTP, SMTP, caches."""


@dataclass(frozen=True, slots=True)
class Probe:
    """A closed loop of ``population`` requests held in flight for a while."""

    population: int
    blocks: tuple[Block, ...]
    routes: tuple[RouteUse, ...]
    stacks: tuple[StackSample, ...] = ()
    medians: tuple[tuple[str, float], ...] = ()
    """Median response time, in seconds, of each request of the workload by its name."""
    pool_size: int = 0
    """Connections that one worker's pools may hand out; 0 when none was seen."""
    blocked: tuple[tuple[str, int, float], ...] = ()
    """Lines at which an event loop stood still for over 30 ms: site, how often, longest seconds."""
    sampled: float = 0.0
    """Mean seconds between two stack samples of a worker; 0 when nothing was sampled."""
    dropped: int = 0
    """Records that workers could not send."""
    collecting: float = 0.0
    """Seconds that the workers' garbage collectors ran."""
    memory: int = 0
    """Bytes of the application's processes at the end, shared pages divided; 0 if not known."""
    caches: tuple[CacheTotal, ...] = ()
    """What the application's caches did meanwhile, in all workers."""
    observing: float = 0.0
    """Cores that the workers' own telemetry threads kept busy, which nobody serves users with."""

    @property
    def completed(self) -> int:
        """Answers in all blocks."""
        return sum(block.completed for block in self.blocks)

    @property
    def seconds(self) -> float:
        """Length of all blocks."""
        return sum(block.host.seconds for block in self.blocks)

    @property
    def throughput(self) -> float:
        """Completed requests per second."""
        return self.completed / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class RatePoint:
    """One rate held for a while under open load."""

    rate: float
    seconds: float
    sent: int
    completed: int
    errors: int
    p50: float
    p99: float
    quantile: float
    """The SLO's quantile of response time in seconds, with its interval below."""
    low: float
    high: float
    verdict: str
    """``"pass"``, ``"fail"`` or ``"undecided"``."""
    why: str
    judged: float
    """The quantile that decided: the SLO's, or a lower one where requests were too few for it."""
    valid: bool
    why_invalid: str
    host: HostUse
    beyond: bool = False
    """Offered past saturation on purpose, to see what the application completes at most."""

    @property
    def throughput(self) -> float:
        """Completed requests per second."""
        return self.completed / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Reusable:
    """A route whose answers were tried to be kept: whether they may, and what that would spare."""

    route: str
    tried: int
    """Requests that were sent twice."""
    kept: int
    """Of these, how many were answered the second time from what was kept."""
    why: str
    """Why most of the others were not; empty where all were."""
    reuse: tuple[tuple[int, float], ...]
    """Lifetimes, in requests of the whole mix, and the share of the route's requests that ask for
    what was asked for within that."""
    alike: int = 0
    """Answers to users that were compared, all the same as what nobody was answered; then ``kept``
    counts requests with a session too. 0 where only others were tried."""
    users: int = 0
    """How many users they were."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that one ``measure`` saw, before anything is concluded from it."""

    target: str
    interface: str
    """``"wsgi"``, ``"asgi"``, or ``"url"`` for a black box."""
    framework: str
    replicas: int
    slots: int
    """Requests that one replica may work on at once."""
    pool_size: int
    """Connections one replica's pool may hand out; 0 when none was seen."""
    slo: Slo
    sampled: float
    """Seconds between two stack samples of a worker; 0 when nothing was sampled."""
    probes: tuple[Probe, ...]
    points: tuple[RatePoint, ...]
    notes: tuple[str, ...] = ()
    server: str = ""
    """``"gunicorn"``, ``"uvicorn"`` or ``"granian"``; empty for a black box."""
    keys: tuple[tuple[str, str | float | bool], ...] = ()
    """The configuration it ran with, as far as levers may change it: dotted key and value."""
    memory: int = 0
    """Bytes of the host's memory that were free for use; 0 if not known."""
    lines: tuple[tuple[str, str], ...] = ()
    """Lines of the application that the probes point at: ``"views.py:41"`` and how it reads."""
    sizes: tuple[float, float] = (0.0, 0.0)
    """Bytes of an answer in the mean, as they were sent and with what can be gzipped gzipped; 0 if
    they were not looked at."""
    reusable: tuple[Reusable, ...] = ()
    """Routes whose answers were tried to be kept."""
    functions: tuple[Function, ...] = ()
    """Functions that much of the time is spent in, the one with most first."""
    together: Together | None = None
    """``None`` where requests never run at the same time, or where that was not tried."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """The highest rate that meets the SLO, requests per second, with its interval."""

    rps: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of evidence, and where in the application it points."""

    text: str
    file: str = ""
    line: int = 0
    share: float = 0.0
    """Of the route's response time, 0 to 1."""
    route: str = ""
    """Whose; empty where it is about the whole."""


@dataclass(frozen=True, slots=True)
class Station:
    """One resource in the model: what a request needs of it and what it can give."""

    resource: Resource
    demand: float
    """Seconds per request."""
    capacity: float
    """Seconds per second."""
    utilisation: float
    """0 to 1 at the application's capacity."""

    @property
    def bound(self) -> float:
        """The throughput, requests per second, that this resource allows at most."""
        return self.capacity / self.demand if self.demand else float("inf")


@dataclass(frozen=True, slots=True)
class ConfigEdit:
    """One key of the configuration, before and after."""

    key: str
    before: str | float | bool | None
    after: str | float | bool | None


@dataclass(frozen=True, slots=True)
class OutsideAction:
    """Something done outside the application and its configuration, such as an index."""

    forward: str
    inverse: str


@dataclass(frozen=True, slots=True)
class CodeEdit:
    """An edit of the application's own code: shown, never applied."""

    file: str
    line: int
    advice: str
    diff: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One lever applied to one place, with a predicted gain and an undo."""

    lever: str
    where: str
    relieves: Resource
    stage: str
    """``server``, ``before-import``, ``wrap``, ``after-fork``, ``outside`` or ``edit``."""
    action: tuple[ConfigEdit, ...] | OutsideAction | CodeEdit
    predicted_gain: float
    """Capacity after / capacity before, from the same model run again."""
    how: str
    arithmetic: str
    risk: str = ""
    on: tuple[Measure, ...] = (Measure.CAPACITY,)
    """What has to get better for it to be kept."""
    guards: tuple[Measure, ...] = (Measure.LATENCY, Measure.ERRORS)
    """What must not get worse."""
    preconditions: tuple[str, ...] = ()
    """What has to hold first, in words."""
    stale: float = 0.0
    """Seconds that an answer may then be old; 0 where it is always made anew."""


@dataclass(frozen=True, slots=True)
class RouteDiagnosis:
    """One route: its share of the traffic, its latency and what it needs of each resource."""

    route: str
    share: float
    p50: float
    p99: float
    errors: float
    demands: tuple[tuple[Resource, float], ...]
    """Seconds per request."""
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What a run means: capacity, the resource that bounds it, why, and what to do first."""

    valid: bool
    why_invalid: str
    slo: Slo
    capacity: Capacity
    predicted_saturation: float
    predicted_slo: float
    bottleneck: Resource | None
    confidence: float
    also: tuple[Resource, ...]
    findings: tuple[Finding, ...]
    stations: tuple[Station, ...]
    unexplained: float
    """Share by which measured utilisation differs from what the demands explain."""
    routes: tuple[RouteDiagnosis, ...]
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = field(default=())
