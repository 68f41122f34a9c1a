"""How often the shop was visited."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import update

from bookshop.models import Counter
from flask_bookshop import shop

views = Blueprint("visits", __name__)

COUNT = 0


@views.get("/visits")
def visits() -> dict[str, int]:
    """One more, and how many there were."""
    if shop.current().has("global-counter"):
        global COUNT  # noqa: PLW0603 - this is the fault: two processes count twice
        COUNT += 1
        return {"visits": COUNT}
    one_more = update(Counter).where(Counter.name == "visits").values(value=Counter.value + 1)
    with shop.current().session() as session:
        count = session.scalar(one_more.returning(Counter.value)) or 0
        session.commit()
    return {"visits": count}
