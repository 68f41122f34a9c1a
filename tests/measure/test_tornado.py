"""A Tornado application whose loop stands still: measured under Tornado's own server."""

import pytest

APPLICATION = """
import asyncio
import time

from tornado.web import Application, RequestHandler


class Index(RequestHandler):
    async def get(self):
        await asyncio.sleep(0.002)
        self.write("index")


class Price(RequestHandler):
    async def get(self, number):
        time.sleep(0.02)
        self.write({"price": int(number)})


def make_app():
    return Application([("/", Index), (r"/prices/([0-9]+)", Price)])
"""
WORKLOAD = """
[[request]]
path = "/"
weight = 3
[[request]]
path = "/prices/{1..50}"
weight = 1
"""


@pytest.mark.in_pairs
def test_a_call_that_holds_the_loop_up_is_named_with_its_line(surefoot, tmp_path):
    (tmp_path / "app.py").write_text(APPLICATION)
    (tmp_path / "workload.toml").write_text(WORKLOAD)
    run = surefoot("measure", "--workload", "workload.toml", "--seconds", "4")
    assert run.code == 0, run.err
    result = run.result
    assert (result["interface"], result["framework"]) == ("tornado", "tornado")
    assert result["bottleneck"]["resource"] == "app.loop"
    line = 1 + APPLICATION[: APPLICATION.index("time.sleep")].count("\n")
    change = next(each for each in result["changes"] if each["lever"] == "blocking-call")
    assert change["where"] == f"app.py:{line}"
    assert change["predicted_gain"] > 1.5
    routes = {route["route"]: route["share"] for route in result["routes"]}
    assert routes.keys() == {"GET /", "GET /prices/<int:arg1>"}
    assert "answers of a Tornado application cannot be kept" in run.out
