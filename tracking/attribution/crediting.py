"""Credit rows of conversions, and the sums beside them: worked out from what is known now, written where they differ.

Callers hold the organizations (``hold``), so that nobody else writes credits of theirs meanwhile. A conversion's rows are
replaced together and the rollups with them, by one statement.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from tracking.attribution.shares import SAID, Axes, Portion, Step, portions
from tracking.models import WINDOW, AttributionSetting, Conversion, Credit, Recognition

MOST = 100  # touches of a conversion: the first of the window and the latest
CERTAIN, PROBABLE = "certain", "probable"

_HOLD = """SELECT pg_advisory_xact_lock(hashtextextended('chat33.credit:' || id, 0))
FROM unnest(%s::bigint[]) AS id"""

# Touches of the same contact, of the same visitor or of the contact's other visitors, as far as they are nobody else's. The
# latest of each and the first are read from an index: a link that names somebody may be clicked by a hundred thousand.
_TOUCHES = """
SELECT asked.n, touch.key, touch.contact_id, touch.link_id, touch.campaign, touch.flow, touch.channel, touch.post,
    touch.influencer
FROM unnest(%(n)s::int[], %(organizations)s::bigint[], %(contacts)s::bigint[], %(visitors)s::text[], %(keys)s::uuid[],
    %(since)s::timestamptz[], %(until)s::timestamptz[]) AS asked(n, organization, contact, visitor, key, since, until)
CROSS JOIN LATERAL (
    SELECT *, row_number() OVER (ORDER BY at DESC, id DESC) AS latest, row_number() OVER (ORDER BY at, id) AS earliest
    FROM (
        (SELECT one.* FROM tracking_touch AS one
        WHERE one.organization_id = asked.organization AND one.contact_id = asked.contact
            AND one.at > asked.since AND one.at <= asked.until ORDER BY one.at DESC, one.id DESC LIMIT %(most)s)
        UNION
        (SELECT one.* FROM tracking_touch AS one
        WHERE one.organization_id = asked.organization AND one.contact_id = asked.contact
            AND one.at > asked.since AND one.at <= asked.until ORDER BY one.at, one.id LIMIT 1)
        UNION
        SELECT one.* FROM (
            SELECT asked.visitor WHERE asked.visitor <> ''
            UNION
            SELECT known.visitor FROM tracking_recognition AS known
            WHERE known.organization_id = asked.organization AND known.contact_id = asked.contact
        ) AS of(visitor)
        CROSS JOIN LATERAL (
            (SELECT * FROM tracking_touch AS seen
            WHERE seen.organization_id = asked.organization AND seen.visitor = of.visitor
                AND (seen.contact_id IS NULL OR seen.contact_id = asked.contact)
                AND seen.at > asked.since AND seen.at <= asked.until ORDER BY seen.at DESC, seen.id DESC LIMIT %(most)s)
            UNION ALL
            (SELECT * FROM tracking_touch AS seen
            WHERE seen.organization_id = asked.organization AND seen.visitor = of.visitor
                AND (seen.contact_id IS NULL OR seen.contact_id = asked.contact)
                AND seen.at > asked.since AND seen.at <= asked.until ORDER BY seen.at, seen.id LIMIT 1)
        ) AS one
        UNION
        SELECT one.* FROM tracking_touch AS one WHERE one.organization_id = asked.organization AND one.key = asked.key
    ) AS found
) AS touch
WHERE touch.latest < %(most)s OR touch.earliest = 1
ORDER BY asked.n, touch.at, touch.id
"""

_REPLACE = """
WITH given AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS row(
        organization_id bigint, event_key uuid, day date, name text, model text, certainty text, share numeric,
        value numeric, currency text, verified boolean, contact_id bigint, link_id bigint, campaign text, flow text,
        channel text, post text, influencer text
    )
), gone AS (
    DELETE FROM tracking_credit AS credit USING unnest(%s::bigint[], %s::uuid[]) AS replaced(organization, key)
    WHERE credit.organization_id = replaced.organization AND credit.event_key = replaced.key
    RETURNING credit.organization_id, credit.day, credit.name, credit.model, credit.certainty, credit.share, credit.value,
        credit.currency, credit.verified, credit.link_id, credit.campaign, credit.flow, credit.channel, credit.post,
        credit.influencer
), written AS (
    INSERT INTO tracking_credit (organization_id, event_key, day, name, model, certainty, share, value, currency, verified,
        contact_id, link_id, campaign, flow, channel, post, influencer)
    SELECT organization_id, event_key, day, name, model, certainty, share, value, currency, verified,
        contact_id, link_id, campaign, flow, channel, post, influencer FROM given
), noted AS (
    INSERT INTO tracking_creditday AS old (organization_id, day, changes)
    SELECT organization_id, day, 1 FROM given UNION SELECT organization_id, day, 1 FROM gone ORDER BY organization_id, day
    ON CONFLICT (organization_id, day) DO UPDATE SET changes = old.changes + 1
), moved AS (
    SELECT organization_id, model, axis, ref, name, certainty, currency, day, sum(sign * share) AS share,
        coalesce(sum(sign * value) FILTER (WHERE verified), 0) AS verified,
        coalesce(sum(sign * value) FILTER (WHERE NOT verified), 0) AS unverified
    FROM (
        SELECT 1 AS sign, organization_id, day, name, model, certainty, share, value, currency, verified, link_id, campaign,
            flow, channel, post, influencer FROM given
        UNION ALL
        SELECT -1, organization_id, day, name, model, certainty, share, value, currency, verified, link_id, campaign,
            flow, channel, post, influencer FROM gone
    ) AS both_ways
    CROSS JOIN LATERAL (VALUES (0, ''), (2, coalesce(link_id::text, '')), (3, campaign), (4, flow), (5, channel), (6, post),
        (7, influencer)) AS axes(axis, ref)
    GROUP BY organization_id, model, axis, ref, name, certainty, currency, day
)
INSERT INTO tracking_creditrollup AS rollup
    (organization_id, model, axis, ref, name, certainty, currency, day, share, verified, unverified)
