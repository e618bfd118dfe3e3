"""Reads about posts, always from one organization."""

from django.db.models import QuerySet

from chat33.orgs.models import Organization
from integrations.models import Channel
from posts.models import Attempt, Post


def posts_for(organization: Organization) -> QuerySet[Post]:
    """The organization's posts, newest first, with their channels."""
    return Post.objects.filter(organization=organization).select_related("channel").order_by("-id")


def posts_like(
    organization: Organization,
    *,
    status: str | None = None,
    platform: str | None = None,
    channel_id: str | None = None,
) -> QuerySet[Post]:
    """Those of a status, a platform, a channel.

    The channels are read first: a join would hide from the planner how few or many posts they have.
    """
    rows = posts_for(organization)
    if status is not None:
        rows = rows.filter(status=status)
    if platform is not None or channel_id is not None:
        channels = Channel.objects.filter(organization=organization)
        if platform is not None:
            channels = channels.filter(platform=platform)
        if channel_id is not None:
            channels = channels.filter(public_id=channel_id)
        rows = rows.filter(channel_id__in=list(channels.values_list("pk", flat=True)))
    return rows


def log_of(post: Post) -> QuerySet[Attempt]:
    """Everything that was tried for the post, oldest first."""
    return Attempt.objects.filter(post=post).order_by("id")
