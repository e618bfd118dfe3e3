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

from django.db import connection
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Lower

from chat33.orgs.models import Organization
from integrations.models import Channel
from tracking.models import Axis, CreditRollup, Ledger, Link, Model, Rollup

PEOPLE = ("person", "server")  # whose events count
DERIVED = ("click.confirmed",)  # rows that tell of an event that has one already
UNATTRIBUTED = "Not attributed"
ZERO = Decimal(0)
SAMPLES, SMALLEST_SAMPLE, LARGEST_SAMPLE = 40_000, 128, 1_024  # visitors looked at: of a period, and of each day

_VISITORS = """
WITH sample AS MATERIALIZED (
    SELECT one.day, one.hash
    FROM generate_series(%s::date, %s::date, interval '1 day') AS each(day) CROSS JOIN LATERAL (
        SELECT day, hashtextextended(visitor, 0) AS hash FROM tracking_visitor
        WHERE organization_id = %s AND day = each.day::date ORDER BY hashtextextended(visitor, 0) LIMIT %s
    ) AS one
), bound AS (
    SELECT min(largest) AS hash FROM (
        SELECT max(hash) AS largest FROM sample GROUP BY day HAVING count(*) > %s
    ) AS full_days
)
SELECT count(DISTINCT sample.hash), min(bound.hash) FROM bound LEFT JOIN sample
    ON bound.hash IS NULL OR sample.hash < bound.hash
"""


class Period(NamedTuple):
    """Days, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.last - self.first).days + 1

    def before(self) -> "Period":
        """As many days just before."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))


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


class Count(NamedTuple):
    """How many, and whether it is exact."""

    number: int
    exact: bool


def visitors(organization: Organization, period: Period) -> Count:
    """How many different visitors there were: exact as long as no day has more than a thousand or so (fewer in a period of
    many days), else estimated from the smallest hashes of each day, within a few percent.

    A visitor of several days has one hash, so the hashes below a bound that every day's sample reaches are a fair share of
    all (a theta sketch: Dasgupta, Lang, Rhodes and Thaler, "A Framework for Estimating Stream Expression Cardinalities",
    2016), read from an index.
    """
    most = max(SMALLEST_SAMPLE, min(LARGEST_SAMPLE, SAMPLES // period.days))
    with connection.cursor() as cursor:
        cursor.execute(_VISITORS, [period.first, period.last, organization.pk, most + 1, most])
        number, bound = cursor.fetchone() or (0, None)
    if bound is None:
        return Count(number, exact=True)
    return Count(round(number * 2**64 / (bound + 2**63)), exact=False)


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
    clicks = clicks_by(organization, period, axis)
    earned: dict[tuple[str, str], _Earned] = {}
    rows = (
        CreditRollup.objects.filter(organization=organization, model=model, axis=axis, day__range=period)
        .values_list("ref", "certainty", "currency")
        .annotate(Sum("share"), Sum("verified"), Sum("unverified"))
        .order_by()
    )
    for ref, certainty, of, share, verified, unverified in rows:
        one = earned.setdefault((ref, of if currency is None else currency), _Earned())
        one.shares[certainty] = one.shares.get(certainty, ZERO) + share
        if currency in (None, of):
            one.verified += verified
            one.unverified += unverified
    seen = {ref for ref, _ in earned}
    for ref in clicks.keys() - seen:
        earned[ref, currency or ""] = _Earned()
    money: dict[str, Decimal] = {}
    conversions: dict[str, Decimal] = {}
    for (_, of), one in earned.items():
        money[of] = money.get(of, ZERO) + one.money
        conversions[of] = conversions.get(of, ZERO) + one.conversions
    ranked = sorted(
        earned.items(), key=lambda item: (-item[1].money, -item[1].conversions, -clicks.get(item[0][0], 0), item[0][0])
    )
    labels = labels_of(organization, axis, {ref for (ref, _), _ in ranked if ref})
    return [
        Row(
            ref=ref,
            label=labels.get(ref, ref) if ref else UNATTRIBUTED,
            clicks=clicks.get(ref, 0),
            conversions=one.conversions,
            share=_part(one.money, money[of]) if money[of] else _part(one.conversions, conversions[of]),
            verified=one.verified,
            unverified=one.unverified,
            currency=of,
            certain=one.shares.get("certain", ZERO),
            probable=one.shares.get("probable", ZERO),
        )
        for (ref, of), one in ranked
    ]


def clicks_by(
    organization: Organization, period: Period, axis: Axis, of: Collection[str] | None = None
) -> Mapping[str, int]:
    """Clicks by people, by each thing of an axis, or of these alone."""
    rows = Rollup.objects.filter(organization=organization, axis=axis, name="click", by="person", day__range=period)
    if of is not None:
        rows = rows.filter(ref__in=of)
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


@dataclass
class _Earned:
    verified: Decimal = ZERO
    unverified: Decimal = ZERO

    def __post_init__(self) -> None:
        self.shares: dict[str, Decimal] = {}

    @property
    def money(self) -> Decimal:
        return self.verified + self.unverified

    @property
    def conversions(self) -> Decimal:
        return sum(self.shares.values(), ZERO)


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
