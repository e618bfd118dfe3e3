"""How many different visitors there were, from the smallest hashes of each day."""

import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import NamedTuple

import msgspec
from django.db import connection

from chat33.orgs.models import Organization
from tracking.results.keeping import Figure, kept
from tracking.results.period import Period

SAMPLES, SMALLEST_SAMPLE, LARGEST_SAMPLE = 40_000, 128, 1_024  # visitors looked at: of a period, and of each day
DAYS_SAMPLE = 400  # visitors of a day that are looked at for a chart

_SKETCH = """
WITH sample AS MATERIALIZED (
    SELECT piece.number, one.day, one.hash
    FROM unnest(%s::date[], %s::date[]) WITH ORDINALITY AS piece(first, last, number)
    CROSS JOIN LATERAL generate_series(piece.first, piece.last, interval '1 day') AS each(day)
    CROSS JOIN LATERAL (
        SELECT day, hashtextextended(visitor, 0) AS hash FROM tracking_visitor
        WHERE organization_id = %s AND day = each.day::date ORDER BY hashtextextended(visitor, 0) LIMIT %s
    ) AS one
), bound AS (
    SELECT number, min(largest) AS hash FROM (
        SELECT number, max(hash) AS largest FROM sample GROUP BY number, day HAVING count(*) > %s
    ) AS full_days GROUP BY number
)
SELECT sample.number, bound.hash, array_agg(DISTINCT sample.hash ORDER BY sample.hash)
FROM sample LEFT JOIN bound USING (number) WHERE bound.hash IS NULL OR sample.hash < bound.hash
GROUP BY sample.number, bound.hash
"""
_BY_DAY = """
SELECT piece.number, one.day, count(*), max(one.hash)
FROM unnest(%s::date[], %s::date[]) WITH ORDINALITY AS piece(first, last, number)
CROSS JOIN LATERAL generate_series(piece.first, piece.last, interval '1 day') AS each(day)
CROSS JOIN LATERAL (
    SELECT day, hashtextextended(visitor, 0) AS hash FROM tracking_visitor
    WHERE organization_id = %s AND day = each.day::date ORDER BY hashtextextended(visitor, 0) LIMIT %s
) AS one
GROUP BY piece.number, one.day
"""


class Count(NamedTuple):
    """How many, and whether it is exact."""

    number: int
    exact: bool


class Sketch(NamedTuple):
    """The different hashes of some days' visitors in order: all of them, or those below the bound."""

    bound: int | None
    hashes: Sequence[int]

    def count_with(self, other: "Sketch") -> Count:
        """How many visitors both are of together; a visitor of both has one hash."""
        bounds = [bound for bound in (self.bound, other.bound) if bound is not None]
        bound = min(bounds, default=None)
        ours, theirs = (_below(one.hashes, bound) for one in (self, other))
        number = ours + sum(not _has(self.hashes, one, ours) for one in other.hashes[:theirs])
        if bound is None:
            return Count(number, exact=True)
        return Count(_estimated(number, bound), exact=False)

    def packed(self) -> bytes:
        """To be kept."""
        return struct.pack(f"<?q{len(self.hashes)}q", self.bound is not None, self.bound or 0, *self.hashes)

    @classmethod
    def joined(cls, bodies: Sequence[bytes]) -> "Sketch":
        """Of all days that these are of."""
        sketches = [cls.unpacked(body) for body in bodies]
        bound = min((one.bound for one in sketches if one.bound is not None), default=None)
        hashes = set[int]().union(*(one.hashes[: _below(one.hashes, bound)] for one in sketches))
        return cls(bound, sorted(hashes))

    @classmethod
    def unpacked(cls, body: bytes) -> "Sketch":
        """What was packed."""
        bounded, bound = struct.unpack_from("<?q", body)
        hashes = array("q", body[9:])
        if sys.byteorder == "big":
            hashes.byteswap()
        return cls(bound if bounded else None, hashes)