SELECT organization_id, model, axis, ref, name, certainty, currency, day, share, verified, unverified FROM moved
WHERE share <> 0 OR verified <> 0 OR unverified <> 0
ON CONFLICT (organization_id, model, axis, ref, name, certainty, currency, day) DO UPDATE SET
    share = rollup.share + excluded.share, verified = rollup.verified + excluded.verified,
    unverified = rollup.unverified + excluded.unverified
RETURNING organization_id, model, axis, ref, name, certainty, currency, day, share = 0 AND verified = 0 AND unverified = 0
"""
_SWEEP = """
DELETE FROM tracking_creditrollup AS rollup
USING unnest(%s::bigint[], %s::text[], %s::smallint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::date[])
    AS empty(organization, model, axis, ref, name, certainty, currency, day)
WHERE rollup.organization_id = empty.organization AND rollup.model = empty.model AND rollup.axis = empty.axis
    AND rollup.ref = empty.ref AND rollup.name = empty.name AND rollup.certainty = empty.certainty
    AND rollup.currency = empty.currency AND rollup.day = empty.day
"""


@dataclass(frozen=True)
class Known:
    """What is known of a conversion beyond its row."""

    contact: int | None
    steps: Sequence[Step]


def hold(organizations: Iterable[int]) -> None:
    """Be the only one who credits these organizations' conversions, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [sorted(set(organizations))])


def windows(organizations: Collection[int]) -> Mapping[int, timedelta]:
    """How far back each looks."""
    rows = AttributionSetting.objects.filter(organization__in=organizations).values_list("organization", "days")
    days = dict(rows)
    return {pk: timedelta(days=days.get(pk, WINDOW)) for pk in organizations}


def credit(conversions: Sequence[Conversion]) -> int:
    """Write the credits of these as they come out now. Returns how many came out differently than before."""
    if not conversions:
        return 0
    known = _known(conversions)
    wanted = {
        (one.organization_id, one.key): _rows(one, found) if one.earns else []
        for one, found in zip(conversions, known, strict=True)
    }
    before = _before(list(wanted))
    different = [pair for pair, rows in wanted.items() if sorted(map(_sign, rows)) != sorted(before.get(pair, []))]
    if different:
        _replace(different, [row for pair in different for row in wanted[pair]])
    return len(different)


