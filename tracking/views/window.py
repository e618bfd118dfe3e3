"""How far back a touch counts, and working a period out anew."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from chat33.lib.clock import utcnow
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.saying import say
from tracking.attribution.recount import (
    LONGEST,
    SHORTEST,
    UnableToRecount,
    latest_recount,
    set_window,
    start_recount,
    window_of,
)
from tracking.views.periods import chosen


class WindowForm(forms.Form):
    """The window in days."""

    days = forms.IntegerField(
        label="Days before a conversion",
        min_value=SHORTEST,
        max_value=LONGEST,
        help_text="A click or an arrival counts as a touch when it was at most so many days before.",
    )


class RecountForm(forms.Form):
    """The days to work out anew."""

    first = forms.DateField(label="From", widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label="To", widget=forms.DateInput(attrs={"type": "date"}))


@door(Permission.READ)
@require_safe
def window(request: PageRequest) -> HttpResponse:
    """``/tracking/revenue/window/``; for htmx how far the recount is."""
    if request.htmx and request.htmx.target == "recount":
        context = {"recount": latest_recount(request.here.organization)}
        return render(request, "tracking/_recount.html", context)
    return _page(request)


@door(Permission.MANAGE)
@require_POST
def change_window(request: PageRequest) -> HttpResponse:
    """Look so far back from now on."""
    form = WindowForm(request.POST)
    if not form.is_valid():
        return _page(request, window_form=form)
    set_window(organization=request.here.organization, days=form.cleaned_data["days"], now=utcnow())
    say(request, "Saved for what comes in from now on. Work out the days before anew to apply it to them as well.")
    return redirect("window")


@door(Permission.MANAGE)
@require_POST
def recount(request: PageRequest) -> HttpResponse:
    """Work a period out anew."""
    form = RecountForm(request.POST)
    if form.is_valid():
        try:
            start_recount(
                organization=request.here.organization,
                first=form.cleaned_data["first"],
                last=form.cleaned_data["last"],
                by=request.here.by,
                now=utcnow(),
            )
        except UnableToRecount as problem:
            form.add_error(None, str(problem))
        else:
            say(request, "It is being worked out anew. The figures stay whole while it runs.")
            return redirect("window")
    return _page(request, recount_form=form)


def _page(
    request: PageRequest, *, window_form: WindowForm | None = None, recount_form: RecountForm | None = None
) -> HttpResponse:
    organization = request.here.organization
    latest = chosen({"period": "90"}, now=utcnow())
    days = window_of(organization)
    context: dict[str, Any] = {
        "days": days,
        "window_form": window_form or WindowForm(initial={"days": days}),
        "recount_form": recount_form or RecountForm(initial={"first": latest.period.first, "last": latest.today}),
        "recount": latest_recount(organization),
        "may_change": request.here.may(Permission.MANAGE),
    }
    return render(request, "tracking/window.html", context, status=422 if window_form or recount_form else 200)
