"""A basket that lies in the visitor's session, with a form: pages that only this shop has."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from django_bookshop.models import Book


class Wish(forms.Form):
    """Which book to put in."""

    book = forms.ModelChoiceField(Book.objects.all(), widget=forms.NumberInput)


def basket(request: HttpRequest) -> HttpResponse:
    """What lies in it; a POST puts one more in."""
    wish = Wish(request.POST or None)
    if request.method == "POST" and wish.is_valid():
        chosen = wish.cleaned_data["book"]
        request.session["basket"] = [*request.session.get("basket", []), chosen.id]
        messages.success(request, f"{chosen.title} is in the basket")
        return redirect("basket")
    inside = Book.objects.filter(id__in=request.session.get("basket", [])).order_by("id")
    return render(request, "basket.html", {"wish": wish, "books": inside})
