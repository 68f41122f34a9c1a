"""``config.include("surefoot.web.pyramid")``: what surefoot.toml says, under any server."""

from __future__ import annotations

import pytest

from programs import printed

SHOP = """
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response
from pyramid.router import default_execution_policy
from pyramid.session import SignedCookieSessionFactory

def trying_twice(environ, router):
    environ["tried"] = "twice"
    return default_execution_policy(environ, router)

def item(request):
    return Response(f"{request.matchdict['number']} tried {request.environ.get('tried')}")

def account(request):
    return Response(f"for {request.session.get('user')}")

config = Configurator(session_factory=SignedCookieSessionFactory("k", cookie_name="shop-of-mine"))
config.add_route("item", "/items/{number}")
config.add_view(item, route_name="item")
config.add_route("account", "/account")
config.add_view(account, route_name="account")
"""
ASK = """
app = config.make_wsgi_app()
def ask(path, **headers):
    answer = Request.blank(path, headers=headers).get_response(app)
    print(answer.headers.get("Cache-Status"), "|", answer.text)
"""


@pytest.fixture
def shop(tmp_path):
    """The lines that programs, one after the other, print beside a configuration."""
    named = ("/items/{number}", "/account")
    tables = [f'[[cache.response]]\nroute = "GET {route}"\nttl = "1m"\n' for route in named]
    (tmp_path / "surefoot.toml").write_text("[cache]\nstatus = true\n" + "".join(tables))
    return lambda *parts: printed("\n".join(parts), directory=tmp_path, flags=["-W", "ignore"])


INCLUDE = 'config.include("surefoot.web.pyramid")'
POLICY = "config.set_execution_policy(trying_twice)"


@pytest.mark.parametrize("order", [(INCLUDE, POLICY), (POLICY, INCLUDE)], ids=["first", "last"])
def test_answers_are_kept_and_the_application_s_own_policy_stays(shop, order):
    first, second, other = shop(SHOP, *order, ASK, "for n in (3, 3, 4): ask(f'/items/{n}')")
    assert first == "surefoot; fwd=uri-miss; stored | 3 tried twice"
    assert second.startswith("surefoot; hit")
    assert second.endswith("| 3 tried twice")
    assert other.endswith("| 4 tried twice")


def test_a_session_made_before_is_known_by_its_first_reading(shop):
    asked = "for _ in range(2): ask('/account', Cookie='shop-of-mine=1')"
    first, second = shop(SHOP, INCLUDE, ASK, asked)
    assert first == 'surefoot; fwd=uri-miss; detail="the request carries a session" | for None'
    assert second == 'surefoot; fwd=bypass; detail="it carries a session" | for None'


def test_with_nothing_to_do_nothing_is_put_around(shop, tmp_path):
    (tmp_path / "surefoot.toml").write_text('[health]\nprefix = ""\n')
    told = "print(app.execution_policy is default_execution_policy)"
    assert shop(SHOP, INCLUDE, ASK, told) == ["True"]


def test_under_surefoot_s_own_server_nothing_is_wrapped_twice(shop, tmp_path):
    (tmp_path / "shop.py").write_text(f"{SHOP}\n{INCLUDE}\n{ASK}")
    with (tmp_path / "surefoot.toml").open("a") as file:
        file.write('\n[app]\ntarget = "shop:app"\n')
    served = "from surefoot.web.entry import wsgi\nimport shop\n"
    told = "shop.app, inner = wsgi, shop.app\nfor _ in range(2): shop.ask('/items/3')\n"
    plain = "print(inner.execution_policy is shop.default_execution_policy)"
    first, second, own = shop(served, told, plain)
    assert first == "surefoot; fwd=uri-miss; stored | 3 tried None"
    assert second.startswith("surefoot; hit")
    assert own == "True"
