"""What came back to the demo organization, stored as the edge stores it: each batch by its statement, with everything that
follows from it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection, transaction

from chat33.dashboard.demo_story import DAYS, EVERY, PEOPLE, SHOP, WAYS, Happening, Story, Way
from chat33.orgs.models import Organization
from contacts.models import Contact, TimelineEntry
from contacts.services import create_contact
from tracking.edge.events import CONFIRM, STORE, Row
from tracking.edge.lookups import Owner, make_owner
from tracking.edge.notes import REJECTED
from tracking.edge.rows import row
from tracking.events.intake import key_of
from tracking.events.partitions import Month, ensure_month
from tracking.links.drafts import Draft
from tracking.links.services import create_link
from tracking.models import (
    Conversion,
    Credit,
    CreditDay,
    CreditRollup,
    Digest,
    EventKey,
    EventWork,
    Ledger,
    Link,
    Recognition,
    Recount,
    Rollup,
    StoreAggregate,
    Touch,
    Visitor,
    Word,
)
from tracking.settling import settle_due

BATCH = 1_000
KEPT: tuple[type[Any], ...] = (
    EventWork, EventKey, Recount, Credit, CreditRollup, CreditDay, Conversion, Touch, Recognition, Rollup, Visitor,
    Ledger, Digest, StoreAggregate, Word, Link,
)  # fmt: skip
SOURCE = "demo-month"  # of the people who are there for the month
REFUSED = (("pixel", 7), ("server", 3))
STORES = (("Meta", 31), ("TikTok", 18), ("Apple Search Ads", 9))


@transaction.atomic
def fill_results(*, organization: Organization, now: datetime) -> bool:
    """Fill the organization with what came back. False when something has been there before."""
    if Rollup.objects.filter(organization=organization).exists():
        return False
    contacts = _contacts(organization, now)
    links = _links(organization, contacts, now)
    zone = ZoneInfo(organization.timezone)
    midnight = datetime.combine(now.astimezone(zone).date(), time.min, zone)
    story = Story(now=now, midnight=midnight, contacts=[one.public_id for one in contacts], links=links)
    owner = make_owner(organization.pk, organization.timezone, organization.currency)
    month = Month.of(now - timedelta(days=DAYS + 1))
    while month <= Month.of(now):
        ensure_month(month)
        month = month.plus(1)
    _store(owner, story.told(), links)
    _refuse(owner, now)
    _store_aggregates(organization, now)
    Word.objects.bulk_create(
        (Word(organization=organization, kind=4, word=way.flow) for way in WAYS if way.flow), ignore_conflicts=True
    )
    return True


def settle_results(*, seconds: float = 20) -> None:
    """Have what follows from the events done now, so that nobody has to wait for a worker."""
    settle_due(seconds=seconds)


@transaction.atomic
def empty_results(*, organization: Organization) -> None:
    """Forget all that came back, the links and the month's people."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tracking_event WHERE organization_id = %s", [organization.pk])
    for model in KEPT:
        model._default_manager.filter(organization=organization).delete()
    TimelineEntry.objects.filter(organization=organization, key__startswith="event:").delete()
    Contact.objects.filter(organization=organization, source=SOURCE).delete()


def _contacts(organization: Organization, now: datetime) -> list[Contact]:
    """The people who are written to, those among them who were there before."""
    known = list(Contact.objects.filter(organization=organization, deleted_at=None).order_by("pk"))
    for number, name in enumerate(PEOPLE):
        mail = f"{name.split()[0].lower()}@example.com" if name.isascii() else ""
        made = create_contact(
            organization=organization, name=name, email=mail, source=SOURCE, by="demo",
            now=now - timedelta(days=DAYS + 1, hours=number),
        )  # fmt: skip
        known.append(made)
    return known


