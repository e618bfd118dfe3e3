"""Writes about posts. An edit takes the same row lock as a claim, so what is on its way to a network cannot change."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from django.db import transaction

from chat33.lib.ids import new_id
from chat33.orgs.models import Organization
from integrations.callbacks import create_callback
from integrations.models import Channel
from posts.models import Attempt, Post, PostStatus, post_id
from posts.outcomes import UNCONFIRMED, callback_body
from posts.preflight import Content
from posts.uses import change_uses, note_uses


class UnableToChange(Exception):
    """The post's state does not allow this; the message says what would."""


class ChangedMeanwhile(Exception):
    """The post is not what the change was made for any more: read it again."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """When a post goes out and who is told: ``scheduled_at`` None is now."""

    scheduled_at: datetime | None = None
    timezone: str = "UTC"
    callback_url: str = ""
    status: PostStatus = PostStatus.QUEUED


@dataclass(frozen=True, kw_only=True)
class Before:
    """A post's place in the plan before a change, and the fence that the change left: what undoing puts back."""

    post: str
    fence: int
    status: str
    scheduled_at: datetime | None
    timezone: str
    due_at: datetime | None
    held_until: datetime | None
    held_reason: str


@transaction.atomic
def create_posts(
    *,
    organization: Organization,
    channels: Sequence[Channel],
    content: Content,
    plan: Plan,
    by: str,
    now: datetime,
    request_id: str = "",
    group_id: str | None = None,
    first_id: str = "",
) -> list[Post]:
    """One post for each channel; several share a group, ``group_id`` where there is one already. ``first_id`` is the
    first one's public id, for who has to know it ahead.
    """
    group = group_id or (new_id("grp") if len(channels) > 1 else None)
    ids = [first_id or post_id(), *(post_id() for _ in channels[1:])]
    rows = [
        Post(
            public_id=public_id,
            organization=organization,
            channel=channel,
            group_id=group,
            status=plan.status,
            text=content.text,
            media_urls=list(content.media_urls),
            media_type=content.media_type if content.media_urls else None,
            cover_image_url=content.cover_image_url,
            platform_config=dict(content.platform_config),
            callback_url=plan.callback_url,
            scheduled_at=plan.scheduled_at,
            timezone=plan.timezone,
            due_at=_due(plan, now),
            created_by=by,
            created_at=now,
            request_id=request_id,
        )
        for channel, public_id in zip(channels, ids, strict=True)
    ]
    made = Post.objects.bulk_create(rows)
    note_uses(organization=organization, posts=made)
    return made


def refuse_unless_editable(post: Post) -> None:
    """Raise ``UnableToChange`` saying what would help instead."""
    if not post.is_editable():
        raise UnableToChange(f"A post that is {post.status} cannot be changed. {_WAY_OUT[PostStatus(post.status)]}")


def locked(post: Post) -> Post:
    """The post's row, locked for this transaction; waits for a claim in progress and then sees its outcome."""
    return Post.objects.select_for_update(of=("self",)).select_related("channel", "organization").get(pk=post.pk)


@transaction.atomic
def update_post(*, post: Post, content: Content, plan: Plan, now: datetime, retime: bool = False) -> Post:
    """Change a draft or queued post as it was read; whatever was prepared for it is prepared anew, and a change that
    changes nothing writes nothing. ``retime``: the time was said, so a post that waits for a retry stops waiting.
    Raises ``UnableToChange`` and ``ChangedMeanwhile``.
    """
    row = locked(post)
    refuse_unless_editable(row)
    if row.fence != post.fence:
        raise ChangedMeanwhile
    if plan.status == PostStatus.CANCELLED:
        return _cancel(row)
    content = replace(content, media_type=content.media_type if content.media_urls else None)
    same_content = content == content_of(row)
    if same_content and plan == plan_of(row) and not retime:
        return row
    retimed = retime or plan.scheduled_at != row.scheduled_at or plan.status != row.status
    row.callback_url, row.timezone, row.scheduled_at = plan.callback_url, plan.timezone, plan.scheduled_at
    row.status = plan.status
    if not same_content:
        row.text, row.media_urls, row.cover_image_url = content.text, list(content.media_urls), content.cover_image_url
        row.media_type, row.platform_config = content.media_type, dict(content.platform_config)
        row.retry_count, row.error_code, row.error_message = 0, "", None
    if retimed or not same_content:
        row.due_at = _due(plan, now)
        _start_over(row)
    else:
        row.fence += 1
    row.save()
    if not same_content:
        change_uses(post=row)
    return row


@transaction.atomic
def delete_post(*, post: Post) -> Post | None:
    """Forget a draft (None), cancel anything else that is not being published. Raises ``UnableToChange``."""
    row = locked(post)
    if row.status == PostStatus.DRAFT:
        row.delete()
        return None
    if row.status == PostStatus.PUBLISHING:
        raise UnableToChange("The post is being published right now. Try again when that has ended.")
    return row if row.status == PostStatus.CANCELLED else _cancel(row)


