"""Reads for the pages of results beside ``tracking.results.figures``, from rollups alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Count as Counted
from django.db.models import F, Max, Q, Sum
from django.db.models.functions import Coalesce

from chat33.orgs.models import Organization
from tracking.models import Axis, CreditRollup, Link, Model, Rollup, StoreAggregate
from tracking.results.figures import ZERO, Count, Period, clicks_by, labels_of

SAMPLE = 400  # visitors of a day that are looked at for a chart
STORED = 200  # rows of store aggregates

_BY_DAY = """
SELECT one.day, count(*), max(one.hash)
FROM generate_series(%s::date, %s::date, interval '1 day') AS each(day) CROSS JOIN LATERAL (
    SELECT day, hashtextextended(visitor, 0) AS hash FROM tracking_visitor
    WHERE organization_id = %s AND day = each.day::date ORDER BY hashtextextended(visitor, 0) LIMIT %s
) AS one
GROUP BY one.day
"""


class Earned(NamedTuple):
    """What was credited in a currency, to something or not."""

    currency: str
    verified: Decimal
    unverified: Decimal

    @property
    def total(self) -> Decimal:
        """Both."""
        return self.verified + self.unverified


class Leader(NamedTuple):
    """What earned more than others: ``conversions`` in any currency, ``total`` in one."""

    ref: str
    label: str
    clicks: int
    conversions: Decimal
    total: Decimal


@dataclass(frozen=True)
class Stored:
    """Installs that a store told of without saying whose."""

    framework: str
    network: str
    campaign: str
    app: str
    installs: int
    won: int
    latest: date


def visitors_by_day(organization: Organization, period: Period) -> list[tuple[date, Count]]:
    """Each day's visitors, in order: exact up to ``SAMPLE``, else estimated from the day's smallest hashes within five
    percent or so, as ``tracking.results.figures.visitors`` does for a whole period.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BY_DAY, [period.first, period.last, organization.pk, SAMPLE + 1])
        found = {day: _count(number, largest) for day, number, largest in cursor.fetchall()}
    return [(day, found.get(day, Count(0, exact=True))) for day in days_of(period)]


def _count(number: int, largest: int) -> Count:
    if number <= SAMPLE:
        return Count(number, exact=True)
    return Count(round((number - 1) * 2**64 / (largest + 2**63)), exact=False)


def days_of(period: Period) -> Sequence[date]:
    """Its days, in order."""
    return [period.first + timedelta(days=number) for number in range(period.days)]


def earned(organization: Organization, period: Period, *, model: Model) -> list[Earned]:
    """All that conversions were worth, the largest first."""
    rows = (
        CreditRollup.objects.filter(organization=organization, model=model, axis=Axis.TOTAL, day__range=period)
        .exclude(currency="")
        .values_list("currency")
        .annotate(Sum("verified"), Sum("unverified"))
        .order_by()
    )
    return sorted((Earned(*row) for row in rows), key=lambda one: (-one.total, one.currency))


def leaders(
    organization: Organization, period: Period, *, axis: Axis, model: Model, currency: str, most: int
) -> list[Leader]:
    """The first ``most`` things of ``by_axis``, found without counting what the others were clicked."""
    credited = CreditRollup.objects.filter(organization=organization, model=model, axis=axis, day__range=period)
    rows = (
        credited.exclude(ref="")
        .values("ref")
        .annotate(
            money=Coalesce(Sum(F("verified") + F("unverified"), filter=Q(currency=currency)), ZERO),
            conversions=Sum("share"),
        )
        .order_by("-money", "-conversions", "ref")
    )
    first = {row["ref"]: (row["money"], row["conversions"]) for row in rows[:most]}
    clicks = clicks_by(organization, period, axis, of=first if len(first) == most else None)
    ranked = sorted(
        ((ref, *first.get(ref, (ZERO, ZERO)), clicks.get(ref, 0)) for ref in {*first, *clicks} if ref),
        key=lambda one: (-one[1], -one[2], -one[3], one[0]),
    )[:most]
    labels = labels_of(organization, axis, [ref for ref, *_ in ranked])
    return [Leader(ref, labels.get(ref, ref), number, shares, total) for ref, total, shares, number in ranked]


def has_events(organization: Organization) -> bool:
    """Whether anything ever came in."""
    return Rollup.objects.filter(organization=organization, axis=Axis.TOTAL, ref="").exists()


def links_by_number(organization: Organization, refs: Collection[str]) -> Mapping[str, Link]:
    """Links by their numbers, as rollups call them."""
    numbers = [int(ref) for ref in refs if ref.isdecimal() and len(ref) < 19]
    return {str(link.pk): link for link in Link.objects.filter(organization=organization, pk__in=numbers)}


def store_aggregates(organization: Organization, period: Period) -> list[Stored]:
    """What stores told of campaigns, the most installs first."""
    rows = (
        StoreAggregate.objects.filter(organization=organization, day__range=period)
        .values_list("framework", "network", "campaign", "app")
        .annotate(installs=Counted("pk"), winners=Counted("pk", filter=Q(won=True)), latest=Max("day"))
        .order_by("-installs", "network", "campaign")
    )
    return [Stored(*row) for row in rows[:STORED]]
