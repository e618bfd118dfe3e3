"""Events as the edge stores them, by its own statement, for who reads what came of them."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection
from django.db.models import F

from chat33.lib.clock import utcnow
from chat33.orgs.models import Organization
from tracking.edge.events import STORE
from tracking.edge.lookups import make_owner
from tracking.edge.rows import row
from tracking.events.intake import key_of
from tracking.events.partitions import Month, ensure_month
from tracking.models import Axis, CreditRollup, Event, Ledger

DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "pixel": {"by": "person", "verified": False},
    "server": {"by": "server", "verified": True},
    "link": {"by": "person", "verified": False},
    "mmp": {"by": "server", "verified": True},
}


def store(organization: Organization, name: str = "page_view", *, ago: timedelta = timedelta(), **given: Any) -> Event:
    """One event that came in so long ago; as it is stored."""
    return store_many(organization, [{"name": name, "ago": ago, **given}])[0]


def store_many(organization: Organization, events: list[dict[str, Any]]) -> list[Event]:
    """Some in one batch, by default from the pixel; ``times`` sends one again."""
    now = utcnow()
    owner = make_owner(organization.pk, organization.timezone, organization.currency)
    incoming: list[dict[str, Any]] = []
    for given in events:
        one = dict(given)
        at: datetime = now - one.pop("ago", timedelta())
        source, times = one.pop("source", "pixel"), one.pop("times", 1)
        event_id = one.pop("event_id", uuid4().hex)
        made = row(
            owner=owner, now=at, event_id=event_id, source=source, **{"name": "page_view", **DEFAULTS[source], **one}
        )
        ensure_month(Month.of(at))
        incoming += [{**made, "n": len(incoming) + number} for number in range(times)]
    with connection.cursor() as cursor:
        cursor.execute(STORE.decode(), [msgspec.json.encode(incoming).decode()])
    keys = [key_of(one["event_id"]) for one in incoming]
    found = {event.key: event for event in Event.objects.filter(organization=organization, key__in=keys)}
    return [found[key] for key in dict.fromkeys(keys)]


def reject(organization: Organization, number: int, *, source: str = "server") -> None:
    """So many were refused today."""
    day = utcnow().astimezone(ZoneInfo(organization.timezone)).date()
    Ledger.objects.get_or_create(organization=organization, day=day, source=source)
    Ledger.objects.filter(organization=organization, day=day, source=source).update(
        received=F("received") + number, rejected=F("rejected") + number
    )


def credit(
    organization: Organization, axis: Axis, ref: str, *, money: str = "0", unverified: str = "0", currency: str = "",
    share: str = "1", certainty: str = "certain", model: str = "last", name: str = "purchase", days_ago: int = 0,
) -> None:  # fmt: skip
    """What something earned, as attribution keeps it."""
    day = utcnow().astimezone(ZoneInfo(organization.timezone)).date() - timedelta(days=days_ago)
    CreditRollup.objects.create(
        organization=organization, model=model, axis=axis, ref=ref, name=name, certainty=certainty, currency=currency,
        day=day, share=Decimal(share), verified=Decimal(money), unverified=Decimal(unverified),
    )  # fmt: skip


def said(html: str) -> str:
    """The words of a piece of a page, a blank between any two."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html)))