@transaction.atomic
def retry_post(*, post: Post, now: datetime, by: str) -> Post:
    """Queue a failed post again, from the beginning. Raises ``UnableToChange``."""
    row = locked(post)
    if row.status != PostStatus.FAILED:
        raise UnableToChange(f"Only a failed post can be retried; this one is {row.status}.")
    if row.error_code == UNCONFIRMED:
        raise UnableToChange("It is not known whether this post went out. Reconcile it, or say so by resolve, first.")
    row.status, row.due_at = PostStatus.QUEUED, now
    row.retry_count, row.error_code, row.error_message = 0, "", None
    row.published_at = row.external_post_id = row.external_post_url = None
    _start_over(row)
    row.save()
    _note(row, "retry_requested", now, f"Asked for by {by}.")
    return row


@transaction.atomic
def reconcile_post(*, post: Post, now: datetime, by: str) -> Post:
    """Read the network again to learn what became of an unconfirmed post. Raises ``UnableToChange``."""
    row = locked(post)
    if row.status != PostStatus.FAILED or row.error_code != UNCONFIRMED or row.intent_at is None:
        raise UnableToChange("Only a post whose outcome is unconfirmed can be reconciled.")
    row.status, row.due_at, row.reads, row.crashes = PostStatus.PUBLISHING, now, 0, 0
    row.settled_at = None
    row.state = {name: value for name, value in row.state.items() if name != "confirms"}
    row.save()
    _note(row, "reconcile_requested", now, f"Asked for by {by}.")
    return row


@transaction.atomic
def resolve_post(*, post: Post, outcome: Literal["published", "failed"], now: datetime, by: str) -> Post:
    """Take a person's word for what became of an unconfirmed post. Raises ``UnableToChange``."""
    row = locked(post)
    if row.status != PostStatus.FAILED or row.error_code != UNCONFIRMED:
        raise UnableToChange("Only a post whose outcome is unconfirmed can be resolved.")
    row.settled_at = now
    if outcome == "published":
        row.status, row.published_at = PostStatus.PUBLISHED, row.intent_at or now
        row.error_code, row.error_message = "", None
    else:
        row.error_code, row.error_message = "RESOLVED_FAILED", "A person has seen that this post did not go out."
        row.slot_at = row.intent_at = None
    row.save()
    _note(row, f"resolved_{outcome}", now, f"Said by {by}.")
    if outcome == "published" and row.callback_url:
        create_callback(
            organization=row.organization,
            subject=row.public_id,
            url=row.callback_url,
            body=callback_body(row),
            now=now,
            request_id=row.request_id,
        )
    return row


@transaction.atomic
def restore_post(*, post: Post, before: Before) -> Post:
    """Undo a move or a cancellation that nothing has followed: the post's place in the plan is as it was. A cancelled
    post comes back only if it was never begun. Raises ``UnableToChange`` and ``ChangedMeanwhile``.
    """
    row = locked(post)
    if row.fence != before.fence or row.public_id != before.post:
        raise ChangedMeanwhile
    untouched = row.step == "fetch" and row.intent_at is None and row.external_post_id is None
    if row.status == PostStatus.CANCELLED and not untouched:
        raise UnableToChange("Publishing it had begun before it was cancelled. Duplicate it to use it again.")
    if row.status != PostStatus.CANCELLED:
        refuse_unless_editable(row)
    row.status, row.scheduled_at, row.timezone = PostStatus(before.status), before.scheduled_at, before.timezone
    _start_over(row)
    row.due_at, row.held_until, row.held_reason = before.due_at, before.held_until, before.held_reason
    row.save()
    return row


def content_of(post: Post) -> Content:
    """What the post says."""
    return Content(
        text=post.text,
        media_urls=tuple(post.media_urls),
        media_type=post.media_type,
        cover_image_url=post.cover_image_url,
        platform_config=post.platform_config,
    )


def plan_of(post: Post) -> Plan:
    """When the post goes out and who is told."""
    return Plan(
        scheduled_at=post.scheduled_at,
        timezone=post.timezone,
        callback_url=post.callback_url,
        status=PostStatus(post.status),
    )


_WAY_OUT = {
    PostStatus.PUBLISHING: "Try again when publishing has ended.",
    PostStatus.PUBLISHED: "Duplicate it to post it again.",
    PostStatus.FAILED: "Retry it, or duplicate it and change the copy.",
    PostStatus.CANCELLED: "Duplicate it to use it again.",
}


def _due(plan: Plan, now: datetime) -> datetime | None:
    """When a worker takes it up. A time in the past that was accepted is now: the post is not late, it was asked for."""
    return max(plan.scheduled_at or now, now) if plan.status == PostStatus.QUEUED else None


def _cancel(row: Post) -> Post:
    """Cancelled: ids and times stay, and its place in the day's allowance where it went out, or may have."""
    if row.status != PostStatus.PUBLISHED and row.error_code != UNCONFIRMED:
        row.slot_at = None
    row.status, row.due_at, row.leased_until = PostStatus.CANCELLED, None, None
    row.held_until, row.held_reason = None, ""
    row.fence += 1
    row.save()
    return row


def _start_over(row: Post) -> None:
    row.step, row.state, row.intent_at, row.reads, row.crashes = "fetch", {}, None, 0, 0
    row.held_until, row.held_reason, row.slot_at, row.leased_until = None, "", None, None
    row.settled_at = None
    row.fence += 1


def _note(row: Post, event: str, now: datetime, message: str) -> None:
    fields: dict[str, Any] = {"post": row, "organization_id": row.organization_id, "event": event, "created_at": now}
    Attempt.objects.create(**fields, attempt=row.retry_count + 1, step=row.step, message=message)
