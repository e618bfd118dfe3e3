"""What each thing of an axis was clicked and earned in a period: all days but the last as kept, the last as it is now."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from django.db import connection

from chat33.orgs.models import Organization
from tracking.models import Axis, Model
from tracking.results.keeping import kept
from tracking.results.period import Period

_SHEET = """
SELECT ref, coalesce(clicks, 0), trim_scale(coalesce(conversions, 0))::text, trim_scale(coalesce(certain, 0))::text,
    trim_scale(coalesce(probable, 0))::text, trim_scale(coalesce(verified, 0))::text,
    trim_scale(coalesce(unverified, 0))::text
FROM (
    SELECT ref, sum(share) AS conversions, sum(share) FILTER (WHERE certainty = 'certain') AS certain,
        sum(share) FILTER (WHERE certainty = 'probable') AS probable,
        sum(verified) FILTER (WHERE currency = %(currency)s) AS verified,
        sum(unverified) FILTER (WHERE currency = %(currency)s) AS unverified
    FROM tracking_creditrollup
    WHERE organization_id = %(of)s AND model = %(model)s AND axis = %(axis)s AND day BETWEEN %(first)s AND %(last)s
    GROUP BY ref
) AS credited FULL JOIN (
    SELECT ref, sum(events)::bigint AS clicks FROM tracking_rollup
    WHERE organization_id = %(of)s AND axis = %(axis)s AND name = 'click' AND by = 'person'
        AND day BETWEEN %(first)s AND %(last)s
    GROUP BY ref
) AS clicked USING (ref)
"""


@dataclass(slots=True)
class Sums:
    """Of a thing: clicks by people, shares of conversions in any currency, money in one."""

    clicks: int
    conversions: Decimal
    certain: Decimal
    probable: Decimal
    verified: Decimal
    unverified: Decimal

    @property
    def total(self) -> Decimal:
        """Its money."""
        return self.verified + self.unverified

    def add(self, other: "Sums") -> None:
        """What it was of other days."""
        self.clicks += other.clicks
        self.conversions += other.conversions
        self.certain += other.certain
        self.probable += other.probable
        self.verified += other.verified
        self.unverified += other.unverified


def sheet(organization: Organization, period: Period, *, axis: Axis, model: Model, currency: str) -> dict[str, Sums]:
    """All things that were clicked or earned something, by their references; blank is what no touch earned. With a blank
    currency, no money.
    """

    def read(days: Period) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(
                _SHEET,
                {
                    "of": organization.pk, "axis": int(axis), "model": str(model), "currency": currency,
                    "first": days.first, "last": days.last,
                },
            )  # fmt: skip
            return list(cursor.fetchall())

    sums: dict[str, Sums] = {}
    if earlier := period.earlier():
        figure = f"{int(axis)} {model} {currency}"
        body = kept(organization, earlier, figure=figure, make=lambda days: orjson.dumps(read(days)), has_credits=True)
        sums = dict(_sums(orjson.loads(body)))
    for ref, one in _sums(read(period.latest())):
        if ref in sums:
            sums[ref].add(one)
        else:
            sums[ref] = one
    return sums


def _sums(rows: Iterable[Any]) -> Iterable[tuple[str, Sums]]:
    for ref, clicks, *decimals in rows:
        yield ref, Sums(clicks, *map(Decimal, decimals))
