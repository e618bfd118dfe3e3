"""What came of one contact, one link or one post, in a few numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet, Sum

from chat33.orgs.models import Organization
from contacts.models import Contact
from tracking.models import Axis, CreditRollup, Event, Model, Rollup, Touch
from tracking.results.exploring import shortly
from tracking.results.figures import Revenue
from tracking.results.period import Period
from tracking.results.sheets import ZERO

LOOKED_AT = 5_000  # events of a contact, the newest
WORTH = {"purchase"}


@dataclass(frozen=True)
class Story:
    """A contact in numbers. ``is_all`` says whether every event was looked at."""

    events: int
    clicks: int
    purchases: int
    revenue: Sequence[Revenue]
    first: Touch | None
    last: Touch | None
    is_all: bool


@dataclass(frozen=True)
class Outcome:
    """What a link or a post brought by the last touch: clicks by people, shares of conversions, money by currency."""

    clicks: int
    conversions: Decimal
    revenue: Sequence[Revenue]


def story_of(contact: Contact) -> Story:
    """The contact's numbers. An order that was told twice is one; what a server said of it counts. Raises ``TooSlow``."""
    rows = Event.objects.filter(
        organization=contact.organization_id, contact_ref=contact.public_id, by__in=("person", "server")
    ).order_by("-received_at", "-id")
    with shortly():
        events = list(rows[: LOOKED_AT + 1])
    is_all, events = len(events) <= LOOKED_AT, events[:LOOKED_AT]
    touches = Touch.objects.filter(organization=contact.organization_id, contact=contact).select_related("link")
    return Story(
        events=len(events),
        clicks=sum(event.name == "click" for event in events),
        purchases=len({event.order_ref or event.event_id for event in events if event.name.lower() in WORTH}),
        revenue=_revenue(events),
        first=touches.order_by("at", "id").first(),
        last=touches.order_by("at", "id").last(),
        is_all=is_all,
    )


def outcome_of(organization: Organization, *, axis: Axis, ref: str, period: Period | None = None) -> Outcome:
    """What a thing of an axis brought, in a period or ever."""
    clicked = Rollup.objects.filter(organization=organization, axis=axis, ref=ref, name="click", by="person")
    credited = CreditRollup.objects.filter(organization=organization, model=Model.LAST, axis=axis, ref=ref)
    if period is not None:
        clicked, credited = clicked.filter(day__range=period), credited.filter(day__range=period)
    return Outcome(
        clicks=clicked.aggregate(number=Sum("events"))["number"] or 0,
        conversions=credited.aggregate(number=Sum("share"))["number"] or ZERO,
        revenue=_credited(credited),
    )


def _credited(rows: QuerySet[CreditRollup]) -> list[Revenue]:
    sums = rows.exclude(currency="").values_list("currency").annotate(Sum("verified"), Sum("unverified")).order_by()
    return sorted((Revenue(*row) for row in sums), key=lambda one: (-one.total, one.currency))


def _revenue(events: Sequence[Event]) -> list[Revenue]:
    told: dict[tuple[str, str], Event] = {}
    for event in sorted(events, key=lambda event: event.verified):  # what a server said comes last, and stays
        if event.value is not None:
            told[event.order_ref or event.event_id, event.currency] = event
    sums: dict[str, list[Decimal]] = {}
    for (_, currency), event in told.items():
        sums.setdefault(currency, [ZERO, ZERO])[not event.verified] += event.value or ZERO
    return sorted((Revenue(currency, *both) for currency, both in sums.items()), key=lambda one: -one.total)
