"""Which events are touches, and keeping them. A click by a person who is known, a page view that came with tags, and what a
server or an MMP says of its own event. An arrival that a known click led to is that click's touch, and a page that is loaded
again with the same tags is the first one's.

Called by one worker an organization at a time (``tracking.attribution.attributing``), so rows are read, changed and written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

from django.db import connection
from django.db.models import Q

from contacts.models import Contact
from tracking.attribution.shares import SAID, Axes
from tracking.events.intake import key_of
from tracking.models import Event, Source, Touch

NEAR = timedelta(minutes=30)  # between a click that hands on no id of its own and the arrival it led to

LONGEST = {"campaign": 100, "flow": 60, "channel": 60, "post": 60, "influencer": 100}  # as the columns have them

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
    named: bool = False  # the address names the contact, as links that we make do


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
        axes = own.over(_told(event.data)) if event.source == Source.SERVER else own
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
    near = _Near(seen, known)
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
            near.add(touch)
    Touch.objects.filter(pk__in=gone).delete()
    Touch.objects.bulk_create([touch for touch in changed.values() if not touch.pk])
    _update([touch for touch in changed.values() if touch.pk])
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
    return Seen(
        event.organization_id,
        event.key,
        at,
        contact,
        event.visitor,
        axes,
        click,
        arrival=True,
        named=bool(tagged["cid"]),
    )


def _told(data: Any) -> Axes:
    """What a server names in its metadata."""
    said = data if isinstance(data, dict) else {}
    words = {name: value.strip()[: LONGEST[name]] for name in SAID if isinstance(value := said.get(name), str)}
    return Axes(0, *(words.get(name, "") for name in SAID))


def _place(
    one: Seen, known: dict[tuple[int, UUID], Touch], near: "_Near", clicks: dict[tuple[int, UUID], Event]
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
    if one.arrival and found is None and key == one.key:
        found = near.led_to(one, axes)
    found = found or known.get((one.organization, key))
    if found is None:
        return (_filled(Touch(organization_id=one.organization, key=key, at=at), one, axes), True) if axes else None
    before = _state(found)
    _filled(found, one, axes)
    return found, before != _state(found)


def _state(touch: Touch) -> tuple[object, ...]:
    return (touch.contact_id, touch.visitor, axes_of(touch))


def _filled(touch: Touch, one: Seen, axes: Axes) -> Touch:
    """With what was not known of it."""
    touch.contact_id = touch.contact_id or one.contact
    touch.visitor = touch.visitor or one.visitor
    full = axes_of(touch).over(axes)
    touch.link_id = full.link or None
    for name in SAID:
        setattr(touch, name, getattr(full, name))
    return touch


class _Near:
    """The touches of those who arrive, shortly before they do."""

    def __init__(self, seen: Sequence[Seen], known: Mapping[tuple[int, UUID], Touch]) -> None:
        self._of: dict[tuple[int, int | str], list[Touch]] = {}
        arrivals = [one for one in seen if one.arrival]
        if arrivals:
            people = {one.contact for one in arrivals if one.contact}
            visitors = {one.visitor for one in arrivals if one.visitor}
            rows = Touch.objects.filter(
                Q(contact__in=people) | Q(visitor__in=visitors),
                organization__in={one.organization for one in arrivals},
                at__gte=min(one.at for one in arrivals) - NEAR,
                at__lte=max(one.at for one in arrivals),
            )
            for touch in rows:
                self.add(known.get((touch.organization_id, touch.key), touch))

    def add(self, touch: Touch) -> None:
        """One more."""
        for who in _who(touch.contact_id, touch.visitor):
            of = self._of.setdefault((touch.organization_id, who), [])
            if touch not in of:
                of.append(touch)

    def led_to(self, arrival: Seen, axes: Axes) -> Touch | None:
        """The latest that the arrival belongs to, going by person, time and what both say."""
        candidates = [
            touch
            for who in _who(arrival.contact, arrival.visitor)
            for touch in self._of.get((arrival.organization, who), [])
            if touch.key != arrival.key and _led(touch, arrival, axes)
        ]
        return max(candidates, key=lambda touch: touch.at, default=None)


def _who(contact: int | None, visitor: str) -> list[int | str]:
    return [who for who in (contact, visitor) if who]


def _led(touch: Touch, arrival: Seen, said: Axes) -> bool:
    theirs = axes_of(touch)
    campaign = said.campaign in ("", theirs.campaign) or (arrival.named and not theirs.campaign)
    alike = campaign and all(
        mine in ("", other) for mine, other in ((said.flow, theirs.flow), (said.channel, theirs.channel))
    )
    same = touch.contact_id in (None, arrival.contact) or arrival.contact is None
    return (
        alike
        and same
        and said.link in (0, theirs.link)
        and touch.visitor in ("", arrival.visitor)
        and arrival.at - NEAR <= touch.at <= arrival.at
    )


def _update(touches: Sequence[Touch]) -> None:
    """Write what has been learnt of them."""
    if not touches:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE tracking_touch AS touch SET contact_id = new.contact, visitor = new.visitor, link_id = new.link,
                campaign = new.campaign, flow = new.flow, channel = new.channel, post = new.post, influencer = new.influencer
            FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
                %s::text[]) AS new(id, contact, visitor, link, campaign, flow, channel, post, influencer)
            WHERE touch.id = new.id
            """,
            [
                [one.pk for one in touches], [one.contact_id for one in touches], [one.visitor for one in touches],
                [one.link_id for one in touches], *([getattr(one, name) for one in touches] for name in SAID),
            ],
        )  # fmt: skip


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
