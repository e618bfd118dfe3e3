"""What is kept, and for how long: months of events are made ahead and dropped when they are older than the settings say, and
with them what only told of those events. Figures stay: rollups are small, and kept.

Nobody who writes waits for this: rows go in batches, each a transaction of its own.
"""

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from chat33.orgs.models import Organization
from contacts import timeline
from tracking.attribution.crediting import hold
from tracking.events.partitions import Month, drop_months, ensure_months
from tracking.telling import KEYS

BATCH = 5_000
BATCHES = 400  # of one sort in one run; the rest is the next run's

_KEYS = """
DELETE FROM tracking_eventkey WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM tracking_eventkey WHERE received_at < %s LIMIT %s))
"""
_VISITORS = """
DELETE FROM tracking_visitor WHERE organization_id = %s AND (day, visitor) IN (
    SELECT day, visitor FROM tracking_visitor WHERE organization_id = %s AND day < %s ORDER BY day LIMIT %s)
"""
_INSTALLS = """
DELETE FROM tracking_storeaggregate WHERE id IN (
    SELECT id FROM tracking_storeaggregate WHERE organization_id = %s AND day < %s ORDER BY day LIMIT %s)
"""
_TOUCHES = """
DELETE FROM tracking_touch WHERE id IN (
    SELECT id FROM tracking_touch WHERE organization_id = %s AND at < %s ORDER BY at LIMIT %s)
"""
# Of visitors of whom neither a touch nor a conversion is kept.
_RECOGNITIONS = """
DELETE FROM tracking_recognition WHERE id IN (
    SELECT id FROM tracking_recognition AS known WHERE organization_id = %s AND at < %s
        AND NOT EXISTS (SELECT FROM tracking_touch AS one
            WHERE one.organization_id = known.organization_id AND one.visitor = known.visitor)
        AND NOT EXISTS (SELECT FROM tracking_conversion AS one
            WHERE one.organization_id = known.organization_id AND one.visitor = known.visitor)
    LIMIT %s)
"""
# Together, for a recount must never meet a conversion whose credits stand in the rollups and nowhere else.
_CREDITS = """
WITH old AS (
    SELECT id, organization_id, key FROM tracking_conversion WHERE organization_id = %s AND day < %s
    ORDER BY day, id LIMIT %s
), gone AS (
    DELETE FROM tracking_credit USING old
    WHERE tracking_credit.organization_id = old.organization_id AND tracking_credit.event_key = old.key
)
DELETE FROM tracking_conversion USING old WHERE tracking_conversion.id = old.id
"""


def make_months(*, now: datetime) -> list[Month]:
    """Make the partitions of this month and of those to come that are missing. Returns the new ones."""
    return ensure_months(now=now)


def oldest(now: datetime, months: int) -> datetime | None:
    """Where what is kept begins: so many whole months before this one; None for everything."""
    return Month.of(now).plus(-months).first if months > 0 else None


def prune(*, now: datetime) -> dict[str, int]:
    """Let go of what is older than the settings say. Returns how much of each sort went: months, and rows."""
    gone: dict[str, int] = {}
    if before := oldest(now, settings.EVENTS_MONTHS):
        gone["months"] = len(drop_months(before=before))
        gone["keys"] = _in_batches(partial(_delete, _KEYS, before, BATCH))
        gone["visitors"] = _of_each(_VISITORS, before.date(), twice=True)
        gone["installs"] = _of_each(_INSTALLS, before.date())
        gone["timeline"] = timeline.forget(before=before, begins=KEYS)
    if before := oldest(now, settings.CREDITS_MONTHS):
        gone["credits"] = _of_each(_CREDITS, before.date())
        gone["touches"] = _of_each(_TOUCHES, before)
        gone["recognitions"] = _of_each(_RECOGNITIONS, before)
    return gone


def _of_each(query: str, before: date, *, twice: bool = False) -> int:
    """By organization, as the indexes are; ``twice`` where the query asks for it in two places."""
    total = 0
    for pk in Organization.objects.order_by("pk").values_list("pk", flat=True):
        given = [pk, pk] if twice else [pk]
        total += _in_batches(partial(_delete, query, *given, before, BATCH, of=pk))
    return total


def _in_batches(delete: Callable[[], int]) -> int:
    total = 0
    for _ in range(BATCHES):
        number = delete()
        total += number
        if number < BATCH:
            break
    return total


def _delete(query: str, *given: Any, of: int | None = None) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        if of is not None:
            hold([of])
        cursor.execute(query, given)
        return int(cursor.rowcount)
