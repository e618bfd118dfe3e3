"""Queue slots: the times of the week at which a channel publishes what is queued, and the next of them that is free.

A slot is taken by any post of the channel planned for that minute, but for cancelled and failed ones. Whoever takes one
holds the channel's lock until the post that has it is stored, so two people never get the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from chat33.orgs.models import Organization
from integrations.models import Channel
from posts.models import Post, PostStatus, Slot
from posts.schedule import HORIZON, clock, weekly, zone

MAX_SLOTS = 200  # a week, of one channel
LOOK_AHEAD = 28  # days looked through at once
SUGGESTED: tuple[tuple[int, int], ...] = tuple(
    (weekday, minute) for weekday in range(5) for minute in (9 * 60, 12 * 60 + 30, 17 * 60)
)
"""A first set that suits most: working days, at nine, at half past twelve and at five."""


class NoSlots(Exception):
    """There is no free slot; the message says what to do."""


class UnableToSet(Exception):
    """The slots cannot be stored so; the message says why."""


def slots_of(channel: Channel) -> list[tuple[int, int]]:
    """The channel's week: (weekday from Monday 0, minute of the day), in order."""
    rows = Slot.objects.filter(channel=channel).order_by("weekday", "minute")
    return list(rows.values_list("weekday", "minute"))


def next_free_slots(*, channels: Sequence[Channel], now: datetime) -> dict[int, datetime | None]:
    """The next free slot of each channel by its key, None without one; nothing is taken. The same number of queries for
    one channel and for many.
    """
    plans: dict[int, list[tuple[int, int]]] = {channel.pk: [] for channel in channels}
    for key, weekday, minute in Slot.objects.filter(channel__in=channels).values_list("channel", "weekday", "minute"):
        plans[key].append((weekday, minute))
    return _first_free(channels, plans, after=now)


def take_free_slot(*, channel: Channel, now: datetime, after: datetime | None = None) -> datetime:
    """The channel's next free slot after now, and after ``after``; the caller stores it in a post in the same
    transaction, which holds the channel's lock to its end. Who takes slots of several channels in one transaction does so
    in the order of their keys. Raises ``NoSlots``.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a slot is taken in the transaction that stores the post")
    lock_slots(channel)
    plan = slots_of(channel)
    if not plan:
        raise NoSlots(f"{channel} has no queue times yet. Add some, or choose a time.")
    found = _first_free([channel], {channel.pk: plan}, after=max(now, after or now))[channel.pk]
    if found is None:
        raise NoSlots(f"All queue times of {channel} are taken for years. Add some, or choose a time.")
    return found


def lock_slots(channel: Channel) -> None:
    """Wait for whoever is taking one of the channel's slots; held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"slots:{channel.public_id}"])


@transaction.atomic
def set_slots(*, channel: Channel, times: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Make these the channel's week. What is scheduled stays where it is. Raises ``UnableToSet``."""
    wanted = set(times)
    if len(wanted) > MAX_SLOTS:
        raise UnableToSet(f"A week takes at most {MAX_SLOTS} queue times for an account.")
    if not all(0 <= weekday <= 6 and 0 <= minute < 24 * 60 for weekday, minute in wanted):
        raise UnableToSet("A queue time is a weekday and a time of the day.")
    lock_slots(channel)
    present = set(slots_of(channel))
    for weekday, minute in present - wanted:
        Slot.objects.filter(channel=channel, weekday=weekday, minute=minute).delete()
    Slot.objects.bulk_create(
        Slot(organization_id=channel.organization_id, channel=channel, weekday=weekday, minute=minute)
        for weekday, minute in sorted(wanted - present)
    )
    return sorted(wanted)


@transaction.atomic
def add_slots(*, channel: Channel, weekdays: Iterable[int], minute: int) -> list[tuple[int, int]]:
    """Add a time on these weekdays. Raises ``UnableToSet``."""
    lock_slots(channel)
    return set_slots(channel=channel, times=[*slots_of(channel), *((weekday, minute) for weekday in weekdays)])


@transaction.atomic
def remove_slot(*, channel: Channel, weekday: int, minute: int) -> list[tuple[int, int]]:
    """Remove a time; one that is not there is fine."""
    lock_slots(channel)
    return set_slots(channel=channel, times=[time for time in slots_of(channel) if time != (weekday, minute)])


@transaction.atomic
def copy_slots(*, source: Channel, targets: Sequence[Channel]) -> int:
    """Give the targets the source's week instead of their own. Returns how many got it. Raises ``UnableToSet``."""
    times = slots_of(source)
    others = sorted((channel for channel in targets if channel.pk != source.pk), key=lambda channel: channel.pk)
    for channel in others:
        set_slots(channel=channel, times=times)
    return len(others)


def _first_free(
    channels: Sequence[Channel], plans: Mapping[int, Sequence[tuple[int, int]]], *, after: datetime
) -> dict[int, datetime | None]:
    """Four weeks at a time: usually once."""
    found: dict[int, datetime | None] = {channel.pk: None for channel in channels}
    open_ones = {channel.pk: channel for channel in channels if plans[channel.pk]}
    for start in range(0, HORIZON.days, LOOK_AHEAD):
        if not open_ones:
            break
        ahead = {key: _ahead(channel.organization, plans[key], after, start) for key, channel in open_ones.items()}
        taken = _taken(ahead)
        for key, moments in ahead.items():
            free = next((at for at in moments if (key, at) not in taken), None)
            if free is not None:
                found[key] = free
                del open_ones[key]
    return found


def _ahead(organization: Organization, plan: Sequence[tuple[int, int]], after: datetime, start: int) -> list[datetime]:
    """The plan's moments after a moment, on the four weeks that begin so many days on."""
    where = zone(organization.timezone)
    first = clock(after, where).date() + timedelta(days=start)
    return [at for at in weekly(plan, where, first=first, days=LOOK_AHEAD) if at > after]


def _taken(ahead: Mapping[int, Sequence[datetime]]) -> set[tuple[int, Any]]:
    """Which of these minutes have a post already."""
    moments = [at for times in ahead.values() for at in times]
    if not moments:
        return set()
    rows = Post.objects.filter(
        channel__in=list(ahead), scheduled_at__gte=min(moments), scheduled_at__lt=max(moments) + timedelta(minutes=1)
    ).exclude(status__in=(PostStatus.CANCELLED, PostStatus.FAILED))
    found = rows.order_by().values_list("channel", "scheduled_at")
    return {(key, at.replace(second=0, microsecond=0)) for key, at in found if at is not None}
