"""The queue of approvals as data: what was made together is decided together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from chat33.orgs.models import Organization
from integrations.models import Channel
from posts.composing import composition_of
from posts.media import own_files
from posts.models import Post, Review
from posts.preflight import inspect
from posts.previews import Preview, previews
from posts.reviews import is_changed
from posts.selectors import open_reviews
from posts.services import content_of


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One composition that waits."""

    reviews: tuple[Review, ...]
    previews: tuple[Preview, ...]
    is_changed: bool  # since approval was asked for
    is_late: bool  # the time it was planned for has passed

    @property
    def first(self) -> Review:
        """The one that speaks for all."""
        return self.reviews[0]

    @property
    def posts(self) -> tuple[Post, ...]:
        """Its drafts."""
        return tuple(review.post for review in self.reviews)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The accounts it is for."""
        return tuple(post.channel for post in self.posts)

    @property
    def seen(self) -> tuple[str, ...]:
        """What a decision brings back: each draft as it was looked at."""
        return tuple(f"{post.public_id}:{post.fence}" for post in self.posts)

    @property
    def times(self) -> tuple[datetime | None, ...]:
        """When it is planned for, each time once; None is as soon as it is approved."""
        return tuple(dict.fromkeys(post.scheduled_at for post in self.posts))


def waiting(organization: Organization, rows: Sequence[Review], *, now: datetime) -> list[Waiting]:
    """The compositions that a page of open reviews, newest first, stands for; each on the page of its newest review."""
    groups = {review.post.group_id for review in rows if review.post.group_id}
    alone = [review.pk for review in rows if not review.post.group_id]
    found: dict[str, list[Review]] = {}
    for review in open_reviews(organization).filter(Q(post__group_id__in=groups) | Q(pk__in=alone)):
        found.setdefault(review.post.group_id or review.public_id, []).append(review)
    here = {review.pk for review in rows}
    stacks = [sorted(stack, key=lambda review: review.pk) for stack in found.values() if stack[0].pk in here]
    urls = {url for stack in stacks for url in (*stack[0].post.media_urls, stack[0].post.cover_image_url)}
    files = own_files(organization, urls)
    made = []
    for stack in stacks:
        shown: list[Preview] = []
        for review in stack:
            content = content_of(review.post)
            inspected = inspect(organization=organization, content=content, look=False, files=files)
            shown += previews(composition_of(content, [review.post.channel]), inspected, files)
        made.append(
            Waiting(
                reviews=tuple(stack),
                previews=tuple(shown),
                is_changed=any(is_changed(review, review.post) for review in stack),
                is_late=any(review.post.scheduled_at and review.post.scheduled_at < now for review in stack),
            )
        )
    return made
