"""How often the shop was visited."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from django_bookshop import shop
from django_bookshop.models import Counter

COUNT = 0


@require_safe
def visits(request: HttpRequest) -> JsonResponse:
    """One more, and how many there were."""
    if shop.current().has("global-counter"):
        global COUNT  # noqa: PLW0603 - this is the fault: two processes count twice
        COUNT += 1
        return JsonResponse({"visits": COUNT})
    counter = Counter.objects.filter(name="visits")
    with transaction.atomic():
        counter.update(value=F("value") + 1)
        count = counter.values_list("value", flat=True).get()
    return JsonResponse({"visits": count})
