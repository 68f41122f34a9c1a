"""How often the shop was visited."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import update

from bookshop.models import Counter
from fastapi_bookshop.shop import Here

views = APIRouter()

COUNT = 0


@views.get("/visits")
async def visits(here: Here) -> dict[str, int]:
    """One more, and how many there were."""
    if here.has("global-counter"):
        global COUNT  # noqa: PLW0603 - this is the fault: two processes count twice
        COUNT += 1
        return {"visits": COUNT}
    one_more = update(Counter).where(Counter.name == "visits").values(value=Counter.value + 1)
    async with here.session() as session:
        count = await session.scalar(one_more.returning(Counter.value)) or 0
        await session.commit()
    return {"visits": count}
