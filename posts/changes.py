"""What a person does to one post from its page. Each refuses what would do something else than the button says."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction

from posts.models import Post, PostStatus
from posts.services import (
    Plan,
    UnableToChange,
    content_of,
    create_posts,
    delete_post,
    locked,
    plan_of,
    update_post,
)


@transaction.atomic
def discard_draft(*, post: Post) -> None:
    """Forget a draft. Raises ``UnableToChange`` for what has been scheduled meanwhile, which would be cancelled."""
    if locked(post).status != PostStatus.DRAFT:
        raise UnableToChange(
            "This is no draft any more, so it was not deleted. Reload the page to see where it stands."
        )
    delete_post(post=post)


@transaction.atomic
def cancel_post(*, post: Post) -> None:
    """Stop a post that waits, or give up one that failed. Raises ``UnableToChange`` for drafts and what is out."""
    status = PostStatus(locked(post).status)
    if status == PostStatus.CANCELLED:
        return
    if status == PostStatus.PUBLISHED:
        raise UnableToChange("It went out in the meantime, so there is nothing to stop. Delete it at the network.")
    if status == PostStatus.DRAFT:
        raise UnableToChange("A draft goes nowhere by itself. Delete it if it is not needed.")
    delete_post(post=post)


@transaction.atomic
def publish_now(*, post: Post, now: datetime) -> Post:
    """Send a scheduled post at once. Raises ``UnableToChange`` and ``ChangedMeanwhile``."""
    if post.status != PostStatus.QUEUED:
        raise UnableToChange("Only a scheduled post can be published early.")
    plan = replace(plan_of(post), scheduled_at=None)
    return update_post(post=post, content=content_of(post), plan=plan, now=now, retime=True)


def copy_post(*, post: Post, by: str, now: datetime) -> Post:
    """A draft that says the same on the same account."""
    plan = Plan(timezone=post.timezone, callback_url=post.callback_url, status=PostStatus.DRAFT)
    [copy] = create_posts(
        organization=post.organization, channels=[post.channel], content=content_of(post), plan=plan, by=by, now=now
    )
    return copy
