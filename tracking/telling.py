"""What an event is called on its contact's timeline. Pure but for the row it reads."""

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from contacts.models import Contact, Kind
from contacts.timeline import TITLE, Told
from tracking.events.currencies import shown
from tracking.models import Event

KINDS = {"click": Kind.CLICK, "page_view": Kind.PAGE, "purchase": Kind.PURCHASE, "install": Kind.INSTALL}
KEYS = "event:"  # the beginning of all that is told of events
SHOWN = ("source", "campaign", "flow", "channel", "post", "influencer", "currency", "order_ref", "referrer")


def told(event: Event, contact: Contact) -> Told:
    """The entry. Its key is the event's, so that an event is told once however often it is looked at."""
    return Told(
        contact=contact.pk,
        organization=contact.organization_id,
        at=min(event.occurred_at, event.received_at),
        kind=kind_of(event),
        title=title_of(event)[:TITLE],
        key=entry_key(event.key),
        data=_data(event),
    )


def entry_key(event: UUID) -> str:
    """The key of the entry that tells of an event."""
    return f"{KEYS}{event}"


def kind_of(event: Event) -> Kind:
    """What sort of thing it is; what has a worth is a purchase whatever it is called."""
    found = KINDS.get(event.name.lower(), Kind.EVENT)
    return Kind.PURCHASE if found == Kind.EVENT and event.value is not None else found


def title_of(event: Event) -> str:
    """What happened, in a few words that name nobody."""
    kind, where = kind_of(event), place_of(event.url)
    if kind == Kind.CLICK:
        return f"Clicked a link to {where}" if where else "Clicked a link"
    if kind == Kind.PAGE:
        return f"Viewed {where}" if where else "Viewed a page"
    if kind == Kind.INSTALL:
        return "Installed the app"
    worth = f", {shown(event.value, event.currency)}" if event.value is not None else ""
    return f"{event.name}{worth}"


def place_of(url: str) -> str:
    """The host and path; the rest may name people."""
    try:
        parts = urlsplit(url)
        return f"{parts.hostname or ''}{parts.path}".rstrip("/")
    except ValueError:
        return ""


def _data(event: Event) -> dict[str, Any]:
    data: dict[str, Any] = {"event": event.name}
    data |= {name: value for name in SHOWN if (value := getattr(event, name))}
    if event.value is not None:
        data |= {"value": str(event.value), "verified": event.verified}
    if event.url:
        data["url"] = place_of(event.url)
    return data
