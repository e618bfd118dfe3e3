"""Looking at single events: some of a period, newest first, always from one organization and never for long.

However many events there are, a page costs what it shows: they are read along an index that begins with the organization
and goes by the moment they came in, which also names the months to read. What no index finds is looked for within a time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg
from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet

from chat33.orgs.models import Organization
from contacts.models import Contact
from contacts.timeline import EPOCH, MICROSECOND, place_of
from tracking.edge.words import OURS
from tracking.models import Credit, Event, EventKey, Link, Word
from tracking.results.figures import moments
from tracking.results.period import Period

PAGE = 50
PATIENCE = 4_000  # milliseconds for one look
MOST_WRITTEN = 50_000  # rows of one file
PIECE = 2_000  # rows that a file is read by
NAMES = 500  # of events to choose from


class TooSlow(Exception):
    """There is too much to look through: the person should ask for less."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Which events: all of it must hold. Days are the organization's; blank is whatever."""

    period: Period
    name: str = ""
    source: str = ""
    by: str = ""
    contact: str = ""
    link: str = ""  # a public id
    campaign: str = ""
    verified: bool | None = None
    text: str = ""  # in the page's address


@dataclass(frozen=True)
class Found:
    """Some events, newest first, and where older ones begin; empty when there are none."""

    events: Sequence[Event]
    next: str


@dataclass(frozen=True)
class Named:
    """The contacts and links that some events name, by their id as the event has it."""

    contacts: dict[str, Contact]
    links: dict[int, Link]


@contextmanager
def shortly(milliseconds: int | None = None) -> Iterator[None]:
    """What is asked of the database inside is given up after so long. Raises ``TooSlow``."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(milliseconds or PATIENCE)])
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, psycopg.errors.QueryCanceled):
            raise TooSlow from error
        raise


def events_like(organization: Organization, wish: Wish) -> QuerySet[Event]:
    """Those that fit, newest first."""
    begins, ends = moments(organization, wish.period)
    rows = Event.objects.filter(organization=organization, received_at__gte=begins, received_at__lt=ends)
    exact = {"name": wish.name, "source": wish.source, "by": wish.by, "contact_ref": wish.contact,
             "campaign": wish.campaign}  # fmt: skip
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if wish.link:
        link = Link.objects.filter(organization=organization, public_id=wish.link).values_list("pk", flat=True).first()
        rows = rows.filter(link=link) if link else rows.none()
    if wish.verified is not None:
        rows = rows.filter(verified=wish.verified, value__isnull=False)
    if wish.text:
        rows = rows.filter(url__icontains=wish.text)
    return rows.order_by("-received_at", "-id")


def found(rows: QuerySet[Event], *, cursor: str = "", size: int = PAGE) -> Found:
    """A page of them; ``cursor`` is an earlier page's ``next``, and nonsense is the first page. Raises ``TooSlow``."""
    place = place_of(cursor)
    if place is not None:
        at, pk = place
        rows = rows.filter(Q(received_at__lt=at) | Q(received_at=at, id__lt=pk), received_at__lte=at)
    with shortly():
        events = list(rows[: size + 1])
    last = events[size - 1] if len(events) > size else None
    return Found(events[:size], f"{(last.received_at - EPOCH) // MICROSECOND}-{last.pk}" if last else "")


def every(rows: QuerySet[Event], *, most: int = MOST_WRITTEN) -> Iterator[Event]:
    """All of them up to ``most``, read piece by piece. Raises ``TooSlow`` when a piece takes too long."""
    cursor, told = "", 0
    while told < most:
        piece = found(rows, cursor=cursor, size=min(PIECE, most - told))
        yield from piece.events
        told += len(piece.events)
        cursor = piece.next
        if not cursor:
            return


def named_by(organization: Organization, events: Sequence[Event]) -> Named:
    """Whom and what these events name, in two queries."""
    refs = {event.contact_ref for event in events if event.contact_ref}
    pks = {event.link_id for event in events if event.link_id}
    contacts = Contact.objects.filter(organization=organization, public_id__in=refs, deleted_at=None) if refs else ()
    links = Link.objects.filter(organization=organization, pk__in=pks) if pks else ()
    return Named({contact.public_id: contact for contact in contacts}, {link.pk: link for link in links})


def event_of(organization: Organization, key: UUID) -> Event | None:
    """The organization's event of this key; None for one that is not there, or not any more."""
    kept = EventKey.objects.filter(pk=(organization.pk, key)).first()
    if kept is None:
        return None
    return Event.objects.filter(organization=organization, received_at=kept.received_at, key=key).first()


def credits_of(organization: Organization, event: Event) -> list[Credit]:
    """What the event was credited to, by model."""
    rows = Credit.objects.filter(organization=organization, event_key=event.key).select_related("link", "contact")
    return list(rows.order_by("model", "id"))


def names_of(organization: Organization) -> list[str]:
    """The names of events to choose from: ours, and those that the organization has sent."""
    words = Word.objects.filter(organization=organization, kind=0).values_list("word", flat=True)
    return sorted({*OURS, *words[:NAMES]})
