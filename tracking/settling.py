"""What follows from an event: whose it is, which labels that puts on them, their timeline, when they were last seen.

The edge leaves a row of ``EventWork`` with each event that may be somebody's. A worker claims a batch of them
(``tracking.queue``). Everything that follows from a batch, and the end of its rows, is one transaction: a worker that dies
has done nothing, and its rows come back when the lease ends.

An event's contact is the one of that id in the event's own organization. For an id that nobody has, nothing is stored
against anyone; the event is looked at again for a while, as its contact may be on its way, and when that contact appears.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

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
from tracking.queue import Claim, Queue
from tracking.rules import folded, rules_by_event
from tracking.signals import event_settled
from tracking.telling import told

QUEUE = Queue(EventWork, name="events", batch=500)
AWAITED = (timedelta(seconds=10), timedelta(minutes=2))  # when to look again for a contact that is not there yet
REVISITED = 10_000  # events that are looked at again when their contact appears


def settle_due(*, seconds: float) -> int:
    """Settle what is due until there is nothing, or for so long. Returns how many were carried."""
    return QUEUE.drain(lambda claims: settle(claims, now=utcnow()), seconds=seconds)


@transaction.atomic
def settle(claims: Sequence[Claim], *, now: datetime) -> None:
    """Everything that follows from these events, and the end of their rows. Those that somebody else holds by now are
    left to them.
    """
    held = QUEUE.held(claims)
    events = _events(held)
    contacts = _contacts(list(events.values()))
    done: list[int] = []
    settled: list[tuple[Event, Contact | None]] = []
    later: dict[timedelta, list[int]] = {}
    for one in held:
        event = events.get(one.pk)
        contact = contacts.get((event.organization_id, event.contact_ref)) if event else None
        if event and not contact and one.fence <= len(AWAITED) and is_contact_id(event.contact_ref):
            later.setdefault(AWAITED[one.fence - 1], []).append(one.pk)
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
            INSERT INTO tracking_eventwork (organization_id, event, received_at, due_at, fence)
            SELECT organization_id, id, received_at, %s, 0 FROM tracking_event
            WHERE organization_id = %s AND contact_ref = %s AND contact_ref <> '' AND by IN ('person', 'server')
            ORDER BY id DESC LIMIT %s
            """,
            [now, contact.organization_id, contact.public_id, REVISITED],
        )


def _events(claims: Sequence[Claim]) -> dict[int, Event]:
    """The events by the keys of their rows; one whose month has been dropped is not there."""
    rows = Event.objects.raw(
        """
        SELECT event.*, work.id AS work FROM tracking_eventwork AS work
        JOIN tracking_event AS event ON event.received_at = work.received_at AND event.id = work.event
        WHERE work.id = ANY(%s)
        """,
        [[one.pk for one in claims]],
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
