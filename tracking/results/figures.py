"""What came back, in figures, from rollups alone: what they cost follows the days of the period, not the number of events.
Days are the organization's. Bots, previews and prefetches are left out; money is told per currency, and of an order that was
told twice once.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Lower

from chat33.orgs.models import Organization
from integrations.models import Channel
from tracking.models import Axis, CreditRollup, Ledger, Link, Model, Rollup
from tracking.results.period import Period
from tracking.results.sheets import ZERO, Sums, sheet
from tracking.results.visitors import visitors

PEOPLE = ("person", "server")  # whose events count
DERIVED = ("click.confirmed",)  # rows that tell of an event that has one already
UNATTRIBUTED = "Not attributed"


class Revenue(NamedTuple):
    """Money of one currency: what a server or an MMP said, and what only a browser did."""

    currency: str
    verified: Decimal
    unverified: Decimal

    @property
    def total(self) -> Decimal:
        """Both."""
        return self.verified + self.unverified


@dataclass(frozen=True)
class Headline:
    """A period in a few figures."""

    visitors: int
    clicks: int
    signups: int
    purchases: int
    events: int
    revenue: Sequence[Revenue]  # the largest first
    visitors_exact: bool = True  # else it is an estimate, to be told as one


class Day(NamedTuple):
    """A day of one sort of event."""

    day: date
    events: int
    revenue: Sequence[Revenue]


@dataclass(frozen=True)
class Row:
    """What something earned. ``conversions`` are shares of conversions, so that they add up to whole ones over all rows:
    ``certain`` and ``probable`` are parts of them. ``share`` is its part of all money of the currency, from 0 to 1; of all
    conversions where there is no money.
    """

    ref: str  # blank: what no touch with such a thing earned
    label: str
    clicks: int
    conversions: Decimal
    share: Decimal
    verified: Decimal
    unverified: Decimal
    currency: str
    certain: Decimal
    probable: Decimal

    @property
    def total(self) -> Decimal:
        """Its money."""
        return self.verified + self.unverified


@dataclass(frozen=True)
class Step:
    """A step of the funnel."""

    name: str
    count: int


class LedgerLine(NamedTuple):
    """What came to a door."""

    source: str
    received: int
    stored: int
    duplicates: int
    rejected: int

    @property
    def adds_up(self) -> bool:
        """Whether nothing was lost between the door and the rows."""
        return self.received == self.stored + self.duplicates + self.rejected


Labeller = Callable[[Organization, Collection[str]], Mapping[str, str]]


def link_labels(organization: Organization, refs: Collection[str]) -> Mapping[str, str]:
    """Titles of links, by their numbers."""
    numbers = [int(ref) for ref in refs if ref.isdecimal() and len(ref) < 19]
    rows = Link.objects.filter(organization=organization, pk__in=numbers).values_list("pk", "title", "code")
    return {str(pk): title or code for pk, title, code in rows}


def channel_labels(organization: Organization, refs: Collection[str]) -> Mapping[str, str]:
    """Names of accounts, by their ids."""
    rows = Channel.objects.filter(organization=organization, public_id__in=refs).values_list("public_id", "name")
    return dict(rows)


LABELLERS: dict[Axis, Labeller] = {Axis.LINK: link_labels, Axis.CHANNEL: channel_labels}
"""Who knows what things are called; the rooms above add what they know. What nobody knows is called by its reference."""


def headline(organization: Organization, period: Period) -> Headline:
    """The period in a few figures."""
    rows = (
        _events(organization, period)
        .annotate(folded=Lower("name"))
        .values_list("folded", "by", "currency")
        .annotate(Sum("events"), Sum("verified"), Sum("unverified"))
        .order_by()
    )
    counts: dict[str, int] = {}
    clicks, money = 0, _Money()
    seen = visitors(organization, period)
    for name, by, currency, events, verified, unverified in rows:
        counts[name] = counts.get(name, 0) + events
        clicks += events if name == "click" and by == "person" else 0
        money.add(currency, verified, unverified)
    return Headline(
        visitors=seen.number,
        visitors_exact=seen.exact,
        clicks=clicks,
        signups=counts.get("signup", 0),
        purchases=counts.get("purchase", 0),
        events=sum(counts.values()),
        revenue=money.told(),
    )


def daily(
    organization: Organization, period: Period, *, name: str, axis: Axis = Axis.TOTAL, ref: str = ""
) -> list[Day]:
    """Each day of the period in order; ``name`` is an event's, blank for all of them."""
    rows = _events(organization, period, axis=axis, ref=ref)
    if name in DERIVED:
        rows = Rollup.objects.filter(organization=organization, axis=axis, ref=ref, day__range=period, name=name)
    elif name:
        rows = rows.filter(name__iexact=name)
    sums = rows.values_list("day", "currency").annotate(Sum("events"), Sum("verified"), Sum("unverified")).order_by()
    counts: dict[date, int] = {}
    money: dict[date, _Money] = {}
    for day, currency, events, verified, unverified in sums:
        counts[day] = counts.get(day, 0) + events
        money.setdefault(day, _Money()).add(currency, verified, unverified)
    days = (period.first + timedelta(days=number) for number in range(period.days))
    return [Day(day, counts.get(day, 0), money[day].told() if day in money else ()) for day in days]


