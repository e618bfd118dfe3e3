"""What goes on around now: posts in hand, posts of the next hours, the latest results. All bounded."""

from datetime import datetime, timedelta

from django.db.models import Q

from chat33.orgs.models import Organization
from posts.models import Post, PostStatus
from posts.selectors import posts_for

SOON = timedelta(minutes=1)  # what is due by then counts as being sent
DAY = timedelta(hours=24)
SHOWN = 50
SENDING = 20
RESULTS = 8


def sending(*, organization: Organization, now: datetime) -> list[Post]:
    """What is on its way, or is taken up within a minute; those that began first come first."""
    mine = posts_for(organization)
    in_hand = mine.filter(status=PostStatus.PUBLISHING).order_by("id")[:SENDING]
    soon = mine.filter(status=PostStatus.QUEUED, due_at__lte=now + SOON).order_by("due_at")[:SENDING]
    return [*in_hand, *soon][:SENDING]


def is_moving(post: Post, *, now: datetime) -> bool:
    """Whether something will happen to the post within a minute."""
    if post.status == PostStatus.PUBLISHING:
        return True
    return post.status == PostStatus.QUEUED and post.due_at is not None and post.due_at <= now + SOON


def coming(*, organization: Organization, now: datetime, within: timedelta = DAY, limit: int = SHOWN) -> list[Post]:
    """What is scheduled from here on, soonest first. The channels are named, so that each one's own index is read."""
    channels = list(organization.channels.values_list("pk", flat=True))
    rows = Post.objects.filter(channel__in=channels, scheduled_at__gt=now, scheduled_at__lte=now + within)
    return list(rows.filter(status=PostStatus.QUEUED).select_related("channel").order_by("scheduled_at", "id")[:limit])


def results(*, organization: Organization, limit: int = RESULTS) -> list[Post]:
    """What was published or failed last, latest first."""
    mine = posts_for(organization).filter(settled_at__isnull=False).order_by("-settled_at")
    latest = [post for word in (PostStatus.PUBLISHED, PostStatus.FAILED) for post in mine.filter(status=word)[:limit]]
    return sorted(latest, key=lambda post: post.settled_at.timestamp() if post.settled_at else 0.0, reverse=True)[
        :limit
    ]


def has_posts(organization: Organization) -> bool:
    """Whether there is, or was, any post that left the drafts."""
    return Post.objects.filter(Q(organization=organization) & ~Q(status=PostStatus.DRAFT)).exists()
