"""The naive way with events and clicks: a Django view with one insert of the ORM's, no token, no limit, no
rollup, no promise of once.
"""

import json
import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path

from chat33.lib.clock import utcnow
from tracking.models import Event, Link

BLANK = dict.fromkeys(
    ("contact_ref", "visitor", "flow", "channel", "campaign", "post", "influencer", "url", "referrer", "agent", "currency",
     "order_ref"),
    "",
)  # fmt: skip


def _insert(organization: int, name: str, source: str, by: str, **given: object) -> str:
    now, key = utcnow(), uuid.uuid4()
    Event.objects.create(
        organization_id=organization, key=key, event_id=str(key), name=name, source=source, by=by, occurred_at=now,
        received_at=now, verified=True, **{**BLANK, **given},
    )  # fmt: skip
    return str(key)


def post_event(request: HttpRequest, organization: int) -> HttpResponse:
    """Store an event."""
    given = json.loads(request.body)
    event_id = _insert(organization, given["event"], "server", "server", data=given.get("metadata", {}))
    return JsonResponse({"eventId": event_id, "status": "accepted"}, status=202)


def follow(request: HttpRequest, code: str) -> HttpResponse:
    """Store a click and lead on."""
    link = Link.objects.get(code=code)
    click = _insert(link.organization_id, "click", "link", "person", link_id=link.pk, url=link.url)
    return HttpResponseRedirect(f"{link.url}?c33={click}")


urlpatterns = [path("<int:organization>/events", post_event), path("l/<str:code>", follow)]
