"""Reads of what MMPs sent: the messages, and what stores reported by campaign."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import Count, Max, Q, QuerySet

from chat33.orgs.models import Organization
from tracking.mmp.base import Unreadable, fields_of
from tracking.models import Postback, PostbackStatus, StoreAggregate
from tracking.postbacks.verdicts import title_of

SEARCHED = 100  # characters of a search
CAMPAIGNS = 200  # of stores' reports that are shown
_SECRET = re.compile(r"(\"?\bsecret\"?\s*[=:]\s*\"?)[^&\"\s,}]+", re.I)


@dataclass(frozen=True, kw_only=True)
class Warned:
    """A macro that came as it is written in the MMP's dashboard."""

    field: str
    macro: str
    words: str


def postbacks_for(organization: Organization) -> QuerySet[Postback]:
    """The organization's messages, newest first."""
    return Postback.objects.filter(organization=organization).order_by("-id")


def postbacks_like(organization: Organization, *, mmp: str, status: str, search: str) -> QuerySet[Postback]:
    """Those of an MMP and a status, that a search leads to: a contact's id, an event's name, a message's id; what is empty
    does not matter.
    """
    rows = postbacks_for(organization).select_related("contact")
    if mmp:
        rows = rows.filter(mmp=mmp)
    if status:
        rows = rows.filter(status=status)
    text = search[:SEARCHED].strip()
    return rows.filter(Q(contact_ref=text) | Q(event_name__iexact=text) | Q(public_id=text)) if text else rows


def waiting_in(organization: Organization) -> bool:
    """Whether any message is unmatched or could not be read."""
    rows = Postback.objects.filter(organization=organization)
    return rows.filter(status__in=[PostbackStatus.UNMATCHED, PostbackStatus.UNREADABLE]).exists()


def warnings_of(postback: Postback) -> list[Warned]:
    """What the MMP's dashboard should be looked at for."""
    try:
        left = fields_of(postback.query, postback.body, postback.content_type).unreplaced
    except Unreadable:
        return []
    title = title_of(postback.mmp) if postback.mmp else "The MMP"
    return [Warned(field=name, macro=macro, words=f"{title} did not replace it.") for name, macro in left.items()]


def query_of(postback: Postback) -> list[tuple[str, str]]:
    """The parameters of its address, without a secret."""
    try:
        found = parse_qsl(postback.query, keep_blank_values=True, max_num_fields=1_000)
    except ValueError:
        return [("", masked(postback.query))]
    return [(name, "…" if name.lower() == "secret" else value) for name, value in found]


def masked(text: str) -> str:
    """A body without a secret."""
    return _SECRET.sub(r"\1…", text)


def reports_by_campaign(organization: Organization, *, since: date) -> Sequence[Mapping[str, Any]]:
    """What stores reported since a day, by campaign: ``installs`` that were credited, ``valued`` those of them
    that came with a conversion value, ``others`` that were not credited, the ``latest`` day. The most installs first.
    """
    rows = StoreAggregate.objects.filter(organization=organization, day__gte=since)
    by = rows.order_by().values("campaign", "network", "app", "framework")
    figures = by.annotate(
        installs=Count("pk", filter=Q(won=True)),
        others=Count("pk", filter=Q(won=False)),
        valued=Count("pk", filter=Q(won=True) & ~Q(conversion="")),
        latest=Max("day"),
    )
    return list(figures.order_by("-installs", "campaign", "network", "app", "framework")[:CAMPAIGNS])


def day_before(now: datetime, days: int) -> date:
    """The first of so many days that end today."""
    return (now - timedelta(days=days - 1)).date()
