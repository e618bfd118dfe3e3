"""Reads about posts, always from one organization."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from chat33.orgs.models import Organization
from integrations.models import Channel, Platform
from posts.models import WHEN, Attempt, Post, PostStatus, Review

SEARCHED = 100  # characters of a search text


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which posts a page shows; empty is all."""

    channel: str = ""  # public id
    platform: str = ""
    status: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        return bool(self.channel or self.platform or self.status or self.text)


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


def posts_matching(organization: Organization, filters: Filters) -> QuerySet[Post]:
    """The organization's posts that the filters let through, with ``when``: where each stands on the calendar."""
    rows = posts_like(
        organization,
        status=filters.status or None,
        platform=filters.platform or None,
        channel_id=filters.channel or None,
    )
    if text := filters.text[:SEARCHED]:
        says = Q(text__icontains=text)
        for platform in Platform.values:
            says |= Q(**{f"platform_config__{platform}__text__icontains": text})
        rows = rows.filter(says)
    return rows.annotate(when=WHEN)


def planned(posts: Any) -> Any:
    """Those that have a place on the calendar: a draft without a time has none."""
    return posts.exclude(status=PostStatus.DRAFT, scheduled_at=None)


def log_of(post: Post) -> QuerySet[Attempt]:
    """Everything that was tried for the post, oldest first."""
    return Attempt.objects.filter(post=post).order_by("id")


def group_of(post: Post) -> list[Post]:
    """The posts that were made together with this one, itself among them, oldest first."""
    if post.group_id is None:
        return [post]
    return list(posts_for(post.organization).filter(group_id=post.group_id).order_by("id"))


def reviews_for(organization: Organization) -> QuerySet[Review]:
    """Every asking for approval, newest first, with its post and the people."""
    rows = Review.objects.filter(organization=organization)
    return rows.select_related("post__channel", "asked_by", "decided_by").order_by("-id")


def open_reviews(organization: Organization) -> QuerySet[Review]:
    """What waits for somebody who may publish. A draft that was queued all the same waits no longer."""
    return reviews_for(organization).filter(decided_at=None, post__status=PostStatus.DRAFT)


def latest_review(post: Post) -> Review | None:
    """How asking for approval of the post stands, or ended last."""
    return Review.objects.filter(post=post).select_related("asked_by", "decided_by").order_by("-id").first()


def open_reviews_of(posts: Sequence[Post]) -> list[Review]:
    """The open ones of these posts, oldest first."""
    waiting = Review.objects.filter(post__in=posts, decided_at=None, post__status=PostStatus.DRAFT)
    return list(waiting.select_related("post__channel", "asked_by").order_by("id"))
