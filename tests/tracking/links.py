"""Links and what came of them, as rows."""

from datetime import date
from typing import Any

from django.db import connection

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from tracking.events.partitions import ensure_months
from tracking.links.drafts import Draft
from tracking.links.services import create_link
from tracking.models import Axis, Event, Link, Rollup


def make_link(organization: Organization, **given: Any) -> Link:
    """A tracked link; anything of a draft may be given, and ``clicks``."""
    clicks = given.pop("clicks", 0)
    draft = Draft(**{"url": "https://shop.example/", **given})
    link = create_link(organization=organization, draft=draft, by="key_of_nobody", now=utcnow())
    if clicks:
        link.clicks = clicks
        link.save(update_fields=["clicks"])
    return link


def count_clicks(link: Link, day: date, number: int, *, name: str = "click", by: str = "person") -> None:
    """So many clicks in the day's rollup, as the edge counts them."""
    Rollup.objects.create(
        organization=link.organization, axis=Axis.LINK, ref=str(link.pk), name=name, by=by, currency="", day=day,
        events=number, verified=0, unverified=0,
    )  # fmt: skip


def add_click(link: Link, *, by: str = "person", referrer: str = "", agent: str = "ios") -> Event:
    """A click as an event."""
    now = utcnow()
    with connection.cursor() as cursor:
        cursor.execute("SELECT gen_random_uuid()")
        (key,) = cursor.fetchone() or ("",)
    ensure_months(now=now, ahead=0)
    return Event.objects.create(
        organization=link.organization, key=key, event_id=str(key), name="click", source="link", by=by, occurred_at=now,
        received_at=now, contact_ref="", visitor="", link=link, flow="", channel="", campaign="", post="", influencer="",
        url=link.url, referrer=referrer, agent=agent, currency="", order_ref="", verified=True,
    )  # fmt: skip