def _links(organization: Organization, contacts: Sequence[Contact], now: datetime) -> dict[str, Link]:
    """Every link of the story: those that a contact has of their own first, so that the others head the list."""
    links: dict[str, Link] = {}
    for way in sorted(WAYS, key=lambda way: not way.own):
        if way.own:
            for number, contact in enumerate(contacts):
                made = now - timedelta(days=DAYS - EVERY * number)
                links[f"{way.code}-{contact.public_id}"] = _link(organization, way, made, contact)
        else:
            links[way.code] = _link(organization, way, now - timedelta(days=DAYS))
    return links


def _link(organization: Organization, way: Way, now: datetime, contact: Contact | None = None) -> Link:
    posts = organization.posts.filter(
        text__startswith=way.occasion, channel__platform=way.network, status="PUBLISHED"
    )  # fmt: skip
    post = posts.first() if way.occasion else None
    channel = organization.channels.filter(platform=way.network).first() if way.network else None
    stores: dict[str, Any] = {
        "ios_url": "https://apps.apple.com/app/apple-store/id1234567890?pt=118326&ct=app&mt=8",
        "android_url": "https://play.google.com/store/apps/details?id=com.example.coffee",
    }
    draft = Draft(
        url=f"{SHOP}{way.path}", title=f"{way.title}, {contact}" if contact else way.title, campaign=way.campaign,
        channel=channel, influencer=way.influencer, flow=way.flow, contact=contact,
        post=post.public_id if post else "", folder="Messages" if way.flow else "", **(stores if way.is_app else {}),
    )  # fmt: skip
    return create_link(organization=organization, draft=draft, by="demo", now=now)


def _store(owner: Owner, happened: Sequence[Happening], links: dict[str, Link]) -> None:
    """Store it all; what came in twice comes in twice."""
    rows = [(one, made) for one in happened for made in [_row(owner, one, links)] * one.sent]
    with connection.cursor() as cursor:
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            incoming = [{**made, "n": number} for number, (_, made) in enumerate(batch)]
            cursor.execute(STORE.decode(), [msgspec.json.encode(incoming).decode()])
            arrivals = list(_arrivals(owner, [one for one, _ in batch]))
            cursor.execute(CONFIRM.decode(), [msgspec.json.encode(arrivals).decode()])


def _row(owner: Owner, one: Happening, links: dict[str, Link]) -> Row:
    given: dict[str, Any] = dict(one.given)
    link = links.get(given.pop("link", ""))
    if link is not None:
        channel = link.channel.public_id if link.channel else ""
        given = {"link_id": link.pk, "campaign": link.campaign, "flow": link.flow, "post": link.post,
                 "influencer": link.influencer, "channel": channel, "verified": False, **given}  # fmt: skip
    return row(owner=owner, now=one.at, event_id=one.event_id, name=one.name, **given)


def _arrivals(owner: Owner, happened: Sequence[Happening]) -> Iterator[Row]:
    for one in happened:
        if one.click:
            yield {"organization_id": owner.pk, "zone": owner.zone, "at": one.at, "click": key_of(one.click),
                   "contact_ref": ""}  # fmt: skip


def _refuse(owner: Owner, now: datetime) -> None:
    days = [owner.day(now - timedelta(days=ago)) for ago in (3, 11)]
    columns: list[list[Any]] = [[], [], [], []]
    for day, (source, count) in zip(days, REFUSED, strict=True):
        for column, value in zip(columns, (owner.pk, day, source, count), strict=True):
            column.append(value)
    with connection.cursor() as cursor:
        cursor.execute(REJECTED.decode(), columns)


def _store_aggregates(organization: Organization, now: datetime) -> None:
    StoreAggregate.objects.bulk_create(
        StoreAggregate(
            organization=organization, key=f"demo-{network}-{number}", day=(now - timedelta(days=number % 24)).date(),
            framework="SKAN", network=network, campaign=f"app-{network.split()[0].lower()}", app="id1234567890",
            conversion=str(number % 4), won=number % 5 != 0,
        )
        for network, count in STORES
        for number in range(count)
    )  # fmt: skip
