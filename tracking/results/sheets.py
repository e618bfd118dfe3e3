"""What each thing of an axis was clicked and earned in a period: all days but the last as kept, the last as it is now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec
from django.db import connection

from chat33.orgs.models import Organization
from tracking.models import Axis, Model
from tracking.results.keeping import kept
from tracking.results.period import Period

ZERO = Decimal(0)

_CREDITED = """
SELECT ref, trim_scale(sum(share))::text,
    trim_scale(coalesce(sum(share) FILTER (WHERE certainty = 'certain'), 0))::text,
    trim_scale(coalesce(sum(share) FILTER (WHERE certainty = 'probable'), 0))::text,
    trim_scale(coalesce(sum(verified) FILTER (WHERE currency = %(currency)s), 0))::text,
    trim_scale(coalesce(sum(unverified) FILTER (WHERE currency = %(currency)s), 0))::text
FROM tracking_creditrollup
WHERE organization_id = %(of)s AND model = %(model)s AND axis = %(axis)s AND day BETWEEN %(first)s AND %(last)s
GROUP BY ref
"""
_CLICKED = """
SELECT ref, sum(events)::bigint FROM tracking_rollup
WHERE organization_id = %(of)s AND axis = %(axis)s AND name = 'click' AND by = 'person'
    AND day BETWEEN %(first)s AND %(last)s
GROUP BY ref
"""


@dataclass(slots=True)
class Sums:
    """Of a thing: shares of conversions in any currency, money in one, clicks by people."""

    conversions: Decimal = ZERO
    certain: Decimal = ZERO
    probable: Decimal = ZERO
    verified: Decimal = ZERO
    unverified: Decimal = ZERO
    clicks: int = 0

    @property
    def total(self) -> Decimal:
        """Its money."""
        return self.verified + self.unverified

    def add(self, other: "Sums") -> None:
        """What it was of other days."""
        self.conversions += other.conversions
        self.certain += other.certain
        self.probable += other.probable
        self.verified += other.verified
        self.unverified += other.unverified
        self.clicks += other.clicks


def sheet(organization: Organization, period: Period, *, axis: Axis, model: Model, currency: str) -> dict[str, Sums]:
    """All things that were clicked or earned something, by their references; blank is what no touch earned. With a blank
    currency, no money.
    """
    sums = _credited(organization, period, axis=axis, model=model, currency=currency)
    for ref, clicks in _clicked(organization, period, axis=axis).items():
        sums.setdefault(ref, Sums()).clicks = clicks
    return sums


def _credited(
    organization: Organization, period: Period, *, axis: Axis, model: Model, currency: str
) -> dict[str, Sums]:
    """The same of all that earned something, without its clicks."""
    of = {"of": organization.pk, "axis": int(axis), "model": str(model), "currency": currency}
    sums: dict[str, Sums] = {}
    figure = f"credits {int(axis)} {model} {currency}"
    for ref, *decimals in _rows(organization, period, _CREDITED, of, figure=figure, has_credits=True):
        shares, certain, probable, verified, unverified = map(Decimal, decimals)
        sums.setdefault(ref, Sums()).add(Sums(shares, certain, probable, verified, unverified))
    return sums


def _clicked(organization: Organization, period: Period, *, axis: Axis) -> dict[str, int]:
    """Clicks by people, of all things that were clicked."""
    clicks: dict[str, int] = {}
    of = {"of": organization.pk, "axis": int(axis)}
    for ref, number in _rows(organization, period, _CLICKED, of, figure=f"clicks {int(axis)}", has_credits=False):
        clicks[ref] = clicks.get(ref, 0) + number
    return clicks


def _rows(
    organization: Organization, period: Period, query: str, of: Mapping[str, Any], *, figure: str, has_credits: bool
) -> list[Any]:
    """Of the last day as they are, and of those before as they are kept."""

    def read(days: Period) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(query, {**of, "first": days.first, "last": days.last})
            return list(cursor.fetchall())

    rows = read(period.latest())
    if earlier := period.earlier():
        make = partial(_packed, read)
        rows += msgspec.json.decode(kept(organization, earlier, figure=figure, make=make, has_credits=has_credits))
    return rows


def _packed(read: Callable[[Period], list[Any]], period: Period) -> bytes:
    return msgspec.json.encode(read(period))
