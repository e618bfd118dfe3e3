"""The room of connected accounts: how each is, what it may still publish today, and disconnecting one."""

from dataclasses import dataclass
from itertools import groupby

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from chat33.lib.clock import utcnow
from chat33.lib.ids import is_id
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.saying import say
from integrations import connecting
from integrations.channels import leave_channel
from integrations.conditions import Condition, by_condition, channels_with_health, permissions_of
from integrations.models import Channel
from integrations.selectors import channels_for
from posts.allowance import Allowance, allowance, allowances
from posts.upcoming import upcoming_on

_GROUPS = {"bad": "Needs you", "warn": "Worth a look", "good": "Working"}
_NOTICES = 10


@dataclass(frozen=True)
class Line:
    """One account in the list."""

    channel: Channel
    condition: Condition
    quota: Allowance
    asked: int  # permissions
    given: int


@door(Permission.READ)
@require_safe
def channels(request: PageRequest) -> HttpResponse:
    """``/channels/``: every account of the organization, those that need care first."""
    now = utcnow()
    rows = list(channels_with_health(request.here.organization, now=now).select_related("organization__package"))
    stands = allowances(channels=rows, now=now)
    lines = [_line(channel, told, stands[channel.pk]) for channel, told in by_condition(rows).items()]
    groups = [(_GROUPS[kind], list(of)) for kind, of in groupby(lines, key=lambda line: line.condition.kind)]
    context = {"groups": groups, "number": len(lines), **_rights(request)}
    return render(request, "posts/channels.html", context)


@door(Permission.READ)
@require_safe
def channel(request: PageRequest, channel_id: str) -> HttpResponse:
    """``/channels/<id>/``: everything about one account."""
    now = utcnow()
    rows = channels_with_health(request.here.organization, now=now).select_related("organization__package")
    row = _named(rows, channel_id)
    context = {
        "channel": row,
        "condition": by_condition([row])[row],
        "permissions": permissions_of(row),
        "quota": allowance(channel=row, now=now),
        "notices": row.notices.all()[:_NOTICES],
        "can_reconnect": any(
            (way.platform, way.is_sandbox) == (row.platform, row.is_sandbox) for way in connecting.ways()
        ),
        **_rights(request),
    }
    return render(request, "posts/channel.html", context)


@door(Permission.CONNECT)
@require_http_methods(["GET", "HEAD", "POST"])
def disconnect_channel(request: PageRequest, channel_id: str) -> HttpResponseBase:
    """``/channels/<id>/disconnect/``: what it would stop; POST does it."""
    row = _named(channels_for(request.here.organization), channel_id)
    if not row.is_active:
        say(request, f"{row.name} is disconnected already.")
        return redirect("channel", row.public_id)
    if request.method == "POST":
        leave_channel(channel=row, by=request.here.user.get_short_name(), now=utcnow())
        say(request, f"{row.name} is disconnected. Nothing more is published there until you connect it again.")
        return redirect("channels")
    template = "posts/_disconnect.html" if request.htmx else "posts/disconnect.html"
    return render(request, template, {"channel": row, "upcoming": upcoming_on(channel=row, now=utcnow())})


def _named(rows: QuerySet[Channel], channel_id: str) -> Channel:
    """The one of this id, or 404."""
    if not is_id(channel_id, "chan"):
        raise Http404
    return get_object_or_404(rows, public_id=channel_id)


def _line(channel: Channel, told: Condition, quota: Allowance) -> Line:
    permissions = permissions_of(channel)
    return Line(channel, told, quota, len(permissions), sum(one.given for one in permissions))


def _rights(request: PageRequest) -> dict[str, bool]:
    return {"may_connect": request.here.may(Permission.CONNECT), "may_write": request.here.may(Permission.WRITE)}
