"""Which events are touches, and keeping them. A click by a person who is known, a page view that came with tags, and what a
server or an MMP says of its own event. An arrival that a known click led to is that click's touch, not a second one.

Called by one worker an organization at a time (``tracking.attribution``), so rows are read, changed and written.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from django.db.models import Q

from contacts.models import Contact
from tracking.intake import key_of
from tracking.models import Event, Source, Touch
from tracking.shares import SAID, Axes

NEAR = timedelta(minutes=30)  # between a click that hands on no id of its own and the arrival it led to

LONGEST = {"campaign": 100, "flow": 60, "channel": 60, "post": 60, "influencer": 100}  # as the columns have them
_FIELDS = ("contact", "visitor", "link", *SAID)

Pair = tuple[Event, Contact | None]


@dataclass(frozen=True)
class Seen:
    """A touch as an event tells it; ``click`` is the key of the click that led to the arrival."""

    organization: int
    key: UUID
    at: datetime
    contact: int | None
    visitor: str
    axes: Axes
    click: UUID | None = None
    arrival: bool = False


def seen_in(event: Event, contact: Contact | None) -> Seen | None:
    """The touch that an event is, if it is one and can be found by somebody."""
    at = min(event.occurred_at, event.received_at)
    own = Axes(event.link_id or 0, *(getattr(event, name) for name in SAID))
    pk = contact.pk if contact else None
    if event.name == "click" and event.by == "person":
        return Seen(event.organization_id, event.key, at, pk, "", own) if contact and own else None
    if event.source == Source.PIXEL:
        if event.name != "page_view" or event.by != "person" or not (contact or event.visitor):
            return None
        return _arrival(event, pk, at)
    if event.source in (Source.SERVER, Source.MMP):
        axes = own.over(_told(event.data))
        return Seen(event.organization_id, event.key, at, pk, event.visitor, axes) if axes else None
    return None


def keep(pairs: Sequence[Pair]) -> list[Touch]:
    """Keep the touches among these events. Returns those that are new or say more than before."""
    seen = [one for event, contact in pairs if (one := seen_in(event, contact))]
    if not seen:
        return []
    clicks = _clicks([one for one in seen if one.click])
    wanted = {(one.organization, key) for one in seen for key in (one.key, one.click) if key}
    known = {(touch.organization_id, touch.key): touch for touch in _of_keys(wanted)}
    near = _near(seen)
    changed: dict[tuple[int, UUID], Touch] = {}
    gone: list[int] = []
    for one in sorted(seen, key=lambda one: (one.organization, one.at, one.arrival)):
        placed = _place(one, known, near, clicks)
        if placed is None:
            continue
        touch, fresh = placed
        own = known.get((one.organization, one.key))
        if own is not None and own is not touch and own.pk:
            gone.append(own.pk)
        if fresh:
            known[touch.organization_id, touch.key] = touch
            changed[touch.organization_id, touch.key] = touch
            if touch.contact_id:
                near.setdefault((touch.organization_id, touch.contact_id), []).append(touch)
    Touch.objects.filter(pk__in=gone).delete()
    Touch.objects.bulk_create([touch for touch in changed.values() if not touch.pk])
    Touch.objects.bulk_update([touch for touch in changed.values() if touch.pk], _FIELDS)
    return list(changed.values())


def axes_of(touch: Touch) -> Axes:
    """What it came by."""
    return Axes(touch.link_id or 0, *(getattr(touch, name) for name in SAID))


def _arrival(event: Event, contact: int | None, at: datetime) -> Seen | None:
    """An arrival is a view whose address carries what a link put there."""
    try:
        query = dict(parse_qsl(urlsplit(event.url).query, max_num_fields=200))
    except ValueError:
        return None
    tagged = {name: query.get(name, "") for name in ("cid", "fid", "ch", "c33", "utm_campaign")}
    if not any(tagged.values()):
        return None
    axes = Axes(campaign=tagged["utm_campaign"][:100], flow=tagged["fid"][:60], channel=tagged["ch"][:60])
    click = key_of(tagged["c33"][:64]) if tagged["c33"] else None
    if not (axes or click or (contact and tagged["cid"])):
        return None
    return Seen(event.organization_id, event.key, at, contact, event.visitor, axes, click, arrival=True)


def _told(data: Any) -> Axes:
    """What a server names in its metadata."""
    said = data if isinstance(data, dict) else {}
    words = {name: str(said[name]).strip()[:most] for name, most in LONGEST.items() if isinstance(said.get(name), str)}
    return replace(Axes(), **words)  # type: ignore[arg-type]  # none of them is the link


def _place(
    one: Seen,
    known: dict[tuple[int, UUID], Touch],
    near: dict[tuple[int, int], list[Touch]],
    clicks: dict[tuple[int, UUID], Event],
) -> tuple[Touch, bool] | None:
    """The touch that this is, and whether it is new or says more now; None if it says nothing that could earn."""
    found: Touch | None = None
    axes, key, at = one.axes, one.key, one.at
    if one.click and (click := clicks.get((one.organization, one.click))):
        axes = Axes(click.link_id or 0, *(getattr(click, name) for name in SAID)).over(axes)
        found = known.get((one.organization, one.click))
        if found is None or found.visitor in ("", one.visitor):
            key, at = one.click, min(click.occurred_at, click.received_at)
        else:  # the address was handed on to somebody else
            found = None
    elif one.arrival and one.contact:
        led = [touch for touch in near.get((one.organization, one.contact), []) if _led(touch, one)]
        found = max(led, key=lambda touch: touch.at, default=None)
    found = found or known.get((one.organization, key))
    if found is None:
        if not axes:
            return None
        touch = Touch(organization_id=one.organization, key=key, at=at)
        return _filled(touch, one, axes), True
    before = [getattr(found, f"{name}_id" if name in ("contact", "link") else name) for name in _FIELDS]
    _filled(found, one, axes)
    after = [getattr(found, f"{name}_id" if name in ("contact", "link") else name) for name in _FIELDS]
    return found, before != after


def _filled(touch: Touch, one: Seen, axes: Axes) -> Touch:
    """With what was not known of it."""
    touch.contact_id = touch.contact_id or one.contact
    touch.visitor = touch.visitor or one.visitor
    full = axes_of(touch).over(axes)
    touch.link_id = full.link or None
    for name in SAID:
        setattr(touch, name, getattr(full, name))
    return touch


def _led(touch: Touch, arrival: Seen) -> bool:
    """Whether a click led to the arrival, going by contact, time and what both say."""
    axes = axes_of(touch)
    alike = all(not said or said == known for said, known in zip(arrival.axes.words[2:4], axes.words[2:4], strict=True))
    return alike and touch.visitor in ("", arrival.visitor) and arrival.at - NEAR <= touch.at <= arrival.at


def _clicks(arrivals: Sequence[Seen]) -> dict[tuple[int, UUID], Event]:
    """The clicks that arrivals name, of their own organizations."""
    if not arrivals:
        return {}
    rows = Event.objects.raw(
        """
        SELECT event.* FROM unnest(%s::bigint[], %s::uuid[]) AS wanted(organization, key)
        JOIN tracking_eventkey AS key ON key.organization_id = wanted.organization AND key.key = wanted.key
        JOIN tracking_event AS event ON event.received_at = key.received_at AND event.organization_id = key.organization_id
            AND event.key = key.key
        WHERE event.name = 'click' AND event.by = 'person'
        """,
        [[one.organization for one in arrivals], [one.click for one in arrivals]],
    )
    return {(click.organization_id, click.key): click for click in rows}


def _of_keys(wanted: Iterable[tuple[int, UUID]]) -> list[Touch]:
    pairs = list(wanted)
    return list(
        Touch.objects.raw(
            """
            SELECT touch.* FROM unnest(%s::bigint[], %s::uuid[]) AS wanted(organization, key)
            JOIN tracking_touch AS touch ON touch.organization_id = wanted.organization AND touch.key = wanted.key
            """,
            [[organization for organization, _ in pairs], [key for _, key in pairs]],
        )
    )


def _near(seen: Sequence[Seen]) -> dict[tuple[int, int], list[Touch]]:
    """The latest touches of the contacts that arrive."""
    arrivals = [one for one in seen if one.arrival and one.contact and not one.click]
    if not arrivals:
        return {}
    rows = Touch.objects.filter(
        Q(organization__in={one.organization for one in arrivals}),
        contact__in={one.contact for one in arrivals if one.contact},
        at__gte=min(one.at for one in arrivals) - NEAR,
        at__lte=max(one.at for one in arrivals),
    )
    found: dict[tuple[int, int], list[Touch]] = {}
    for touch in rows:
        if touch.contact_id:
            found.setdefault((touch.organization_id, touch.contact_id), []).append(touch)
    return found
