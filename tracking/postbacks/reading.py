"""MMP postbacks, carried by a worker: read, told from repetitions, stored as events, matched to contacts.

The edge keeps each message as it came. A worker claims a batch of them (``tracking.queue``). What follows from a message,
its event among it, and the message's new state are one transaction: a worker that dies has done nothing, and the message
comes back when the lease ends. An event is stored under the MMP's own key for it, so that a repetition, however late, finds
it there.

Who a message names may appear later: it waits as unmatched and is looked at again then (``match_waiting``), and for a
while by the clock, for a contact that came while it was being read.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from chat33.lib.clock import utcnow
from chat33.lib.failpoints import reach
from contacts.models import Contact
from contacts.selectors import is_contact_id
from tracking.edge.events import Row
from tracking.edge.rows import row
from tracking.events.intake import EARLY, LATE, key_of
from tracking.mmp.base import Reading, Unreadable, fields_of
from tracking.mmp.registry import read
from tracking.models import Postback, PostbackStatus, StoreAggregate
from tracking.postbacks import recording, verdicts
from tracking.queue import LEASE, Claim, Queue

QUEUE = Queue(Postback, name="postbacks", batch=200)
PRUNED = 5_000  # messages that are forgotten at once
AWAITED = (timedelta(seconds=15), timedelta(minutes=3))  # after it came, when to look again for its contact
REPLAYED = (PostbackStatus.UNMATCHED, PostbackStatus.UNREADABLE)


@dataclass
class Understood:
    """A message, read: what becomes of it when it is stored."""

    postback: Postback
    reading: Reading | None
    verdict: verdicts.Verdict | None  # when it needs no storing
    row: Row | None = None

    @property
    def contact(self) -> tuple[int, str]:
        """Whose it may be: the organization and the contact's id, which may be empty."""
        ref = self.reading.contact if self.reading and is_contact_id(self.reading.contact) else ""
        return self.postback.organization_id, ref


def read_due(*, seconds: float) -> int:
    """Carry what is due until there is nothing, or for so long. Returns how many were carried."""
    return QUEUE.drain(_carry, seconds=seconds)


def read_now(*, postback: Postback) -> None:
    """Carry this one, for somebody who waits for it; if a worker has it already, that one does."""
    fence = postback.fence + 1
    taken = Postback.objects.filter(pk=postback.pk, fence=postback.fence, status=PostbackStatus.PENDING)
    if taken.update(fence=fence, due_at=Now() + LEASE):
        QUEUE.carry([Claim(postback.pk, fence)], _carry)


def carry(claims: Sequence[Claim], *, now: datetime) -> None:
    """Everything that follows from these messages. Those that somebody else holds by now are left to them."""
    rows = Postback.objects.filter(pk__in=[one.pk for one in claims]).select_related("organization").order_by("pk")
    found = {one.postback.pk: one for one in (understood(postback) for postback in rows)}
    recording.bound([one.row for one in found.values() if one.row])
    recording.ensure_months_of(one.postback.received_at for one in found.values() if one.row)
    with transaction.atomic():
        mine = [found[one.pk] for one in QUEUE.held(claims)]
        duplicates = _store(mine)
        reach("postbacks.stored")
        contacts = _contacts(mine)
        for one in mine:
            _settle(one, contacts.get(one.contact), duplicates.get(one.postback.pk), now=now)
        reach("postbacks.ended")


def understood(postback: Postback) -> Understood:
    """A message, read. Nothing is stored yet, and nothing but its own text matters."""
    try:
        reading = read(fields_of(postback.query, postback.body, postback.content_type))
    except Unreadable as error:
        return Understood(postback, None, verdicts.unreadable(str(error)))
    verdict = verdicts.ignored(reading)
    found = Understood(postback, reading, verdict)
    if not verdict and not reading.store and not postback.is_test and not postback.stored_as:
        found.row = _row(found, reading)
    return found


def replay(*, postback: Postback, now: datetime) -> None:
    """Carry it once more. What it brought already is not counted again."""
    Postback.objects.filter(pk=postback.pk).update(status=PostbackStatus.PENDING, due_at=now)


def replay_all(*, rows: QuerySet[Postback], now: datetime) -> int:
    """Carry the unmatched and unreadable ones of these once more. Returns how many they are."""
    waiting = rows.filter(status__in=REPLAYED).order_by()
    return waiting.update(status=PostbackStatus.PENDING, due_at=now)


def prune(*, now: datetime, seconds: float) -> int:
    """Forget messages that were kept as long as promised, for at most so many seconds; what they brought stays. Returns how
    many. They are written in the order of time, so the oldest are the first: no index is needed to find them.
    """
    if settings.POSTBACK_DAYS <= 0:
        return 0
    until, before, removed = time.monotonic() + seconds, now - timedelta(days=settings.POSTBACK_DAYS), 0
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute(
                """
                DELETE FROM tracking_postback WHERE due_at IS NULL AND id IN (
                    SELECT id FROM (SELECT id, received_at FROM tracking_postback ORDER BY id LIMIT %s) AS oldest
                    WHERE received_at < %s
                )
                """,
                [PRUNED, before],
            )
            removed += cursor.rowcount
            if cursor.rowcount < PRUNED:
                break
    return removed


def match_waiting(sender: Any, *, contact: Contact, now: datetime, **_: Any) -> None:
    """Receives ``contact_appeared``: messages that named the contact before it was there are its own now. Their events
    are looked at again by who settles events.
    """
    Postback.objects.filter(
        organization=contact.organization_id, contact_ref=contact.public_id, status=PostbackStatus.UNMATCHED
    ).update(status=PostbackStatus.MATCHED, contact=contact, why=verdicts.APPEARED, due_at=None)