def by_axis(
    organization: Organization,
    period: Period,
    *,
    axis: Axis,
    model: Model,
    currency: str | None = None,
) -> list[Row]:
    """What each thing of an axis earned by a model, the most money first, then the most conversions.

    With a currency, a row a thing: its money in that currency, its conversions in any. Without, a row a thing and currency,
    with the conversions in that currency alone (blank: those without money). Things that were only clicked are there too.
    """
    if currency is None:
        earned = _by_currency(organization, period, axis=axis, model=model)
    else:
        found = sheet(organization, period, axis=axis, model=model, currency=currency)
        earned = {(ref, currency): one for ref, one in found.items()}
    money: dict[str, Decimal] = {}
    conversions: dict[str, Decimal] = {}
    for (_, of), one in earned.items():
        money[of] = money.get(of, ZERO) + one.total
        conversions[of] = conversions.get(of, ZERO) + one.conversions
    ranked = sorted(earned.items(), key=lambda item: rank(item[0][0], item[1]))
    labels = labels_of(organization, axis, {ref for (ref, _), _ in ranked if ref})
    return [
        Row(
            ref=ref,
            label=labels.get(ref, ref) if ref else UNATTRIBUTED,
            clicks=one.clicks,
            conversions=one.conversions,
            share=_part(one.total, money[of]) if money[of] else _part(one.conversions, conversions[of]),
            verified=one.verified,
            unverified=one.unverified,
            currency=of,
            certain=one.certain,
            probable=one.probable,
        )
        for (ref, of), one in ranked
    ]


def rank(ref: str, one: Sums) -> tuple[Decimal, Decimal, int, str]:
    """The key by which what earned the most comes first."""
    return (-one.total, -one.conversions, -one.clicks, ref)


def _by_currency(
    organization: Organization, period: Period, *, axis: Axis, model: Model
) -> dict[tuple[str, str], Sums]:
    """By thing and currency. All its clicks are in each row of a thing."""
    clicks = clicks_by(organization, period, axis)
    rows = (
        CreditRollup.objects.filter(organization=organization, model=model, axis=axis, day__range=period)
        .values_list("ref", "certainty", "currency")
        .annotate(Sum("share"), Sum("verified"), Sum("unverified"))
        .order_by()
    )
    found: dict[tuple[str, str], Sums] = {}
    for ref, certainty, of, share, verified, unverified in rows:
        certain, probable = (share if certainty == one else ZERO for one in ("certain", "probable"))
        more = Sums(share, certain, probable, verified, unverified)
        found.setdefault((ref, of), Sums(clicks=clicks.get(ref, 0))).add(more)
    for ref in clicks.keys() - {ref for ref, _ in found}:
        found[ref, ""] = Sums(clicks=clicks[ref])
    return found


