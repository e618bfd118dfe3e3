"""The queue of an account: the times of the week at which it publishes what is queued."""

import re
from datetime import time
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dates import WEEKDAYS
from django.views.decorators.http import require_http_methods

from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door, refused
from chat33.pages.saying import say
from integrations.models import Channel
from integrations.selectors import channels_for
from posts import slots as queue
from posts.slots import SUGGESTED, UnableToSet


@door(Permission.READ)
@require_http_methods(["GET", "HEAD", "POST"])
def slots(request: PageRequest, channel_id: str) -> HttpResponse:
    """The week, and changing it."""
    if not is_id(channel_id, "chan"):
        raise Http404
    mine = channels_for(request.here.organization).select_related("organization")
    channel = get_object_or_404(mine, public_id=channel_id)
    if request.method == "POST":
        if not request.here.may(Permission.PUBLISH):
            return refused(request, Permission.PUBLISH)
        try:
            say(request, _change(request, channel))
        except UnableToSet as error:
            say(request, str(error), kind="bad")
        return redirect("slots", channel.public_id)
    times = queue.slots_of(channel)
    others = [other for other in mine if other.pk != channel.pk]
    context = {
        "channel": channel,
        "week": [
            (number, name, [time(minute // 60, minute % 60) for day, minute in times if day == number])
            for number, name in WEEKDAYS.items()
        ],
        "number": len(times),
        "next": queue.next_free_slots(channels=[channel], now=utcnow())[channel.pk],
        "others": others,
        "may_change": request.here.may(Permission.PUBLISH),
        "zone": request.here.zone.key,
    }
    return render(request, "posts/slots.html", context)


def _change(request: PageRequest, channel: Channel) -> str:
    """Do what was asked and say what was done. Raises ``UnableToSet``."""
    given: Any = request.POST
    action = given.get("action")
    if action == "suggest":
        queue.set_slots(channel=channel, times=SUGGESTED)
        return "Queue times added: working days at 9:00, 12:30 and 17:00."
    if action == "clear":
        queue.set_slots(channel=channel, times=())
        return "All queue times removed. What is scheduled stays."
    if action == "copy":
        wanted = given.getlist("to")[:200]
        targets = channels_for(request.here.organization).filter(public_id__in=wanted).select_related("organization")
        number = queue.copy_slots(source=channel, targets=list(targets))
        return f"Copied to {number} account{'' if number == 1 else 's'}." if number else "No account was chosen."
    minute = _minute(given.get("time", ""))
    if action == "remove":
        weekday = given.get("weekday", "")
        queue.remove_slot(channel=channel, weekday=int(weekday) if weekday in _DAYS else 0, minute=minute)
        return "Queue time removed. What is scheduled stays."
    weekdays = [int(day) for day in given.getlist("weekday") if day in _DAYS]
    if not weekdays:
        raise UnableToSet("Choose at least one day of the week.")
    queue.add_slots(channel=channel, weekdays=weekdays, minute=minute)
    return "Queue time added."


_DAYS = tuple("0123456")


def _minute(text: str) -> int:
    found = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text.strip())
    if found is None:
        raise UnableToSet("Write the time as 09:30.")
    return int(found[1]) * 60 + int(found[2])