def visitors(organization: Organization, period: Period) -> Count:
    """How many different visitors there were: exact as long as no day has more than a thousand or so (fewer in a period of
    many days), else estimated from the smallest hashes of each day, within a few percent.

    A visitor of several days has one hash, so the hashes below a bound that every day's sample reaches are a fair share of
    all (a theta sketch: Dasgupta, Lang, Rhodes and Thaler, "A Framework for Estimating Stream Expression Cardinalities",
    2016), read from an index.
    """
    most = max(SMALLEST_SAMPLE, min(LARGEST_SAMPLE, SAMPLES // period.days))
    before = Sketch(None, ())
    if earlier := period.earlier():
        figure = Figure(f"visitors {most}", partial(_packed, organization, most), _packed_together)
        before = Sketch.unpacked(kept(organization, earlier, figure))
    (latest,) = _sketches(organization, most, [period.latest()])
    return before.count_with(latest)


def visitors_by_day(organization: Organization, period: Period) -> list[tuple[date, Count]]:
    """Each day's visitors, in order: exact up to ``DAYS_SAMPLE``, else estimated from the day's smallest hashes within five
    percent or so, as ``visitors`` does for a whole period.
    """
    (rows,) = _by_day(organization, [period.latest()])
    if earlier := period.earlier():
        figure = Figure("visitors by day", partial(_packed_days, organization), _packed_in_a_row)
        rows += msgspec.json.decode(kept(organization, earlier, figure))
    found = {day: _count(number, largest) for day, number, largest in rows}
    days = (period.first + timedelta(days=number) for number in range(period.days))
    return [(day, found.get(day.isoformat(), Count(0, exact=True))) for day in days]


def _packed(organization: Organization, most: int, periods: Sequence[Period]) -> list[bytes]:
    return [one.packed() for one in _sketches(organization, most, periods)]


def _packed_together(bodies: Sequence[bytes]) -> bytes:
    return Sketch.joined(bodies).packed()


def _packed_days(organization: Organization, periods: Sequence[Period]) -> list[bytes]:
    return [msgspec.json.encode(days) for days in _by_day(organization, periods)]


def _packed_in_a_row(bodies: Sequence[bytes]) -> bytes:
    return msgspec.json.encode([day for body in bodies for day in msgspec.json.decode(body)])


def _sketches(organization: Organization, most: int, periods: Sequence[Period]) -> list[Sketch]:
    """Of each of them."""
    found = [Sketch(None, ()) for _ in periods]
    firsts, lasts = [one.first for one in periods], [one.last for one in periods]
    with connection.cursor() as cursor:
        cursor.execute(_SKETCH, [firsts, lasts, organization.pk, most + 1, most])
        for number, bound, hashes in cursor.fetchall():
            found[number - 1] = Sketch(bound, hashes)
    return found


def _by_day(organization: Organization, periods: Sequence[Period]) -> list[list[tuple[str, int, int]]]:
    """Of each of them: days, how many visitors were looked at, and the largest of their hashes."""
    found: list[list[tuple[str, int, int]]] = [[] for _ in periods]
    firsts, lasts = [one.first for one in periods], [one.last for one in periods]
    with connection.cursor() as cursor:
        cursor.execute(_BY_DAY, [firsts, lasts, organization.pk, DAYS_SAMPLE + 1])
        for number, day, counted, largest in cursor.fetchall():
            found[number - 1].append((day.isoformat(), counted, largest))
    return found


def _count(number: int, largest: int) -> Count:
    if number <= DAYS_SAMPLE:
        return Count(number, exact=True)
    return Count(_estimated(number - 1, largest), exact=False)


def _estimated(number: int, bound: int) -> int:
    """How many there are when so many hashes are below the bound."""
    return round(number * 2**64 / (bound + 2**63))


def _below(hashes: Sequence[int], bound: int | None) -> int:
    return len(hashes) if bound is None else bisect_left(hashes, bound)


def _has(hashes: Sequence[int], one: int, most: int) -> bool:
    place = bisect_left(hashes, one, 0, most)
    return place < most and hashes[place] == one
