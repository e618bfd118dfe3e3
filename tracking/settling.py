"""What follows from an event: whose it is, which labels that puts on them, their timeline, when they were last seen.

The edge leaves a row of ``EventWork`` with each event that may be somebody's. A worker claims a batch of them: each is
leased by ``due_at`` and numbered by ``fence``. Everything that follows from a batch, and the end of its rows, is one
transaction: a worker that dies has done nothing, and its rows come back when the lease ends. What could not be settled
together is settled one by one, so that an event that cannot be does not keep the others.

An event's contact is the one of that id in the event's own organization. For an id that nobody has, nothing is stored
against anyone; the event is looked at again for a while, as its contact may be on its way, and when that contact appears.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction
from django.db.models.functions import Now

from chat33.lib.clock import utcnow
from chat33.lib.failpoints import reach
from contacts.labels import put_pairs
from contacts.models import Contact
from contacts.selectors import is_contact_id
from contacts.timeline import tell
from tracking.attribution.attributing import follow
from tracking.attribution.verification import roll
from tracking.models import Event, EventWork
from tracking.rules import folded, rules_by_event
from tracking.signals import event_settled
from tracking.telling import told

logger = structlog.get_logger(__name__)

BATCH = 500
LEASE = timedelta(seconds=60)
LONGEST_WAIT = timedelta(hours=1)  # between tries at an event that cannot be settled
AWAITED = (timedelta(seconds=10), timedelta(minutes=2))  # when to look again for a contact that is not there yet
ALONE = len(AWAITED) + 2  # tries after which an event is settled by itself
REVISITED = 10_000  # events that are looked at again when their contact appears


@dataclass(frozen=True)
class Claim:
    """A row in hand."""

    pk: int
    organization: int
    event: int
    received_at: datetime
    fence: int
    attempts: int  # this one counted


def due(limit: int) -> int:
    """How many batches are due, counted up to ``limit``."""
    rows = EventWork.objects.filter(due_at__lte=Now()).order_by()
    return -(-rows[: limit * BATCH].count() // BATCH)


def settle_due(*, seconds: float) -> int:
    """Settle what is due until there is nothing, or for so long. Returns how many were carried."""
    until, carried = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        claims = claim(limit=BATCH)
        if not claims:
            break
        reach("events.claimed")
        carry(claims)
        carried += len(claims)
    return carried


def claim(*, limit: int) -> list[Claim]:
    """Take up to ``limit`` due rows, longest due first. Two claimers never get the same."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH due AS (
                SELECT id FROM tracking_eventwork WHERE due_at <= statement_timestamp()
                ORDER BY due_at LIMIT %s FOR UPDATE SKIP LOCKED
            )
            UPDATE tracking_eventwork AS work SET
                fence = work.fence + 1, attempts = least(work.attempts + 1, 1000),
                due_at = statement_timestamp() + make_interval(secs => %s)
            FROM due WHERE work.id = due.id
            RETURNING work.id, work.organization_id, work.event, work.received_at, work.fence, work.attempts
            """,
            [limit, LEASE.total_seconds()],
        )
        return [Claim(*row) for row in cursor.fetchall()]


def carry(claims: Sequence[Claim]) -> None:
    """Settle the claimed, together where that works."""
    together = [one for one in claims if one.attempts <= ALONE]
    alone = [one for one in claims if one.attempts > ALONE]
    if together:
        try:
            settle(together, now=utcnow())
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # whatever is wrong with one of them, the others go on
            logger.warning("events_settled_one_by_one", error=type(error).__name__, events=len(together))
            alone = [*together, *alone]
    for one in alone:
        try:
            settle([one], now=utcnow())
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            logger.exception("event_not_settled", id=one.event, attempts=one.attempts, error=type(error).__name__)
            wait = min(LONGEST_WAIT, timedelta(seconds=2 ** min(one.attempts, 12)))
            EventWork.objects.filter(pk=one.pk, fence=one.fence).update(due_at=Now() + wait)


@transaction.atomic
def settle(claims: Sequence[Claim], *, now: datetime) -> None:
    """Everything that follows from these events, and the end of their rows. Those that somebody else holds by now are
    left to them.
    """
    held = _held(claims)
    events = _events(held)
    contacts = _contacts(list(events.values()))
    done: list[int] = []
    settled: list[tuple[Event, Contact | None]] = []
    later: dict[timedelta, list[int]] = {}
    for one in held:
        event = events.get(one.pk)
        contact = contacts.get((event.organization_id, event.contact_ref)) if event else None
        if event and not contact and one.attempts <= len(AWAITED) and is_contact_id(event.contact_ref):
            later.setdefault(AWAITED[one.attempts - 1], []).append(one.pk)
            continue
        done.append(one.pk)
        if event:
            settled.append((event, contact))
    _follow([(event, contact) for event, contact in settled if contact], now=now)
    for event, contact in settled:
        event_settled.send(Event, event=event, contact=contact, now=now)
    reach("events.followed")
    moves = follow(settled)
    EventWork.objects.filter(pk__in=done).delete()
    for wait, rows in later.items():
        EventWork.objects.filter(pk__in=rows).update(due_at=Now() + wait)
    roll(moves)
    reach("events.ended")


def revisit(sender: Any, *, contact: Contact, now: datetime, **_: Any) -> None:
    """Receives ``contact_appeared``: the events that gave this contact's id before it was there are looked at again."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO tracking_eventwork (organization_id, event, received_at, due_at, fence, attempts)
            SELECT organization_id, id, received_at, %s, 0, 0 FROM tracking_event
            WHERE organization_id = %s AND contact_ref = %s AND contact_ref <> '' AND by IN ('person', 'server')
            ORDER BY id DESC LIMIT %s
            """,
            [now, contact.organization_id, contact.public_id, REVISITED],
        )


def _held(claims: Sequence[Claim]) -> list[Claim]:
    """Those that are still ours, held until the transaction ends."""
    rows = EventWork.objects.select_for_update().filter(pk__in=[one.pk for one in claims]).order_by("pk")
    fences = dict(rows.values_list("pk", "fence"))
    return [one for one in claims if fences.get(one.pk) == one.fence]


def _events(claims: Sequence[Claim]) -> dict[int, Event]:
    """The events by the keys of their rows; one whose month has been dropped is not there."""
    rows = Event.objects.raw(
        """
        SELECT event.*, work.pk AS work FROM unnest(%s::bigint[], %s::timestamptz[], %s::bigint[]) AS work(pk, at, id)
        JOIN tracking_event AS event ON event.received_at = work.at AND event.id = work.id
        """,
        [[one.pk for one in claims], [one.received_at for one in claims], [one.event for one in claims]],
    )
    return {event.work: event for event in rows}  # type: ignore[attr-defined]  # the query's own column


def _contacts(events: Sequence[Event]) -> dict[tuple[int, str], Contact]:
    """The contacts that the events name, by organization and id, in one order of locking for all workers."""
    wanted = {(event.organization_id, event.contact_ref) for event in events if is_contact_id(event.contact_ref)}
    rows = Contact.objects.select_for_update(no_key=True).filter(
        public_id__in={ref for _, ref in wanted}, organization__in={pk for pk, _ in wanted}, deleted_at=None
    )
    found = {(contact.organization_id, contact.public_id): contact for contact in rows.order_by("pk")}
    return {key: contact for key, contact in found.items() if key in wanted}


def _follow(pairs: Sequence[tuple[Event, Contact]], *, now: datetime) -> None:
    rules = rules_by_event({contact.organization_id for _, contact in pairs})
    tell(told(event, contact) for event, contact in pairs)
    labels: dict[str, list[tuple[int, int]]] = {}  # by rule
    for event, contact in pairs:
        for rule, label in rules.get((contact.organization_id, folded(event.name)), []):
            labels.setdefault(rule, []).append((contact.pk, label))
    for rule, wanted in sorted(labels.items()):
        put_pairs(pairs=sorted(set(wanted)), by=rule, now=now)
    seen: dict[int, datetime] = {}
    for event, contact in pairs:
        at = min(event.occurred_at, event.received_at)
        seen[contact.pk] = max(at, seen.get(contact.pk, contact.last_seen_at or at))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE contacts_contact AS contact SET last_seen_at = greatest(contact.last_seen_at, seen.at)
            FROM unnest(%s::bigint[], %s::timestamptz[]) AS seen(id, at) WHERE contact.id = seen.id
            """,
            [list(seen), list(seen.values())],
        )
