"""How often the shop was visited."""

from __future__ import annotations

from pyramid.request import Request
from pyramid.view import view_config
from sqlalchemy import update

from bookshop.models import Counter

COUNT = 0


@view_config(route_name="visits", request_method="GET", renderer="json")
def visits(request: Request) -> dict[str, int]:
    """One more, and how many there were."""
    if request.shop.has("global-counter"):
        global COUNT  # noqa: PLW0603 - this is the fault: two processes count twice
        COUNT += 1
        return {"visits": COUNT}
    one_more = update(Counter).where(Counter.name == "visits").values(value=Counter.value + 1)
    count = request.db.scalar(one_more.returning(Counter.value)) or 0
    return {"visits": count}