def _carry(claims: Sequence[Claim]) -> None:
    carry(claims, now=utcnow())


def _row(one: Understood, reading: Reading) -> Row:
    """The event as the storing statement takes it."""
    postback = one.postback
    at, came = reading.occurred_at, postback.received_at
    believed = at is not None and came - LATE < at < came + EARLY
    worth = verdicts.worth(reading)
    data = {"mmp": reading.mmp, "network": reading.network, "app": reading.app, "device": reading.device}
    data |= {"postback": postback.public_id}
    if worth is None and reading.value is not None:
        data |= {"value": str(reading.value), "currency": reading.currency}
    return row(
        owner=recording.owner_of(postback.organization),
        now=came,
        event_id=_event_id(postback, reading),
        name=verdicts.name_of(reading),
        source="mmp",
        by="server",
        occurred_at=at if believed else came,
        contact_ref=one.contact[1],
        verified=True,
        value=None if worth is None else str(worth),
        currency="" if worth is None else reading.currency,
        order_ref=reading.order,
        flow=reading.flow[:60],
        campaign=reading.campaign[:100],
        influencer=reading.influencer[:100],
        agent=reading.platform[:40],
        data={name: value[:200] for name, value in data.items() if value},
    )


def _event_id(postback: Postback, reading: Reading) -> str:
    return f"{reading.mmp}-{reading.key or postback.public_id}"


def _store(mine: Sequence[Understood]) -> Mapping[int, str]:
    """Store what these bring. Returns the duplicates: by message, the id under which it was there already."""
    rows = [one for one in mine if one.row]
    new = recording.record([one.row for one in rows if one.row])
    duplicates: dict[int, str] = {}
    for number, one in enumerate(rows):
        event_id = str((one.row or {})["event_id"])
        if number in new:
            one.postback.stored_as = event_id
        else:
            duplicates[one.postback.pk] = event_id
    for one in mine:
        reading, postback = one.reading, one.postback
        if reading and reading.store and not postback.stored_as and not postback.is_test:
            key = f"{reading.store.framework.lower()}-{reading.key}"
            _, made = StoreAggregate.objects.get_or_create(
                organization=postback.organization,
                key=key,
                defaults={
                    "day": recording.owner_of(postback.organization).day(postback.received_at),
                    "framework": reading.store.framework,
                    "network": reading.store.network,
                    "campaign": reading.store.campaign,
                    "app": reading.store.app,
                    "conversion": reading.store.conversion,
                    "won": reading.store.won,
                },
            )
            if made:
                postback.stored_as = key
            else:
                duplicates[postback.pk] = key
    return duplicates


def _contacts(mine: Sequence[Understood]) -> dict[tuple[int, str], Contact]:
    """The contacts that these name, by organization and id."""
    wanted = {one.contact for one in mine if one.contact[1]}
    rows = Contact.objects.filter(
        public_id__in={ref for _, ref in wanted}, organization__in={of for of, _ in wanted}, deleted_at=None
    )
    return {(contact.organization_id, contact.public_id): contact for contact in rows}


def _settle(one: Understood, contact: Contact | None, duplicate: str | None, *, now: datetime) -> None:
    """Write down what became of the message."""
    postback, reading = one.postback, one.reading
    verdict = one.verdict
    if verdict is None and reading is not None:
        verdict = (
            verdicts.duplicate(reading, first=_first(postback, duplicate))
            if duplicate
            else verdicts.of(reading, found=contact is not None, is_id=bool(one.contact[1]), is_test=postback.is_test)
        )
    assert verdict is not None
    postback.status, postback.why = verdict.status, verdict.why
    matched = contact if verdict.status == PostbackStatus.MATCHED else None
    is_news = matched is not None and matched.pk != postback.contact_id
    postback.contact = matched
    if reading is not None:
        postback.mmp, postback.event_name = reading.mmp, verdicts.name_of(reading)
        postback.key, postback.contact_ref = reading.key, reading.contact[:64]
        postback.fields = dict(reading.fields)
    waits = verdict.status == PostbackStatus.UNMATCHED and one.contact[1] and not postback.is_test
    postback.due_at = _next_look(postback.received_at, now) if waits else None
    postback.save(
        update_fields=[
            "status",
            "why",
            "contact",
            "mmp",
            "event_name",
            "key",
            "contact_ref",
            "fields",
            "due_at",
            "stored_as",
        ]
    )
    if matched and is_news and postback.stored_as and not one.row:
        _give(postback, matched, now=now)


def _first(postback: Postback, stored_as: str) -> datetime | None:
    """When the message came that this one repeats."""
    rows = Postback.objects.filter(organization=postback.organization_id, stored_as=stored_as)
    return rows.values_list("received_at", flat=True).first()


def _next_look(received_at: datetime, now: datetime) -> datetime | None:
    return next((received_at + wait for wait in AWAITED if received_at + wait > now), None)


def _give(postback: Postback, contact: Contact, *, now: datetime) -> None:
    """An event that was stored before its contact was known: it is theirs from now on, and is settled."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH given AS (
                UPDATE tracking_event SET contact_ref = %s
                WHERE received_at = %s AND organization_id = %s AND key = %s RETURNING organization_id, id, received_at
            )
            INSERT INTO tracking_eventwork (organization_id, event, received_at, due_at, fence)
            SELECT organization_id, id, received_at, %s, 0 FROM given
            """,
            [contact.public_id, postback.received_at, postback.organization_id, key_of(postback.stored_as), now],
        )
