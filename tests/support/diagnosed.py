"""Diagnosed runs made of plain numbers: what a request needs, what two probes show of it."""

import dataclasses

from surefoot.core.records import (
    Block,
    Capacity,
    Evidence,
    HostUse,
    Place,
    Probe,
    ResourceUse,
    RouteUse,
    Shape,
    Slo,
    StackSample,
)
from surefoot.core.resources import Kind, Resource
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.analysis.fit import model_of
from surefoot.toolbox.diagnose import bottleneck, diagnose


def place(site="shop.py:7", what="", count=1, wait=0.0, use=0.0, cpu=0.0):
    return Place(site, what, count, wait, use, cpu)


def use(kind, *places, name=""):
    return ResourceUse(
        Resource(kind, name),
        sum(p.count for p in places),
        sum(p.wait for p in places),
        sum(p.use for p in places),
        sum(p.cpu for p in places),
        tuple(places),
    )


class Shop:
    """An application by the seconds that one request of its only route needs."""

    def __init__(self, **needs):
        self.cpu = needs.pop("cpu", 0.004)
        self.db_cpu = needs.pop("db_cpu", 0.0)
        self.outside = needs.pop("outside", 0.0)
        self.other = needs.pop("other", 0.0)
        self.held = needs.pop("held", 0.0)
        self.loop = needs.pop("loop", 0.0)
        self.lock_wait = needs.pop("lock_wait", 0.0)
        self.neighbours = needs.pop("neighbours", 0.0)
        self.uses = needs.pop("uses", ())
        self.stacks = needs.pop("stacks", ())
        self.varied = needs.pop("varied", (1.0,))
        self.interface = needs.pop("interface", "wsgi")
        self.replicas = needs.pop("replicas", 1)
        self.slots = needs.pop("slots", 4)
        self.pool = needs.pop("pool", 0)
        self.server_cpu = needs.pop("server_cpu", 0.0)
        assert not needs, needs

    @property
    def wall(self):
        return self.cpu + self.db_cpu + self.outside + self.other

    def block(self, count, factor, wait):
        host = HostUse(
            1.0,
            2,
            count * (self.server_cpu + self.cpu * factor + self.db_cpu),
            0.0,
            0.0,
            self.neighbours,
            0.0,
        )
        return Block(
            completed=count,
            recorded=count,
            host=host,
            response=count * (self.wall + wait + self.server_cpu),
            wall=count * (self.wall + wait),
            cpu=count * self.cpu * factor,
            db_cpu=count * self.db_cpu,
            db_wait=0.0,
            pool_wait=0.0,
            pool_held=count * self.held,
            loop=count * self.loop,
            outside=count * self.outside,
        )

    def probe(self, population):
        count = 100
        blocks = tuple(
            self.block(count, factor, self.lock_wait if population > 1 else 0.0)
            for factor in self.varied
        )
        shape = Shape(self.cpu, self.db_cpu, self.outside + self.other, self.held, 0.0)
        requests = count * len(blocks)
        route = RouteUse(
            route="GET /",
            requests=requests,
            errors=0,
            p50=self.wall,
            p99=self.wall,
            wall=requests * self.wall,
            cpu=requests * self.cpu,
            queued=0.0,
            loop=requests * self.loop,
            resources=tuple(make(requests) for make in self.uses),
            shapes=(shape,),
        )
        stacks = tuple(
            StackSample(1, "GET /", state, (site,), site, count)
            for state, site, count in self.stacks
        )
        if population > 1 and self.lock_wait:
            # One sample each 25 ms of waiting.
            seen = round(requests * self.lock_wait / 0.025)
            stacks += (StackSample(1, "GET /", "lock", ("shop.py:f",), "shop.py:33", seen),)
        return Probe(population, blocks, (route,), stacks, (), pool_size=self.pool, sampled=0.025)

    @property
    def evidence(self):
        return Evidence(
            target="shop:app",
            interface=self.interface,
            framework="",
            replicas=self.replicas,
            slots=self.slots,
            pool_size=self.pool,
            slo=Slo(),
            sampled=0.025,
            probes=(self.probe(1), self.probe(self.slots * self.replicas)),
            points=(),
        )

    @property
    def model(self):
        return model_of(self.evidence, 2)

    def diagnosis(self, rate=10.0):
        return diagnose(self.evidence, self.model, Capacity(rate, rate, rate), rate, "")


def case_of(keys=(), probe=None, lines=(), **needs):
    """A case: an application by its needs, the configuration it ran with, and what else was seen.

    Names of ``Evidence`` (``server``, ``memory``, ``sizes``, ``reusable``, ``functions``) go there;
    ``probe`` changes both of its probes.
    """
    told = ("server", "memory", "sizes", "reusable", "functions")
    seen = {k: needs.pop(k) for k in told if k in needs}
    made = Shop(**needs)
    evidence = made.evidence
    probes = tuple(dataclasses.replace(one, **(probe or {})) for one in evidence.probes)
    found = {"server": "uvicorn" if made.interface == "asgi" else "gunicorn"} | seen
    evidence = dataclasses.replace(
        evidence, probes=probes, keys=tuple(dict(keys).items()), lines=tuple(lines), **found
    )
    model = made.model
    return Case(evidence, model, bottleneck(model.capacities(0.0), 2))


def statements(each, seconds, kind="db.cpu", what="SELECT name FROM author WHERE author.id = ?"):
    """A use of the database: this many statements a request, seconds each."""
    resource = Resource.parse(kind)

    def of(requests):
        spent = requests * each * seconds
        cpu = spent if kind == "db.cpu" else 0.0
        return use(resource.kind, place("shop.py:7", what, requests * each, use=spent, cpu=cpu))

    return of


def waits(kind, seconds, site="shop.py:21"):
    """A use of another service: seconds a request."""
    return lambda requests: use(
        Resource.parse(kind).kind,
        place(site, "", requests, use=requests * seconds),
        name=Resource.parse(kind).name,
    )


def reads(name, each, seconds, cpu=0.0):
    """Reads of a cache's store: this many a request, seconds and CPU seconds each."""

    def of(requests):
        count = requests * each
        return use(
            Kind.CACHE,
            place("shop.py:30", "GET", count, use=count * seconds, cpu=count * cpu),
            name=name,
        )

    return of
