"""The daily allowance of a channel: how many posts it may publish in a rolling 24 hours, and who waits until when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, Min

from integrations.models import Channel
from posts.models import Post, PostStatus

DAY = timedelta(hours=24)


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
    own = str(overrides.get(f"DAILY_{platform.upper()}") or settings.DAILY_LIMITS[platform])
    limits = [] if own == "off" else [int(own)]
    if quota:
        limits.append(int(quota["total"]))
    return min(limits, default=None)


def allowances(*, channels: Sequence[Channel], now: datetime) -> dict[int, Allowance]:
    """Where each channel stands, by its key. A place is taken when publishing begins and counts for 24 hours."""
    taken = Post.objects.filter(channel__in=channels, slot_at__gt=now - DAY).values("channel")
    counted = {row["channel"]: row for row in taken.annotate(used=Count("id"), first=Min("slot_at")).order_by()}
    return {channel.pk: _stand(channel, counted.get(channel.pk), now) for channel in channels}


def _stand(channel: Channel, row: Mapping[str, Any] | None, now: datetime) -> Allowance:
    limit = daily_limit(platform=channel.platform, overrides=channel.organization.limits(now), quota=channel.quota)
    used = max(row["used"] if row else 0, _told(channel.quota, now))
    return Allowance(limit, used, row["first"] + DAY if row else None)


def allowance(*, channel: Channel, now: datetime) -> Allowance:
    """Where one channel stands."""
    return allowances(channels=[channel], now=now)[channel.pk]


def take_place(*, post: Post, now: datetime) -> Held | None:
    """Take a place in the day's allowance for the post, or say until when it has to wait. Counted under a lock."""
    channel = post.channel
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"allowance:{channel.public_id}"])
        state = allowance(channel=channel, now=now)
        if state.limit is None or state.used < state.limit:
            Post.objects.filter(pk=post.pk).update(slot_at=now, held_until=None, held_reason="")
            post.slot_at, post.held_until, post.held_reason = now, None, ""
            return None
        until = _turn(post, state.limit, now)
    name = channel.get_platform_display()
    return Held(
        until,
        f"{name} takes {state.limit} posts of this account in 24 hours. This one goes as soon as a place is free.",
    )


def _turn(post: Post, limit: int, now: datetime) -> datetime:
    """When the post's turn comes: the first of those waiting gets the first place that comes free, and so on."""
    ahead = (
        Post.objects.filter(channel_id=post.channel_id, status=PostStatus.QUEUED, held_until__isnull=False)
        .exclude(pk=post.pk)
        .filter(held_until__gt=now, id__lt=post.pk)
        .count()
    )
    taken: list[datetime] = list(
        Post.objects.filter(channel_id=post.channel_id, slot_at__gt=now - DAY)
        .order_by("slot_at")
        .values_list("slot_at", flat=True)  # type: ignore[arg-type]  # the filter leaves no null
    )
    if not taken or not limit:
        return now + timedelta(hours=1)
    rounds, place = divmod(ahead, len(taken))
    until = taken[place] + DAY * (rounds + 1)
    return max(until, now + timedelta(seconds=1))


def _told(quota: Mapping[str, Any] | None, now: datetime) -> int:
    """The uses that the network counted itself, while that is fresh."""
    if not quota or now - datetime.fromisoformat(quota["checked_at"]) > timedelta(minutes=5):
        return 0
    return int(quota["used"])
