"""Keeping what an order's events count for: which of them earns, and whether its money is verified.

``tracking.attribution.orders`` decides. What an event no longer counts for is taken out of the rollups that the edge has put
it into, and its count moves to who caused it as ``duplicate``, so that rollups still hold every stored event once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from contacts.timeline import amend
from tracking.attribution.orders import Told, verdict
from tracking.models import Conversion
from tracking.telling import entry_key

_ROLL = """
WITH moves AS (
    SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[], %s::date[], %s::boolean[], %s::boolean[],
        %s::boolean[], %s::boolean[])
        AS move(organization, received_at, event, day, earned, stood_verified, earns, stands_verified)
), events AS (
    SELECT moves.*, event.source, event.link_id, event.campaign, event.flow, event.channel, event.post, event.influencer,
        event.name, event.by, event.currency, coalesce(event.value, 0) AS value
    FROM moves JOIN tracking_event AS event ON event.received_at = moves.received_at AND event.id = moves.event
), sides AS (
    SELECT *, by AS column_by, -1 AS sign, stood_verified AS verified, value AS money FROM events WHERE earned
    UNION ALL SELECT *, 'duplicate', -1, false, 0 FROM events WHERE NOT earned
    UNION ALL SELECT *, by, 1, stands_verified, value FROM events WHERE earns
    UNION ALL SELECT *, 'duplicate', 1, false, 0 FROM events WHERE NOT earns
)
INSERT INTO tracking_rollup AS rollup (organization_id, axis, ref, name, by, currency, day, events, verified, unverified)
SELECT organization, axis, ref, name, column_by, currency, day, sum(sign),
    coalesce(sum(sign * money) FILTER (WHERE verified), 0), coalesce(sum(sign * money) FILTER (WHERE NOT verified), 0)
FROM sides CROSS JOIN LATERAL (VALUES (0, ''), (1, source), (2, coalesce(link_id::text, '')), (3, campaign), (4, flow),
    (5, channel), (6, post), (7, influencer)) AS axes(axis, ref)
WHERE axis = 0 OR ref <> ''
GROUP BY organization, axis, ref, name, column_by, currency, day
HAVING sum(sign) <> 0 OR sum(sign * money) FILTER (WHERE verified) <> 0 OR sum(sign * money) FILTER (WHERE NOT verified) <> 0
ORDER BY organization, axis, ref, name, column_by, currency, day
ON CONFLICT (organization_id, axis, ref, name, by, currency, day) DO UPDATE SET
    events = rollup.events + excluded.events, verified = rollup.verified + excluded.verified,
    unverified = rollup.unverified + excluded.unverified
"""
_MARK = """
UPDATE tracking_event AS event SET verified = event.verified OR mark.verified, data = event.data || mark.data::jsonb
FROM unnest(%s::timestamptz[], %s::bigint[], %s::boolean[], %s::text[]) AS mark(received_at, event, verified, data)
WHERE event.received_at = mark.received_at AND event.id = mark.event
"""


@dataclass(frozen=True)
class Move:
    """How what a conversion counts for has changed."""

    conversion: Conversion  # as it is now
    earned: bool
    stood_verified: bool


def settle_orders(conversions: Iterable[Conversion]) -> tuple[list[Conversion], list[Move]]:
    """Decide the orders of these anew. Returns the conversions that count for something else now or know more of their
    person, and the moves, which ``roll`` has yet to carry into the rollups.
    """
    wanted = {(one.organization_id, one.order_ref) for one in conversions if one.order_ref}
    changed: list[Conversion] = []
    moves: list[Move] = []
    for told in _orders(wanted):
        found = verdict([Told(one.pk, one.verified, one.value, one.received_at, one.event) for one in told])
        earner = next(one for one in told if one.pk == found.pk)
        lent = _lend(earner, told)
        for one in told:
            earns, verified = one is earner, found.verified
            if (one.earns, one.counted_verified) != (earns, verified):
                moves.append(Move(one, one.earns, one.counted_verified))
                one.earns, one.counted_verified = earns, verified
                changed.append(one)
            elif lent and one is earner:
                changed.append(one)
    _update(changed)
    _mark(moves)
    return changed, moves


def roll(moves: Sequence[Move]) -> None:
    """Carry the moves into the rollups. The last thing of a transaction: the edge waits for these rows."""
    if not moves:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _ROLL,
            [
                [move.conversion.organization_id for move in moves], [move.conversion.received_at for move in moves],
                [move.conversion.event for move in moves], [move.conversion.day for move in moves],
                [move.earned for move in moves], [move.stood_verified for move in moves],
                [move.conversion.earns for move in moves], [move.conversion.counted_verified for move in moves],
            ],
        )  # fmt: skip


def _update(changed: Sequence[Conversion]) -> None:
    if not changed:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE tracking_conversion AS conversion SET earns = new.earns, counted_verified = new.verified,
                contact_id = new.contact, visitor = new.visitor, flow = new.flow, channel = new.channel
            FROM unnest(%s::bigint[], %s::boolean[], %s::boolean[], %s::bigint[], %s::text[], %s::text[], %s::text[])
                AS new(id, earns, verified, contact, visitor, flow, channel)
            WHERE conversion.id = new.id
            """,
            [
                [one.pk for one in changed], [one.earns for one in changed], [one.counted_verified for one in changed],
                [one.contact_id for one in changed], [one.visitor for one in changed], [one.flow for one in changed],
                [one.channel for one in changed],
            ],
        )  # fmt: skip


def _orders(wanted: set[tuple[int, str]]) -> list[list[Conversion]]:
    """All conversions that tell of these orders, by order and name."""
    if not wanted:
        return []
    pairs = sorted(wanted)
    rows = Conversion.objects.raw(
        """
        SELECT conversion.* FROM unnest(%s::bigint[], %s::text[]) AS wanted(organization, order_ref)
        JOIN tracking_conversion AS conversion ON conversion.organization_id = wanted.organization
            AND conversion.order_ref = wanted.order_ref AND conversion.order_ref <> ''
        ORDER BY conversion.received_at, conversion.event
        """,
        [[organization for organization, _ in pairs], [ref for _, ref in pairs]],
    )
    found: dict[tuple[int, str, str], list[Conversion]] = {}
    for one in rows:
        found.setdefault((one.organization_id, one.order_ref, one.name.lower()), []).append(one)
    return list(found.values())


def _lend(earner: Conversion, told: Sequence[Conversion]) -> bool:
    """Who knows more of the person lends it to the one that earns; whether there was something to lend."""
    lent = False
    for other in told:
        for name in ("contact_id", "visitor", "flow", "channel"):
            if not getattr(earner, name) and getattr(other, name):
                setattr(earner, name, getattr(other, name))
                lent = True
    return lent


def _mark(moves: Sequence[Move]) -> None:
    """Say it at the events and on their contacts' timelines, for who looks at one of them."""
    if not moves:
        return
    columns: list[list[Any]] = [[], [], [], []]
    for move in moves:
        one = move.conversion
        note = '{"duplicate": false}' if one.earns else '{"duplicate": true}'
        for column, value in zip(columns, (one.received_at, one.event, one.counted_verified, note), strict=True):
            column.append(value)
    with connection.cursor() as cursor:
        cursor.execute(_MARK, columns)
    amend(
        [
            (one.contact_id, entry_key(one.key), _told_anew(one))
            for one in (move.conversion for move in moves)
            if one.contact_id
        ]
    )


def _told_anew(one: Conversion) -> dict[str, bool]:
    worth = {} if one.value is None else {"verified": one.counted_verified}
    return {**worth, "duplicate": not one.earns}
