"""Working out a period's credits anew, as after the window has changed. A row is the job; workers carry it in batches.

Each batch is one transaction that replaces its conversions' credits together with their rollups, and notes how far it has
come. So a reader always finds credits and rollups that agree, a worker that dies costs one batch, and a second run finds
nothing to change.
"""

import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from chat33.lib.failpoints import reach
from chat33.orgs.models import Organization
from tracking.attribution.crediting import credit, hold
from tracking.models import WINDOW, AttributionSetting, Conversion, Recount

SHORTEST, LONGEST = 1, 365  # days of the window
BATCH = 500
LEASE = timedelta(seconds=60)


class UnableToRecount(Exception):
    """It cannot be begun; the message says why."""


class Lost(Exception):
    """Somebody else carries it by now."""


@dataclass(frozen=True)
class Claim:
    """A recount in hand."""

    pk: int
    fence: int


def window_of(organization: Organization) -> int:
    """How many days before a conversion a touch counts."""
    days = AttributionSetting.objects.filter(organization=organization).values_list("days", flat=True).first()
    return WINDOW if days is None else days


def set_window(*, organization: Organization, days: int, now: datetime) -> None:
    """Look so far back from now on; what is credited already stays until it is recounted. Raises ``UnableToRecount``."""
    if not SHORTEST <= days <= LONGEST:
        raise UnableToRecount(f"The window is {SHORTEST} to {LONGEST} days.")
    AttributionSetting.objects.update_or_create(organization=organization, defaults={"days": days, "updated_at": now})


def start_recount(*, organization: Organization, first: date, last: date, by: str, now: datetime) -> Recount:
    """Ask for the period's credits to be worked out anew; a worker begins within seconds. Raises ``UnableToRecount`` for
    days in the wrong order and while another one is under way.
    """
    if last < first:
        raise UnableToRecount("The last day is before the first.")
    total = Conversion.objects.filter(organization=organization, day__range=(first, last)).count()
    try:
        with transaction.atomic():
            return Recount.objects.create(
                organization=organization,
                first=first,
                last=last,
                total=total,
                created_by=by,
                created_at=now,
                due_at=now,
            )
    except IntegrityError:
        raise UnableToRecount("A recount is under way. Begin the next one when it is done.") from None


def latest_recount(organization: Organization) -> Recount | None:
    """The one under way, else the last that was."""
    return Recount.objects.filter(organization=organization).order_by("-id").first()


def due() -> bool:
    """Whether one waits for a worker."""
    return Recount.objects.filter(due_at__lte=Now()).exists()


def recount_due(*, seconds: float) -> int:
    """Carry what is due until there is nothing, or for so long. Returns how many conversions were looked at."""
    until, seen = time.monotonic() + seconds, 0
    while time.monotonic() < until and (claim := claim_one()):
        try:
            while time.monotonic() < until and (number := carry(claim)):
                seen += number
        except Lost:
            continue
        Recount.objects.filter(pk=claim.pk, fence=claim.fence, finished_at=None).update(due_at=Now())
    return seen


def claim_one() -> Claim | None:
    """Take the one that is due longest. Two claimers never get the same."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE tracking_recount AS recount SET
                fence = recount.fence + 1, due_at = statement_timestamp() + make_interval(secs => %s)
            FROM (
                SELECT id FROM tracking_recount WHERE due_at <= statement_timestamp()
                ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED
            ) AS due
            WHERE recount.id = due.id RETURNING recount.id, recount.fence
            """,
            [LEASE.total_seconds()],
        )
        found = cursor.fetchone()
    return Claim(*found) if found else None


@transaction.atomic
def carry(claim: Claim) -> int:
    """The next batch. Returns how many conversions it had; 0 ends the recount. Raises ``Lost``."""
    row = Recount.objects.select_for_update(no_key=True).filter(pk=claim.pk, fence=claim.fence).first()
    if row is None:
        raise Lost
    hold([row.organization_id])
    batch = list(_next(row)[:BATCH])
    changed = credit(batch)
    reach("recount.credited")
    if batch:
        row.cursor_day, row.cursor_id = batch[-1].day, batch[-1].pk
        Recount.objects.filter(pk=row.pk).update(
            cursor_day=row.cursor_day, cursor_id=row.cursor_id, done=F("done") + len(batch),
            changed=F("changed") + changed, due_at=Now() + LEASE,
        )  # fmt: skip
    else:
        Recount.objects.filter(pk=row.pk).update(finished_at=Now(), due_at=None)
    return len(batch)


def _next(row: Recount) -> QuerySet[Conversion]:
    rows = Conversion.objects.filter(organization=row.organization_id, day__range=(row.first, row.last))
    if row.cursor_day is not None:
        rows = rows.filter(Q(day__gt=row.cursor_day) | Q(day=row.cursor_day, pk__gt=row.cursor_id))
        rows = rows.filter(day__gte=row.cursor_day)
    return rows.order_by("day", "pk")
