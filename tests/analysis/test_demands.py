"""What becomes of a request's seconds when some of them go, alone and with every slot busy."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnosed import Shop
from surefoot.core.records import RatePoint
from surefoot.toolbox.analysis.fit import demands, model_of
from surefoot.toolbox.analysis.model import Demands, Model
from surefoot.toolbox.diagnose import unexplained

NONE = dict.fromkeys((field.name for field in dataclasses.fields(Demands)), 0.0)
SECONDS = st.floats(1e-4, 0.2)


def request(population, app, server=0.0, **more):
    wall = app + sum(more.get(name, 0.0) for name in ("db_cpu", "db_wait", "outside"))
    told = NONE | more | {"population": population, "app": app + server, "server": server}
    return Demands(**(told | {"wall": wall, "response": wall + server}))


def model(alone, full, **more):
    told = {"replicas": 1, "slots": full.population, "pool": 0, "cores": 2.0, "lock": 0.0}
    told |= {"lock_routes": (), "jobs": (), "limited": True} | more
    return Model(alone=alone, full=full, **told)


@given(
    app=SECONDS, server=SECONDS, db_cpu=SECONDS, stretch=st.floats(1.0, 3.0), share=st.floats(0, 1)
)
def test_under_load_the_same_share_goes_as_from_a_request_that_is_alone(
    app, server, db_cpu, stretch, share
):
    alone = request(1, app, server, db_cpu=db_cpu)
    full = request(4, app * stretch, server * stretch, db_cpu=db_cpu * stretch)
    left = model(alone, full).less(app=app * share, db_cpu=db_cpu * share)
    assert left.full.app == pytest.approx(app * stretch * (1 - share) + server * stretch)
    assert left.full.server == pytest.approx(server * stretch)
    assert left.full.db_cpu == pytest.approx(db_cpu * stretch * (1 - share), abs=1e-12)
    assert left.full.population == 4


@given(
    app=SECONDS,
    outside=SECONDS,
    stretch=st.floats(0.7, 3.0),
    parts=st.lists(st.floats(0, 0.05), min_size=2, max_size=4),
)
def test_it_does_not_matter_in_how_many_parts_the_seconds_go(app, outside, stretch, parts):
    alone = request(1, app, outside=outside)
    start = model(alone, request(4, app * stretch, outside=outside))
    bit_by_bit = start
    for part in parts:
        bit_by_bit = bit_by_bit.less(app=part)
    at_once = start.less(app=sum(parts))
    assert bit_by_bit.full.app == pytest.approx(at_once.full.app, abs=1e-12)
    assert bit_by_bit.alone.app == pytest.approx(at_once.alone.app, abs=1e-12)


@given(
    app=SECONDS,
    server=SECONDS,
    outside=SECONDS,
    stretch=st.floats(0.7, 3.0),
    gone=st.floats(0, 0.3),
    kind=st.sampled_from(["app", "server", "outside", "db_cpu"]),
)
def test_what_needs_less_is_never_slower_nor_below_nothing(
    app, server, outside, stretch, gone, kind
):
    alone = request(1, app, server, outside=outside)
    before = model(alone, request(4, app * stretch, server * stretch, outside=outside))
    after = before.less(**{kind: gone})
    assert after.uncorrected >= before.uncorrected * (1 - 1e-9)
    assert all(getattr(after.full, name) >= 0 for name in NONE)


def test_what_telemetry_uses_itself_is_no_request_s():
    seen = Shop(cpu=0.004, server_cpu=0.001).evidence
    probe = dataclasses.replace(seen.probes[-1], observing=0.05)
    plain, told = demands(seen.probes[-1], probe.blocks), demands(probe, probe.blocks)
    # A hundred requests a second share a twentieth of a core.
    assert plain.server - told.server == pytest.approx(0.0005)
    assert told.neighbours - plain.neighbours == pytest.approx(0.05)


def test_cpu_of_telemetry_is_not_left_unexplained():
    shop = Shop(cpu=0.004, server_cpu=0.001)
    block = shop.probe(1).blocks[0]
    host = dataclasses.replace(block.host, app=0.55)
    point = RatePoint(
        100.0, 1.0, 100, 100, 0, 0.005, 0.005, 0.005, 0.005, 0.005, "pass", "", 0.99, True, "", host
    )
    capacity = shop.diagnosis(100.0).capacity
    built = model_of(shop.evidence, 2)
    assert unexplained(built, [point], capacity) == pytest.approx(0.1)
    assert unexplained(built, [point], capacity, observing=0.05) == 0.0


@given(app=SECONDS, correction=st.floats(0.5, 1.5), share=st.floats(0, 1))
def test_time_that_the_model_cannot_place_comes_and_goes(app, correction, share):
    alone = request(1, app)
    seen = model(alone, request(4, app), correction=correction)
    assert seen.losing(seen.lost).saturation == pytest.approx(min(1, correction) / app)
    fewer = seen.losing(seen.lost * share)
    assert fewer.saturation >= seen.losing(seen.lost).saturation * (1 - 1e-9)
    assert seen.losing(0.0).saturation == pytest.approx(seen.uncorrected)
