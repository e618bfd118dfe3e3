"""Reads for the pages of results beside ``tracking.results.figures``, from rollups alone."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from heapq import nsmallest
from typing import NamedTuple

from django.db.models import Count as Counted
from django.db.models import Max, Q, Sum

from chat33.orgs.models import Organization
from tracking.models import Axis, CreditRollup, Link, Model, Rollup, StoreAggregate
from tracking.results.figures import labels_of, rank
from tracking.results.period import Period
from tracking.results.sheets import sheet

STORED = 200  # rows of store aggregates


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
    """The first ``most`` things of ``by_axis``, without the words for all others."""
    found = sheet(organization, period, axis=axis, model=model, currency=currency)
    found.pop("", None)
    first = nsmallest(most, found.items(), key=lambda item: rank(*item))
    labels = labels_of(organization, axis, [ref for ref, _ in first])
    return [Leader(ref, labels.get(ref, ref), one.clicks, one.conversions, one.total) for ref, one in first]


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