def clicks_by(organization: Organization, period: Period, axis: Axis) -> Mapping[str, int]:
    """Clicks by people, by each thing of an axis."""
    rows = Rollup.objects.filter(organization=organization, axis=axis, name="click", by="person", day__range=period)
    return dict(rows.values_list("ref").annotate(Sum("events")).order_by())


def labels_of(organization: Organization, axis: Axis, refs: Collection[str]) -> Mapping[str, str]:
    """What things of an axis are called, as far as somebody knows."""
    labeller = LABELLERS.get(axis)
    return labeller(organization, refs) if labeller and refs else {}


def funnel(organization: Organization, period: Period) -> list[Step]:
    """From links that were made for people or flows (what messages carry) to what was paid for. The last two are counted in
    conversions, credited to something or not.
    """
    rows = Rollup.objects.filter(organization=organization, axis=Axis.TOTAL, ref="", day__range=period, by="person")
    counts = dict(
        rows.filter(name__in=("click", "click.confirmed")).values_list("name").annotate(Sum("events")).order_by()
    )
    sums = CreditRollup.objects.filter(
        organization=organization, model=Model.LAST, axis=Axis.TOTAL, day__range=period
    ).aggregate(all=Sum("share"), paid=Sum("share", filter=Q(verified__gt=0) | Q(unverified__gt=0)))
    return [
        Step("Links sent", links_sent(organization, period)),
        Step("Clicks", counts.get("click", 0)),
        Step("Arrivals", counts.get("click.confirmed", 0)),
        Step("Conversions", int(sums["all"] or 0)),
        Step("With revenue", int(sums["paid"] or 0)),
    ]


def links_sent(organization: Organization, period: Period) -> int:
    """Links that were made for a contact or a flow in the period."""
    start, end = moments(organization, period)
    made = Link.objects.filter(organization=organization, created_at__gte=start, created_at__lt=end)
    return made.filter(Q(contact__isnull=False) | ~Q(flow="")).count()


def ledger(organization: Organization, period: Period) -> list[LedgerLine]:
    """What came to each door in the period."""
    sums = (
        Ledger.objects.filter(organization=organization, day__range=period)
        .values_list("source")
        .annotate(Sum("received"), Sum("stored"), Sum("duplicates"), Sum("rejected"))
        .order_by("source")
    )
    return [LedgerLine(*row) for row in sums]


def moments(organization: Organization, period: Period) -> tuple[datetime, datetime]:
    """When the period begins, and when it is over, where the organization is."""
    zone = ZoneInfo(organization.timezone)
    return (
        datetime.combine(period.first, time(), zone),
        datetime.combine(period.last + timedelta(days=1), time(), zone),
    )


class _Money:
    """Sums by currency."""

    def __init__(self) -> None:
        self._sums: dict[str, tuple[Decimal, Decimal]] = {}

    def add(self, currency: str, verified: Decimal, unverified: Decimal) -> None:
        if verified or unverified:
            before = self._sums.get(currency, (ZERO, ZERO))
            self._sums[currency] = (before[0] + verified, before[1] + unverified)

    def told(self) -> tuple[Revenue, ...]:
        found = (Revenue(currency, *sums) for currency, sums in self._sums.items())
        return tuple(sorted(found, key=lambda one: (-one.total, one.currency)))


def _events(organization: Organization, period: Period, *, axis: Axis = Axis.TOTAL, ref: str = "") -> QuerySet[Rollup]:
    rows = Rollup.objects.filter(organization=organization, axis=axis, ref=ref, day__range=period, by__in=PEOPLE)
    return rows.exclude(name__in=DERIVED)


def _part(of: Decimal, all_of_it: Decimal) -> Decimal:
    return of / all_of_it if all_of_it else ZERO
