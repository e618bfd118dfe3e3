"""An event as a row of the storing statement (``store.sql``)."""

from datetime import datetime
from uuid import UUID

from chat33.lib.ids import uuid7, written
from tracking.edge.events import Row
from tracking.edge.lookups import Owner
from tracking.events.intake import Sent, key_of


def row(
    *,
    owner: Owner,
    now: datetime,
    event_id: str,
    name: str,
    source: str,
    by: str,
    key: UUID | None = None,
    **given: object,
) -> Row:
    """The row. What is empty is left out of it: the less the database has to read, the more it stores. ``key`` is that of
    ``event_id``, where it is known.
    """
    return {
        "organization_id": owner.pk, "day": owner.day(now), "received_at": now, "key": key or key_of(event_id),
        "event_id": event_id, "name": name, "source": source, "by": by,
        **{field: value for field, value in given.items() if value},
    }  # fmt: skip


def sent_row(sent: Sent, *, owner: Owner, now: datetime, source: str, by: str, **given: object) -> Row:
    """The row of an event as its sender means it, under an id of ours if it has none; money that is told without a currency
    is in the owner's.
    """
    currency = sent.currency or ("" if sent.value is None else owner.currency)
    key = None if sent.event_id else uuid7()
    event_id = sent.event_id if key is None else written(key, "evt")
    return row(
        owner=owner, now=now, event_id=event_id, key=key, name=sent.name, source=source, by=by, contact_ref=sent.contact,
        occurred_at=sent.occurred_at, value=None if sent.value is None else str(sent.value), currency=currency,
        order_ref=sent.order, data=sent.data, **given,
    )  # fmt: skip
