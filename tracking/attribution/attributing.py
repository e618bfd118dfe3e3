"""What each conversion is credited to. Every event that is settled comes by here: touches are kept, visitors recognized,
orders decided, and all conversions to which that makes a difference credited anew, in the transaction that settles them.

What comes late is no special case: a touch that arrives after its conversion, a contact that appears after its events, a
visitor who is identified after the purchase. Each changes what is known of some conversions, and those are worked out again
from what is there. So the credits depend on what is known, not on the order in which it came.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from chat33.orgs.models import Organization
from contacts.models import Contact
from tracking.attribution import touches
from tracking.attribution.crediting import credit, hold, windows
from tracking.attribution.touches import Pair
from tracking.attribution.verification import Move, settle_orders
from tracking.models import Conversion, Event, Source, Touch
from tracking.rules import folded, rules_by_event

EARNING = frozenset({"purchase", "signup", "lead", "install"})
NEVER = frozenset({"page_view", "click", "click.expired", "click.confirmed"})  # whatever rules say: they lead there
ALWAYS = (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))

# Somebody may call every visitor by one id, or lend a browser to everybody: that is no person, and each of its conversions
# would cost as much as it has visitors.
VISITORS, CONTACTS = 200, 100  # that a contact is recognized as, and that a visitor is; and those of the same batch
RECONSIDERED = 500  # conversions of one of them, the latest, that news are looked at for; a recount has no limit

_RECOGNIZE = """
INSERT INTO tracking_recognition (organization_id, visitor, contact_id, at)
SELECT DISTINCT ON (1, 2, 3) * FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::timestamptz[])
    AS said(organization, visitor, contact, at)
WHERE %s > (
    SELECT count(*) FROM (
        SELECT FROM tracking_recognition AS known
        WHERE known.organization_id = said.organization AND known.contact_id = said.contact LIMIT %s
    ) AS visitors
) AND %s > (
    SELECT count(*) FROM (
        SELECT FROM tracking_recognition AS known
        WHERE known.organization_id = said.organization AND known.visitor = said.visitor LIMIT %s
    ) AS contacts
)
ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING RETURNING organization_id, visitor, contact_id
"""
# Conversions of a contact or visitor, of a contact's other visitors, and of whom a touched visitor is known to be, from a
# moment until another.
_AFFECTED = """
WITH known AS (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::boolean[], %s::timestamptz[], %s::timestamptz[])
        AS known(organization, contact, visitor, touched, since, until)
), people AS (
    SELECT organization, contact, since, until FROM known WHERE contact IS NOT NULL
    UNION
    SELECT known.organization, one.contact_id, known.since, known.until FROM known
    JOIN tracking_recognition AS one ON one.organization_id = known.organization AND one.visitor = known.visitor
    WHERE known.visitor <> '' AND known.touched
), visitors AS (
    SELECT organization, visitor, since, until FROM known WHERE visitor <> ''
    UNION
    SELECT people.organization, one.visitor, people.since, people.until FROM people
    JOIN tracking_recognition AS one ON one.organization_id = people.organization AND one.contact_id = people.contact
)
SELECT one.id FROM people CROSS JOIN LATERAL (
    SELECT id FROM tracking_conversion WHERE organization_id = people.organization AND contact_id = people.contact
        AND at >= people.since AND at <= people.until ORDER BY at DESC LIMIT %s
) AS one
UNION
SELECT one.id FROM visitors CROSS JOIN LATERAL (
    SELECT id FROM tracking_conversion WHERE organization_id = visitors.organization AND visitor = visitors.visitor
        AND at >= visitors.since AND at <= visitors.until ORDER BY at DESC LIMIT %s
) AS one
"""

Known = tuple[int, str, int]  # organization, visitor, contact
Reach = tuple[int, int | None, str, bool, datetime, datetime]  # organization, contact, visitor, touched, since, until


def follow(pairs: Sequence[Pair]) -> list[Move]:
    """Credit what follows from these events. Returns the moves that the caller carries into the rollups last
    (``tracking.attribution.verification.roll``).
    """
    pairs = [(event, contact) for event, contact in pairs if event.by in ("person", "server")]
    converting = _conversions(pairs)
    if not (converting or any(touches.seen_in(*pair) or _names(*pair) for pair in pairs)):
        return []
    organizations = {event.organization_id for event, _ in pairs}
    hold(organizations)
    recognized = _recognize(pairs)
    touched = touches.keep(pairs)
    written = _keep(converting)
    changed, moves = settle_orders(written)
    far = windows(organizations)
    affected = _affected(_reach(touched, recognized, far))
    keys = {one.pk for one in (*written, *changed)} | affected
    credit(list(Conversion.objects.filter(pk__in=keys).order_by("pk")))
    return moves


def is_conversion(event: Event, named: Iterable[str]) -> bool:
    """Whether it earns credit: it has a worth, or a name that does; ``named`` are those of the organization's rules."""
    if event.value is not None:
        return True
    name = folded(event.name)
    return name not in NEVER and (name in EARNING or name in named)


