"""What is happening now."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from chat33.lib.clock import utcnow
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from tracking.results.exploring import TooSlow
from tracking.results.live import MINUTES, Pulse, newest, pulse
from tracking.views.lines import lines_of


@door(Permission.READ)
@require_safe
def live(request: PageRequest) -> HttpResponse:
    """``/tracking/live/``; for htmx the feed alone."""
    organization, now = request.here.organization, utcnow()
    context: dict[str, Any] = {"now": now, "span": MINUTES}
    try:
        beat = pulse(organization, now=now)
        context |= {"lines": lines_of(organization, newest(organization, now=now)), "pulse": beat, "bars": _bars(beat)}
    except TooSlow:
        context["slow"] = True
    fragment = request.htmx and request.htmx.target == "feed"
    return render(request, "tracking/_live_feed.html" if fragment else "tracking/live.html", context)


def _bars(beat: Pulse) -> list[dict[str, Any]]:
    """The minutes as bars of a picture 100 high, each 10 wide."""
    bars = []
    for number, minute in enumerate(beat.minutes):
        people, others = (round(100 * part / beat.most, 2) for part in (minute.people, minute.others))
        bars.append(
            {
                "minute": minute,
                "x": number * 10,
                "people": people,
                "people_y": round(100 - people, 2),
                "others": others,
                "others_y": round(100 - people - others, 2),
            }
        )
    return bars
