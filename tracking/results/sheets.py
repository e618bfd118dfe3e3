"""What each thing of an axis was clicked and earned in a period: all days but the last as kept, the last as it is now."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import msgspec
from django.db import connection

from chat33.orgs.models import Organization
from tracking.models import Axis, Model
from tracking.results.keeping import Figure, kept
from tracking.results.period import Period

ZERO = Decimal(0)

# Each piece by itself, by its part of the index of days.
_CREDITED = """
SELECT piece.number, one.*
FROM unnest(%(firsts)s::date[], %(lasts)s::date[]) WITH ORDINALITY AS piece(first, last, number) CROSS JOIN LATERAL (
    SELECT ref, trim_scale(sum(share)),
        trim_scale(coalesce(sum(share) FILTER (WHERE certainty = 'certain'), 0)),
        trim_scale(coalesce(sum(share) FILTER (WHERE certainty = 'probable'), 0)),
        trim_scale(coalesce(sum(verified) FILTER (WHERE currency = %(currency)s), 0)),
        trim_scale(coalesce(sum(unverified) FILTER (WHERE currency = %(currency)s), 0))
    FROM tracking_creditrollup
    WHERE organization_id = %(of)s AND model = %(model)s AND axis = %(axis)s AND day BETWEEN piece.first AND piece.last
    GROUP BY ref
) AS one
"""
_CLICKED = """
SELECT piece.number, one.*
FROM unnest(%(firsts)s::date[], %(lasts)s::date[]) WITH ORDINALITY AS piece(first, last, number) CROSS JOIN LATERAL (
    SELECT ref, sum(events)::bigint FROM tracking_rollup
    WHERE organization_id = %(of)s AND axis = %(axis)s AND name = 'click' AND by = 'person'
        AND day BETWEEN piece.first AND piece.last
    GROUP BY ref
) AS one
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


Row = TypeVar("Row")
_CreditRow = tuple[str, Decimal, Decimal, Decimal, Decimal, Decimal]
_ClickRow = tuple[str, int]
_CREDIT_ROWS = msgspec.json.Decoder(list[_CreditRow])
_CLICK_ROWS = msgspec.json.Decoder(list[_ClickRow])


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
    read = partial(_read, _CREDITED, of)
    figure = Figure(f"credits {int(axis)} {model} {currency}", partial(_packed, read), _added_credits, has_credits=True)
    return _summed(_parts(organization, period, read, figure, _CREDIT_ROWS))


def _clicked(organization: Organization, period: Period, *, axis: Axis) -> dict[str, int]:
    """Clicks by people, of all things that were clicked."""
    read = partial(_read, _CLICKED, {"of": organization.pk, "axis": int(axis)})
    figure = Figure(f"clicks {int(axis)}", partial(_packed, read), _added_clicks)
    return _counted(_parts(organization, period, read, figure, _CLICK_ROWS))


def _parts(
    organization: Organization,
    period: Period,
    read: Callable[[Sequence[Period]], list[list[Row]]],
    figure: Figure,
    kept_rows: msgspec.json.Decoder[list[Row]],
) -> list[list[Row]]:
    """Of the last day as they are, and of those before as they are kept."""
    parts = read([period.latest()])
    if earlier := period.earlier():
        parts.append(kept_rows.decode(kept(organization, earlier, figure)))
    return parts


def _read(query: str, of: Mapping[str, Any], periods: Sequence[Period]) -> list[list[Any]]:
    """The rows of each."""
    found: list[list[Any]] = [[] for _ in periods]
    days = {"firsts": [one.first for one in periods], "lasts": [one.last for one in periods]}
    with connection.cursor() as cursor:
        cursor.execute(query, {**of, **days})
        for number, *row in cursor.fetchall():
            found[number - 1].append(row)
    return found


def _packed(read: Callable[[Sequence[Period]], list[list[Any]]], periods: Sequence[Period]) -> list[bytes]:
    return [msgspec.json.encode(rows) for rows in read(periods)]


def _summed(parts: Iterable[Sequence[_CreditRow]]) -> dict[str, Sums]:
    sums: dict[str, Sums] = {}
    for rows in parts:
        for ref, conversions, certain, probable, verified, unverified in rows:
            if ref not in sums:
                sums[ref] = Sums(conversions, certain, probable, verified, unverified)
                continue
            one = sums[ref]
            one.conversions += conversions
            one.certain += certain
            one.probable += probable
            one.verified += verified
            one.unverified += unverified
    return sums


def _counted(parts: Iterable[Sequence[_ClickRow]]) -> dict[str, int]:
    clicks: dict[str, int] = {}
    for rows in parts:
        for ref, number in rows:
            clicks[ref] = clicks.get(ref, 0) + number
    return clicks


def _added_credits(bodies: Sequence[bytes]) -> bytes:
    sums = _summed(map(_CREDIT_ROWS.decode, bodies))
    return msgspec.json.encode(
        [(ref, one.conversions, one.certain, one.probable, one.verified, one.unverified) for ref, one in sums.items()]
    )


def _added_clicks(bodies: Sequence[bytes]) -> bytes:
    return msgspec.json.encode(list(_counted(map(_CLICK_ROWS.decode, bodies)).items()))
