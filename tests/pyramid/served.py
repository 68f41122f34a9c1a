"""An application to be imported by its name."""

from pyramid.config import Configurator
from pyramid.response import Response


def make():
    config = Configurator()
    config.add_route("item", "/items/{number}")
    config.add_view(lambda request: Response(request.matchdict["number"]), route_name="item")
    return config.make_wsgi_app()
