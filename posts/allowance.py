"""The daily allowance of a channel: how many posts it may publish in a rolling 24 hours, and who waits until when."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Min, Q

from integrations.models import Channel
from posts.models import Post, PostStatus

logger = structlog.get_logger(__name__)

DAY = timedelta(hours=24)
TELLING = timedelta(minutes=5)  # how long what the network told is believed
ASK_AGAIN = timedelta(hours=1)
ASK_APART = timedelta(minutes=1)


@dataclass(frozen=True)
class Allowance:
    """What a channel may still publish. ``limit`` None is unlimited; ``frees_at`` is when the next place comes free."""

    limit: int | None
    used: int
    frees_at: datetime | None

    @property
    def remaining(self) -> int | None:
        """Places left now."""
        return None if self.limit is None else max(0, self.limit - self.used)


@dataclass(frozen=True)
class Held:
    """Over the limit: until when, and why in plain words."""

    until: datetime
    reason: str


def daily_limit(*, platform: str, overrides: Mapping[str, Any], quota: Mapping[str, Any] | None) -> int | None:
    """The lower of the setting (or the package's) and what the network itself told; None when there is neither."""
    own = _places(settings.DAILY_LIMITS[platform])
    given = overrides.get(f"DAILY_{platform.upper()}")
    if given is not None:
        try:
            own = _places(str(given))
        except ValueError:
            logger.warning("package_limit_unreadable", limit=f"DAILY_{platform.upper()}")
    limits = [] if own is None else [own]
    if quota:
        limits.append(int(quota["total"]))
    return min(limits, default=None)


def allowances(*, channels: Sequence[Channel], now: datetime) -> dict[int, Allowance]:
    """Where each channel stands, by its key. A place is taken when publishing begins and counts for 24 hours."""
    taken = Post.objects.filter(channel__in=channels, slot_at__gt=now - DAY).values("channel")
    untold = Q(pk__in=[])
    for channel in channels:
        if told := _told(channel.quota, now):
            untold |= Q(channel=channel, slot_at__gt=told.at)
    rows = taken.annotate(used=Count("id"), first=Min("slot_at"), untold=Count("id", filter=untold)).order_by()
    counted = {row["channel"]: row for row in rows}
    return {channel.pk: _stand(channel, counted.get(channel.pk), now) for channel in channels}


def _stand(channel: Channel, row: Mapping[str, Any] | None, now: datetime) -> Allowance:
    limit = daily_limit(platform=channel.platform, overrides=channel.organization.limits(now), quota=channel.quota)
    used = row["used"] if row else 0
    if told := _told(channel.quota, now):
        used = max(used, told.used + (row["untold"] if row else 0))
    return Allowance(limit, used, row["first"] + DAY if row else None)


def allowance(*, channel: Channel, now: datetime) -> Allowance:
    """Where one channel stands."""
    return allowances(channels=[channel], now=now)[channel.pk]


def take_place(*, post: Post, now: datetime) -> Held | None:
    """Take a place in the day's allowance for the post, or say until when it has to wait. Counted under a lock."""
    channel = post.channel
    mine = Post.objects.filter(pk=post.pk, slot_at=None)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"allowance:{channel.public_id}"])
        state = allowance(channel=channel, now=now)
        line = _line(post)
        if state.limit is None or state.limit - state.used > _ahead(post, line, now):
            mine.update(slot_at=now, held_until=None, held_reason="")
            post.slot_at, post.held_until, post.held_reason = now, None, ""
            return None
        until = _turn(post, line, state, now)
        mine.update(held_until=until)  # its place in the line: whoever is held next comes after it
    name = channel.get_platform_display()
    return Held(
        until,
        f"{name} takes {state.limit} posts of this account in 24 hours. This one goes as soon as a place is free.",
    )


def _line(post: Post) -> list[datetime]:
    """Until when the channel's other posts wait for a place, soonest first."""
    waiting = Post.objects.filter(channel_id=post.channel_id, held_until__isnull=False, slot_at=None)
    waiting = waiting.filter(status__in=(PostStatus.QUEUED, PostStatus.PUBLISHING)).exclude(pk=post.pk)
    return [until for until in waiting.order_by("held_until").values_list("held_until", flat=True) if until]


def _ahead(post: Post, line: Sequence[datetime], now: datetime) -> int:
    """How many have waited for a place that is free now, and longer than the post."""
    return sum(1 for until in line if until <= now and (post.held_until is None or until < post.held_until))


def _turn(post: Post, line: Sequence[datetime], state: Allowance, now: datetime) -> datetime:
    """When the post's turn comes: the first place to come free that nobody who waits already has."""
    limit = state.limit or 0
    taken = Post.objects.filter(channel_id=post.channel_id, slot_at__gt=now - DAY).order_by("slot_at")
    ours = [at + DAY for at in taken.values_list("slot_at", flat=True) if at][-limit:] if limit else []
    free = max(0, limit - state.used)  # now, for those who have waited longer
    # The rest the network counted itself, posts that others made: when those make room, it alone knows.
    theirs = [now + ASK_AGAIN + ASK_APART * number for number in range(limit - free - len(ours))]
    frees = sorted([now] * free + theirs + ours)
    if not frees:
        return now + ASK_AGAIN + ASK_APART * len(line)
    places = (frees[number % limit] + DAY * (number // limit) for number in range(len(line) + 1))
    place = next(place for number, place in enumerate(places) if bisect_right(line, place) <= number)
    return max(place, now + timedelta(seconds=1))


@dataclass(frozen=True)
class _Told:
    """The uses that the network counted itself, and when."""

    used: int
    at: datetime


def _told(quota: Mapping[str, Any] | None, now: datetime) -> _Told | None:
    """What the network told, while that is fresh."""
    if not quota:
        return None
    at = datetime.fromisoformat(quota["checked_at"])
    return _Told(int(quota["used"]), at) if now - at <= TELLING else None


def _places(text: str) -> int | None:
    """A daily limit: ``25`` or ``off``. Raises ValueError for anything else."""
    return None if text == "off" else int(text)
