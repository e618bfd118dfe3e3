"""What is still to come on an account: what disconnecting it would stop."""

from dataclasses import dataclass
from datetime import datetime

from integrations.models import Channel
from posts.models import Post, PostStatus

MOST = 1000  # counted no further


@dataclass(frozen=True)
class Upcoming:
    """How many posts wait to go out (``more``: than counted), and when the next one does."""

    number: int
    more: bool
    next_at: datetime | None


def upcoming_on(*, channel: Channel, now: datetime) -> Upcoming:
    """The scheduled posts of a channel."""
    waiting = Post.objects.filter(channel=channel, status=PostStatus.QUEUED).order_by()
    number = waiting[: MOST + 1].count()
    ahead = Post.objects.filter(channel=channel, status=PostStatus.QUEUED, scheduled_at__gte=now)
    next_at = ahead.order_by("scheduled_at").values_list("scheduled_at", flat=True).first()
    return Upcoming(min(number, MOST), number > MOST, next_at)
