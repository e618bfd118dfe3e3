"""A contact's timeline: what happened, told once each, and read in pages from the newest on."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Q

from contacts.models import Contact, Kind, TimelineEntry

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
TITLE = 200  # characters
PAGE = 30
AT_ONCE = 500  # contacts whose entries are let go of in one transaction


@dataclass(frozen=True, kw_only=True)
class Told:
    """Something that happened. ``key`` tells it from everything else of the contact's: telling it again changes nothing."""

    contact: int
    organization: int
    at: datetime
    kind: Kind
    title: str
    key: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """Some entries, newest first, and where the older ones begin; empty when there are none."""

    entries: Sequence[TimelineEntry]
    next: str


def tell(told: Iterable[Told]) -> None:
    """Put these into their contacts' timelines; what is there already stays as it is."""
    TimelineEntry.objects.bulk_create(
        (
            TimelineEntry(
                organization_id=one.organization,
                contact_id=one.contact,
                at=one.at,
                kind=one.kind,
                title=one.title[:TITLE],
                data=dict(one.data),
                key=one.key,
            )
            for one in told
        ),
        ignore_conflicts=True,
        batch_size=500,
    )


def amend(found: Sequence[tuple[int, str, Mapping[str, Any]]]) -> None:
    """Put what has been found out since into the data of entries, by contact and key. One that is not there is left out."""
    if not found:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE contacts_timelineentry AS entry SET data = entry.data || found.data::jsonb
            FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS found(contact, key, data)
            WHERE entry.contact_id = found.contact AND entry.key = found.key
            """,
            [[one for one, _, _ in found], [key for _, key, _ in found], [json.dumps(data) for _, _, data in found]],
        )


def timeline_of(contact: Contact, *, kinds: Sequence[str] = (), cursor: str = "", size: int = PAGE) -> Page:
    """A page of the timeline, of these kinds alone if any are named. ``cursor`` is an earlier page's ``next``; one that
    cannot be read begins at the newest.
    """
    rows = TimelineEntry.objects.filter(contact=contact).order_by("-at", "-id")
    if kinds:
        rows = rows.filter(kind__in=kinds)
    place = place_of(cursor)
    if place is not None:
        at, pk = place
        rows = rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)  # the last is what an index understands
    found = list(rows[: size + 1])
    last = found[size - 1] if len(found) > size else None
    return Page(found[:size], f"{(last.at - EPOCH) // MICROSECOND}-{last.pk}" if last else "")


def place_of(cursor: str) -> tuple[datetime, int] | None:
    """Where a cursor points; None for nonsense."""
    at, _, pk = cursor.partition("-")
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in (at, pk)):
        return None
    try:
        return EPOCH + int(at) * MICROSECOND, int(pk)
    except OverflowError:
        return None


def forget(*, before: datetime, begins: str) -> int:
    """Let go of what happened before and has a key that begins so, some contacts at a time. Returns how much there was."""
    gone, last = 0, 0
    while contacts := list(Contact.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        old = TimelineEntry.objects.filter(contact__in=contacts, at__lt=before, key__startswith=begins)
        gone += old.delete()[0]
        last = contacts[-1]
    return gone