def _known(conversions: Sequence[Conversion]) -> list[Known]:
    recognized = _recognized(conversions)
    contacts = [one.contact_id or recognized.get((one.organization_id, one.visitor)) for one in conversions]
    far = windows({one.organization_id for one in conversions})
    steps: list[list[tuple[Step, bool]]] = [[] for _ in conversions]
    with connection.cursor() as cursor:
        cursor.execute(
            _TOUCHES,
            {
                "n": [*range(len(conversions))], "organizations": [one.organization_id for one in conversions],
                "contacts": contacts, "visitors": [one.visitor for one in conversions],
                "keys": [one.key for one in conversions],
                "since": [one.at - far[one.organization_id] for one in conversions],
                "until": [one.at for one in conversions], "most": MOST,
            },
        )  # fmt: skip
        for number, key, contact, link, *words in cursor.fetchall():
            one = conversions[number]
            own = key == one.key
            certain = own or (contact is not None and contact == one.contact_id)
            steps[number].append((Step(Axes(link or 0, *words), CERTAIN if certain else PROBABLE), own))
    return [
        Known(contact, _walked(one, taken)) for one, contact, taken in zip(conversions, contacts, steps, strict=True)
    ]


def _walked(conversion: Conversion, taken: Sequence[tuple[Step, bool]]) -> list[Step]:
    """The way: what an event says of itself is a step if it says more than the step before it."""
    steps: list[Step] = []
    others = [step for step, own in taken if not own]
    for step, own in taken:
        if own and others and not step.axes.adds_to(others[-1].axes):
            continue
        steps.append(step)
    remembered = Axes(flow=conversion.flow, channel=conversion.channel)
    return steps or ([Step(remembered, PROBABLE)] if remembered else [])


def _recognized(conversions: Sequence[Conversion]) -> Mapping[tuple[int, str], int]:
    """The contact of each visitor who is one contact and no other."""
    visitors = {one.visitor for one in conversions if one.visitor and one.contact_id is None}
    if not visitors:
        return {}
    found: dict[tuple[int, str], set[int]] = {}
    rows = Recognition.objects.filter(
        organization__in={one.organization_id for one in conversions}, visitor__in=visitors
    ).values_list("organization", "visitor", "contact")
    for organization, visitor, contact in rows:
        found.setdefault((organization, visitor), set()).add(contact)
    return {pair: next(iter(contacts)) for pair, contacts in found.items() if len(contacts) == 1}


def _rows(conversion: Conversion, known: Known) -> list[dict[str, Any]]:
    return [_row(conversion, known, portion) for portion in portions(known.steps, conversion.value)]


def _row(conversion: Conversion, known: Known, portion: Portion) -> dict[str, Any]:
    axes = portion.step.axes
    return {
        "organization_id": conversion.organization_id, "event_key": str(conversion.key), "day": conversion.day.isoformat(),
        "name": conversion.name, "model": portion.model, "certainty": portion.step.certainty, "share": str(portion.share),
        "value": None if portion.value is None else str(portion.value),
        "currency": conversion.currency if portion.value is not None else "", "verified": conversion.counted_verified,
        "contact_id": known.contact, "link_id": axes.link or None, **{name: getattr(axes, name) for name in SAID},
    }  # fmt: skip


_SIGNED = (
    "day", "name", "model", "certainty", "share", "value", "currency", "verified", "contact_id", "link_id", *SAID,
)  # fmt: skip


def _sign(row: Mapping[str, Any]) -> tuple[str, ...]:
    """A row in a form in which equal ones are equal."""
    return tuple(_plain(name, row[name]) for name in _SIGNED)


def _plain(name: str, value: Any) -> str:
    if name in ("share", "value") and value is not None:
        return f"{Decimal(value):.8f}"
    return str(value)


def _before(pairs: Sequence[tuple[int, UUID]]) -> dict[tuple[int, UUID], list[tuple[str, ...]]]:
    found: dict[tuple[int, UUID], list[tuple[str, ...]]] = {}
    rows = Credit.objects.raw(
        """
        SELECT credit.* FROM unnest(%s::bigint[], %s::uuid[]) AS wanted(organization, key)
        JOIN tracking_credit AS credit ON credit.organization_id = wanted.organization AND credit.event_key = wanted.key
        """,
        [[organization for organization, _ in pairs], [key for _, key in pairs]],
    )
    for row in rows:
        signed = _sign({name: getattr(row, name) for name in _SIGNED})
        found.setdefault((row.organization_id, row.event_key), []).append(signed)
    return found


def _replace(pairs: Sequence[tuple[int, UUID]], rows: Sequence[Mapping[str, Any]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_REPLACE, [json.dumps(rows), [pk for pk, _ in pairs], [key for _, key in pairs]])
        empty = [key for *key, is_empty in cursor.fetchall() if is_empty]
        if empty:
            cursor.execute(_SWEEP, [list(column) for column in zip(*empty, strict=True)])
