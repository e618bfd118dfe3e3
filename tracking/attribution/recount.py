"""Working out a period's credits anew, as after the window has changed. A row is the job; workers carry it in batches.

Each batch is one transaction that replaces its conversions' credits together with their rollups, and notes how far it has
come. So a reader always finds credits and rollups that agree, a worker that dies costs one batch, and a second run finds
nothing to change.
"""

import time
from collections.abc import Sequence
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from chat33.lib.failpoints import reach
from chat33.orgs.models import Organization
from tracking.attribution.crediting import credit, hold
from tracking.models import WINDOW, AttributionSetting, Conversion, Recount
from tracking.queue import LEASE, Claim, Queue

SHORTEST, LONGEST = 1, 365  # days of the window
QUEUE = Queue(Recount, name="recounts", batch=1)
BATCH = 500  # conversions of a transaction


class UnableToRecount(Exception):
    """It cannot be begun; the message says why."""


class Lost(Exception):
    """Somebody else carries it by now."""


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


def recount_due(*, seconds: float) -> int:
    """Carry what is due until there is nothing, or for so long. Returns how many recounts were carried, however far."""
    until = time.monotonic() + seconds

    def work(claims: Sequence[Claim]) -> None:
        for claim in claims:
            _go_on(claim, until)

    return QUEUE.drain(work, seconds=seconds)


def _go_on(claim: Claim, until: float) -> None:
    """Batch after batch; what is left when the time is up is the next worker's."""
    try:
        while carry(claim):
            if time.monotonic() >= until:
                Recount.objects.filter(pk=claim.pk, fence=claim.fence, finished_at=None).update(due_at=Now())
                return
    except Lost:
        return


@transaction.atomic
def carry(claim: Claim) -> int:
    """The next batch. Returns how many conversions it had; 0 ends the recount. Raises ``Lost``."""
    if not QUEUE.held([claim]):
        raise Lost
    row = Recount.objects.get(pk=claim.pk)
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