def _names(event: Event, contact: Contact | None) -> bool:
    return contact is not None and bool(event.visitor)


def _conversions(pairs: Sequence[Pair]) -> list[Pair]:
    named: dict[int, set[str]] = {}
    for organization, name in rules_by_event({event.organization_id for event, _ in pairs}):
        named.setdefault(organization, set()).add(name)
    return [pair for pair in pairs if is_conversion(pair[0], named.get(pair[0].organization_id, ()))]


def _keep(pairs: Sequence[Pair]) -> list[Conversion]:
    """The conversions' rows: made, or with the contact who has appeared since."""
    if not pairs:
        return []
    zones = dict(
        Organization.objects.filter(pk__in={event.organization_id for event, _ in pairs}).values_list("pk", "timezone")
    )
    rows = Conversion.objects.raw(
        """
        SELECT conversion.* FROM unnest(%s::bigint[], %s::uuid[]) AS wanted(organization, key)
        JOIN tracking_conversion AS conversion ON conversion.organization_id = wanted.organization
            AND conversion.key = wanted.key
        """,
        [[event.organization_id for event, _ in pairs], [event.key for event, _ in pairs]],
    )
    known = {(row.organization_id, row.key): row for row in rows}
    new: dict[tuple[int, object], Conversion] = {}
    appeared: list[Conversion] = []
    for event, contact in pairs:
        key = event.organization_id, event.key
        one = known.get(key) or new.get(key)
        if one is None:
            new[key] = _conversion(event, contact, zones[event.organization_id])
        elif contact and one.contact_id is None:
            one.contact_id = contact.pk
            if one.pk:
                appeared.append(one)
    Conversion.objects.bulk_create(new.values())
    Conversion.objects.bulk_update(appeared, ["contact"])
    return [*known.values(), *new.values()]


def _conversion(event: Event, contact: Contact | None, zone: str) -> Conversion:
    browser = event.source == Source.PIXEL
    return Conversion(
        organization_id=event.organization_id,
        key=event.key,
        event=event.pk,
        received_at=event.received_at,
        # A browser's clock may be behind ours, by which the click was told.
        at=event.received_at if browser else min(event.occurred_at, event.received_at),
        day=event.received_at.astimezone(ZoneInfo(zone)).date(),
        name=event.name,
        value=event.value,
        currency=event.currency,
        order_ref=event.order_ref,
        verified=event.verified,
        counted_verified=event.verified,
        contact_id=contact.pk if contact else None,
        visitor=event.visitor,
        flow=event.flow if browser else "",
        channel=event.channel if browser else "",
    )


def _recognize(pairs: Sequence[Pair]) -> list[Known]:
    """Note which visitors are whom. Returns what is new."""
    said = [
        (event.organization_id, event.visitor, contact.pk, min(event.occurred_at, event.received_at))
        for event, contact in pairs
        if contact and event.visitor
    ]
    if not said:
        return []
    with connection.cursor() as cursor:
        columns = [list(column) for column in zip(*said, strict=True)]
        cursor.execute(_RECOGNIZE, [*columns, VISITORS, VISITORS, CONTACTS, CONTACTS])
        found: list[Known] = cursor.fetchall()
    return found


def _reach(touched: Sequence[Touch], recognized: Sequence[Known], far: Mapping[int, timedelta]) -> list[Reach]:
    """Whose conversions look different now: after a touch those within its window, of everybody whose it may be; of somebody
    recognized all of them, for who a visitor is does not depend on when it was said.
    """
    after = [
        (one.organization_id, one.contact_id, one.visitor, True, one.at, one.at + far[one.organization_id])
        for one in touched
    ]
    always = [(organization, contact, visitor, False, *ALWAYS) for organization, visitor, contact in recognized]
    return [*after, *always]


def _affected(reach: Sequence[Reach]) -> set[int]:
    """The conversions (primary keys) within reach."""
    if not reach:
        return set()
    with connection.cursor() as cursor:
        columns = [list(column) for column in zip(*reach, strict=True)]
        cursor.execute(_AFFECTED, [*columns, RECONSIDERED, RECONSIDERED])
        return {pk for (pk,) in cursor.fetchall()}
