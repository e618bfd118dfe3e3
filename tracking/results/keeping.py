"""Figures of many days, ready-made: what was read of them once is kept, and read again until one of these days changes.

A figure of a period is what is kept of all its days but the last, and that one, read anew each time: mostly it is today,
where something happens all the while. What is kept carries how much had happened on its days, as counted in the transactions
that change them: events by ``Ledger``, changes of credits by ``CreditDay``. It holds as long as these counts are the same.
They are read before the figure is, so that it may know of more than they say, and never of less.

Where there is much to read it is put together from pieces, which are kept alike: the next day's figure lacks one of them, as
does that of a period of which one day has changed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from chat33.orgs.models import Organization
from tracking.results.period import Period

LARGEST = 4_000_000  # bytes of a figure that is kept
MOST = 1_000  # figures that an organization keeps: whoever turns to every period there is gets theirs, made anew
PIECEMEAL = 100_000  # events of days that are read piece by piece: fewer are read at once as quickly

_KEPT = """
SELECT piece.first, piece.last, stored.events, credited.changes, digest.body
FROM unnest(%(firsts)s::date[], %(lasts)s::date[]) AS piece(first, last)
CROSS JOIN LATERAL (
    SELECT coalesce(sum(stored), 0) AS events FROM tracking_ledger
    WHERE organization_id = %(of)s AND day BETWEEN piece.first AND piece.last
) AS stored
CROSS JOIN LATERAL (
    SELECT coalesce(sum(changes), 0) AS changes FROM tracking_creditday
    WHERE organization_id = %(of)s AND day BETWEEN piece.first AND piece.last AND %(credits)s
) AS credited
LEFT JOIN tracking_digest AS digest
    ON digest.organization_id = %(of)s AND digest.figure = %(figure)s AND digest.first = piece.first
    AND digest.last = piece.last AND digest.events = stored.events AND digest.credits = credited.changes
ORDER BY piece.first
"""
# What is lost with the server can be made again, so its commit waits for no disk.
_KEEP = """
WITH at_once AS (SELECT set_config('synchronous_commit', 'off', true))
INSERT INTO tracking_digest (organization_id, figure, first, last, events, credits, made_at, body)
SELECT %(of)s, %(figure)s, made.first, made.last, made.events, made.changes, now(), made.body
FROM at_once, unnest(
    %(firsts)s::date[], %(lasts)s::date[], %(events)s::bigint[], %(changes)s::bigint[], %(bodies)s::bytea[]
) AS made(first, last, events, changes, body)
ORDER BY made.first, made.last
ON CONFLICT (organization_id, figure, first, last) DO UPDATE SET
    events = excluded.events, credits = excluded.credits, made_at = excluded.made_at, body = excluded.body
"""
# A whole period mostly ends with yesterday, so nobody asks for that of two days ago; for its days and weeks they do. Not in
# one transaction with what is written: two looks could wait for each other's rows.
_FORGET = """
DELETE FROM tracking_digest WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM tracking_digest WHERE organization_id = %(of)s
        AND (last - first NOT IN (0, 6) AND made_at < now() - interval '2 days' OR made_at < (
            SELECT made_at FROM tracking_digest WHERE organization_id = %(of)s
            ORDER BY made_at DESC OFFSET %(most)s LIMIT 1))
    FOR UPDATE SKIP LOCKED))
"""


class Figure(NamedTuple):
    """What is kept. ``name`` says all that it depends on but the days, in at most 60 characters; with ``has_credits`` it
    follows credits too, and not events alone. ``make`` reads it of each of some periods at once; ``join`` makes the one of
    many days of those of some, no day in two of them.
    """

    name: str
    make: Callable[[Sequence[Period]], Sequence[bytes]]
    join: Callable[[Sequence[bytes]], bytes]
    has_credits: bool = False


class _Stamp(NamedTuple):
    """How much had happened on these days."""

    days: Period
    events: int
    changes: int


def kept(organization: Organization, period: Period, figure: Figure) -> bytes:
    """The figure of these days as it was made last; anew where something has happened on one of them since."""
    ((stamp, body),) = _found(organization, [period], figure)
    if body is not None:
        return body
    pieces = period.pieces() if stamp.events >= PIECEMEAL else []
    if len(pieces) < 2:
        (body,) = figure.make([period])
        _keep(organization, figure, {stamp: body})
        return body
    found = dict(_found(organization, pieces, figure))
    missing = [piece for piece, part in found.items() if part is None]
    made = dict(zip(missing, figure.make([piece.days for piece in missing]), strict=True)) if missing else {}
    body = figure.join([part if part is not None else made[piece] for piece, part in found.items()])
    _keep(organization, figure, {**made, stamp: body})
    return body


def _found(organization: Organization, periods: Sequence[Period], figure: Figure) -> list[tuple[_Stamp, bytes | None]]:
    """What is kept of each of them as it is now."""
    asked: dict[str, Any] = {
        "of": organization.pk,
        "figure": figure.name,
        "credits": figure.has_credits,
        "firsts": [one.first for one in periods],
        "lasts": [one.last for one in periods],
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, asked)
        return [
            (_Stamp(Period(first, last), events, changes), None if body is None else bytes(body))
            for first, last, events, changes, body in cursor.fetchall()
        ]


def _keep(organization: Organization, figure: Figure, made: Mapping[_Stamp, bytes]) -> None:
    rows = [(*stamp.days, stamp.events, stamp.changes, body) for stamp, body in made.items() if len(body) <= LARGEST]
    if not rows:
        return
    firsts, lasts, events, changes, bodies = (list(column) for column in zip(*rows, strict=True))
    given: dict[str, Any] = {"firsts": firsts, "lasts": lasts, "events": events, "changes": changes, "bodies": bodies}
    with connection.cursor() as cursor:
        cursor.execute(_FORGET, {"of": organization.pk, "most": MOST})
        cursor.execute(_KEEP, {"of": organization.pk, "figure": figure.name, **given})
