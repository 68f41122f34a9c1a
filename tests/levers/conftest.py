"""Diagnosed runs, made of plain numbers."""

import dataclasses
import importlib.util
import sys
from pathlib import Path

import pytest

from surefoot.core.resources import Resource
from surefoot.toolbox.analysis.case import Case
from surefoot.toolbox.diagnose import bottleneck

SHOP = Path(__file__).resolve().parents[1] / "analysis" / "conftest.py"


def _shop():
    spec = importlib.util.spec_from_file_location("analysis_shop", SHOP)
    module = importlib.util.module_from_spec(spec)
    sys.modules["analysis_shop"] = module
    spec.loader.exec_module(module)
    return module


shop = _shop()


def case_of(keys=(), probe=None, lines=(), **needs):
    """A case: an application by its needs, the configuration it ran with, and what else was seen.

    Names of ``Evidence`` (``server``, ``memory``, ``sizes``) go there; ``probe`` changes both of
    its probes.
    """
    seen = {k: needs.pop(k) for k in ("server", "memory", "sizes") if k in needs}
    made = shop.Shop(**needs)
    evidence = made.evidence
    probes = tuple(dataclasses.replace(one, **(probe or {})) for one in evidence.probes)
    found = {"server": "uvicorn" if made.interface == "asgi" else "gunicorn"} | seen
    evidence = dataclasses.replace(
        evidence, probes=probes, keys=tuple(dict(keys).items()), lines=tuple(lines), **found
    )
    model = made.model
    return Case(evidence, model, bottleneck(model.capacities(0.0), 2))


@pytest.fixture
def case():
    return case_of


def statements(each, seconds, kind="db.cpu", what="SELECT name FROM author WHERE author.id = ?"):
    """A use of the database: this many statements a request, seconds each."""
    resource = Resource.parse(kind)

    def of(requests):
        spent = requests * each * seconds
        cpu = spent if kind == "db.cpu" else 0.0
        place = shop.place("shop.py:7", what, requests * each, use=spent, cpu=cpu)
        return shop.use(resource.kind, place)

    return of


def waits(kind, seconds, site="shop.py:21"):
    """A use of another service: seconds a request."""
    return lambda requests: shop.use(
        Resource.parse(kind).kind,
        shop.place(site, "", requests, use=requests * seconds),
        name=Resource.parse(kind).name,
    )


@pytest.fixture
def needs():
    """Uses of resources, by name."""
    return {"statements": statements, "waits": waits}
