"""Reads about posts, always from one organization."""

from django.db.models import QuerySet

from chat33.orgs.models import Organization
from posts.models import Attempt, Post


def posts_for(organization: Organization) -> QuerySet[Post]:
    """The organization's posts, newest first, with their channels."""
    return Post.objects.filter(organization=organization).select_related("channel").order_by("-id")


def log_of(post: Post) -> QuerySet[Attempt]:
    """Everything that was tried for the post, oldest first."""
    return Attempt.objects.filter(post=post).order_by("id")
