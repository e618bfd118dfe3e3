"""Figures of many days, ready-made: what was read of them once is kept, and read again until one of these days changes.

A figure of a period is what is kept of all its days but the last, and that one, read anew each time: mostly it is today,
where something happens all the while. What is kept carries how much had happened on its days, as counted in the transactions
that change them: events by ``Ledger``, changes of credits by ``CreditDay``. It holds as long as these counts are the same.
They are read before the figure is, so that it may know of more than they say, and never of less.
"""

from collections.abc import Callable
from typing import Any

from django.db import connection

from chat33.orgs.models import Organization
from tracking.results.period import Period

LARGEST = 4_000_000  # bytes of a figure that is kept
MOST = 400  # figures that an organization keeps: whoever turns to every period there is gets theirs, made anew

_KEPT = """
WITH stamp AS (
    SELECT (
        SELECT coalesce(sum(stored), 0) FROM tracking_ledger
        WHERE organization_id = %(of)s AND day BETWEEN %(first)s AND %(last)s
    ) AS events, (
        SELECT coalesce(sum(changes), 0) FROM tracking_creditday
        WHERE organization_id = %(of)s AND day BETWEEN %(first)s AND %(last)s AND %(credits)s
    ) AS credits
)
SELECT stamp.events, stamp.credits, digest.body FROM stamp LEFT JOIN tracking_digest AS digest
    ON digest.organization_id = %(of)s AND digest.figure = %(figure)s AND digest.first = %(first)s
    AND digest.last = %(last)s AND digest.events = stamp.events AND digest.credits = stamp.credits
"""
# What is kept mostly ends with yesterday, so nobody asks for that of two days ago; nor does anybody look at so many periods.
_KEEP = """
WITH old AS (
    DELETE FROM tracking_digest WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM tracking_digest WHERE organization_id = %(of)s
            AND (figure, first, last) <> (%(figure)s, %(first)s, %(last)s)
            AND made_at < greatest(now() - interval '2 days', (
                SELECT made_at FROM tracking_digest WHERE organization_id = %(of)s
                ORDER BY made_at DESC OFFSET %(most)s LIMIT 1))
        FOR UPDATE SKIP LOCKED))
)
INSERT INTO tracking_digest (organization_id, figure, first, last, events, credits, made_at, body)
VALUES (%(of)s, %(figure)s, %(first)s, %(last)s, %(events)s, %(credits)s, now(), %(body)s)
ON CONFLICT (organization_id, figure, first, last) DO UPDATE SET
    events = excluded.events, credits = excluded.credits, made_at = excluded.made_at, body = excluded.body
"""


def kept(
    organization: Organization,
    period: Period,
    *,
    figure: str,
    make: Callable[[Period], bytes],
    has_credits: bool = False,
) -> bytes:
    """The figure of these days as ``make`` made it last, unless something has happened on one of them since: then as it
    makes it now. ``figure`` names all else that it depends on, in at most 60 characters; with ``has_credits`` that is
    credits too, and not events alone.
    """
    of: dict[str, Any] = {"of": organization.pk, "figure": figure, "first": period.first, "last": period.last}
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, {**of, "credits": has_credits})
        events, changes, body = cursor.fetchone() or (0, 0, None)
        if body is not None:
            return bytes(body)
        made = make(period)
        if len(made) <= LARGEST:
            cursor.execute(_KEEP, {**of, "events": events, "credits": changes, "body": made, "most": MOST})
    return made
