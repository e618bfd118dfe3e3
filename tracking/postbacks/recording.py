"""Storing events from a worker: the rows, the bounds and the statement of the edge, in the caller's transaction.

What an MMP reports is stored as what a website reports is: key, event, rollups, the work that follows and the day's ledger
by one statement (``tracking/edge/store.sql``).
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from django.db import connection, transaction

from chat33.orgs.models import Organization
from tracking.edge.events import STORE, Row
from tracking.edge.lookups import Owner, make_owner
from tracking.edge.words import KINDS, MOST, OTHER, OURS
from tracking.events.partitions import Month, ensure_month, months
from tracking.models import Axis, Word

# The edge takes campaigns and influencers from the organization's own links; an MMP gives back what a click carried.
_MOST: Mapping[str, int] = {**MOST, "campaign": 5_000, "influencer": 5_000}
_KINDS: Mapping[str, int] = {**KINDS, "campaign": Axis.CAMPAIGN, "influencer": Axis.INFLUENCER}


def owner_of(organization: Organization) -> Owner:
    """Whose rows they are."""
    return make_owner(organization.pk, organization.timezone, organization.currency)


def ensure_months_of(moments: Iterable[datetime]) -> None:
    """Make the partitions that these need. Not inside a transaction that stores: making one waits for others."""
    wanted = {Month.of(moment) for moment in moments}
    for month in sorted(wanted - set(months()) if wanted else ()):
        ensure_month(month)


def bound(rows: Sequence[Row]) -> None:
    """Put ``(other)`` for words that their organization's rollups have no room for, with the word kept in the data. In a
    transaction of its own, so that nobody waits for the one that stores.
    """
    for field in _MOST:
        wanted: dict[int, set[str]] = {}
        for row in rows:
            if field in row and not (field == "name" and row[field] in OURS):
                wanted.setdefault(row["organization_id"], set()).add(row[field])
        refused = {of: words - _known(of, field, words) for of, words in sorted(wanted.items())}
        for row in rows:
            if row.get(field) in refused.get(row["organization_id"], ()):
                row["data"] = {**row.get("data", {}), field: row[field]}
                row[field] = OTHER


def record(rows: Sequence[Row]) -> set[int]:
    """Store these; the places, from 0, of those that are new. The others were there already."""
    if not rows:
        return set()
    for number, row in enumerate(rows):
        row["n"] = number
    with connection.cursor() as cursor:
        cursor.execute(STORE.decode(), [msgspec.json.encode(list(rows)).decode()])
        return {number for number, _ in cursor.fetchall()}


def _known(organization: int, field: str, wanted: set[str]) -> set[str]:
    """Those of the words that the organization has, new ones learned as far as there is room."""
    rows = Word.objects.filter(organization=organization, kind=_KINDS[field])
    known = set(rows.filter(word__in=wanted).values_list("word", flat=True))
    if known == wanted:
        return known
    with transaction.atomic():
        with connection.cursor() as cursor:  # as the edge does, so that both together keep the bound
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [organization % 2**31, 33_000 + _KINDS[field]])
        known = set(rows.filter(word__in=wanted).values_list("word", flat=True))
        new = sorted(wanted - known)[: max(0, _MOST[field] - rows.count())]
        Word.objects.bulk_create(
            [Word(organization_id=organization, kind=_KINDS[field], word=word) for word in new], ignore_conflicts=True
        )
    return known | set(new)
