"""The explorer of events: filters in the address, one event with everything it has, and the same as a file."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat33.lib.clock import utcnow
from chat33.lib.sheets import written
from chat33.orgs.roles import Permission
from chat33.pages.door import Here, PageRequest, door
from tracking.models import Event, Source
from tracking.results.exploring import (
    MOST_WRITTEN,
    TooSlow,
    Wish,
    credits_of,
    event_of,
    events_like,
    every,
    found,
    names_of,
)
from tracking.views.lines import CAUSES, SOURCES, lines_of
from tracking.views.periods import Chosen, chosen

HEADER = (
    "received_at", "occurred_at", "event", "source", "by", "contact_id", "visitor", "value", "currency", "verified",
    "order_id", "campaign", "flow", "channel", "post", "influencer", "url", "referrer", "device", "event_id",
)  # fmt: skip
LONGEST = 200  # characters of a filter


@door(Permission.READ)
@require_safe
def events(request: PageRequest) -> HttpResponse:
    """``/tracking/events/``: those that the filters let through, newest first."""
    organization = request.here.organization
    period, wish = wish_of(request)
    context: dict[str, Any] = {
        "chosen": period,
        "wish": wish,
        "filtered": wish != Wish(period=wish.period),
        "names": names_of(organization),
        "sources": SOURCES.items(),
        "causes": CAUSES.items(),
        "most": MOST_WRITTEN,
    }
    try:
        page = found(events_like(organization, wish), cursor=request.GET.get("cursor", ""))
        context |= {"lines": lines_of(organization, page.events), "next": page.next}
    except TooSlow:
        context["slow"] = True
    return render(request, "tracking/events.html", context)


@door(Permission.READ)
@require_safe
def event(request: PageRequest, event_key: UUID) -> HttpResponse:
    """One event; for htmx what a panel shows of it."""
    organization = request.here.organization
    one = event_of(organization, event_key)
    if one is None:
        raise Http404
    context = {
        "line": lines_of(organization, [one])[0],
        "event": one,
        "data": sorted(one.data.items()) if isinstance(one.data, dict) else [],
        "credits": credits_of(organization, one),
    }
    return render(request, "tracking/_event.html" if request.htmx else "tracking/event.html", context)


@door(Permission.READ)
@require_safe
def events_csv(request: PageRequest) -> HttpResponseBase:
    """The same events as a file, as they are read, so many at most."""
    _, wish = wish_of(request)
    rows = _rows(request.here, wish)
    response = StreamingHttpResponse(written(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="events-{wish.period.first}-{wish.period.last}.csv"'
    return response


def wish_of(request: PageRequest) -> tuple[Chosen, Wish]:
    """What the address asks for; what it cannot mean is left out."""
    given = request.GET
    period = chosen(given, now=utcnow())

    def text(name: str) -> str:
        return given.get(name, "").strip()[:LONGEST]

    return period, Wish(
        period=period.period,
        name=text("name"),
        source=text("source") if text("source") in Source.values else "",
        by=text("by") if text("by") in CAUSES else "",
        contact=text("contact"),
        link=text("link"),
        campaign=text("campaign"),
        verified={"yes": True, "no": False}.get(text("verified")),
        text=text("text"),
    )


def _rows(here: Here, wish: Wish) -> Iterator[tuple[object, ...]]:
    yield HEADER
    number = 0
    try:
        for one in every(events_like(here.organization, wish), most=MOST_WRITTEN):
            number += 1
            yield _row(one, here.zone)
    except TooSlow:
        yield ("It took too long to look further. Choose fewer days.",)
    if number == MOST_WRITTEN:
        yield (f"A file has up to {MOST_WRITTEN:,} events. Choose fewer days for the others.",)


def _row(one: Event, zone: ZoneInfo) -> tuple[object, ...]:
    return (
        one.received_at.astimezone(zone).isoformat(), one.occurred_at.astimezone(zone).isoformat(), one.name,
        one.source, one.by, one.contact_ref, one.visitor, "" if one.value is None else f"{one.value:f}", one.currency,
        "" if one.value is None else ("yes" if one.verified else "no"), one.order_ref, one.campaign, one.flow,
        one.channel, one.post, one.influencer, one.url, one.referrer, one.agent, one.event_id,
    )  # fmt: skip
