"""Moving posts in the plan, one or many, and undoing it. What may change is for the services to say; here is what a
person means: the same wall-clock time on another day, a token to take it back, and an answer for each post.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core import signing
from django.db import transaction

from chat33.orgs.models import Organization
from posts.models import Post, PostStatus
from posts.schedule import HORIZON, clock, on_clock, zone
from posts.selectors import posts_for
from posts.services import (
    Before,
    ChangedMeanwhile,
    Plan,
    UnableToChange,
    content_of,
    create_posts,
    delete_post,
    plan_of,
    refuse_unless_editable,
    restore_post,
    retry_post,
    update_post,
)
from posts.slots import NoSlots, take_free_slot

UNDO_SECONDS = 30
MAX_SELECTED = 200
_SALT = "posts.undo"
_CHANGED = "It was changed by somebody else meanwhile. Look at it again."


class NothingToUndo(Exception):
    """The token is too old, or is none; the message says so."""


@dataclass(frozen=True)
class Mover:
    """Who moves, and whether they may touch what is queued: a role that only writes moves drafts."""

    public_id: str
    may_publish: bool


@dataclass(frozen=True)
class Refusal:
    """Why a post was left as it is."""

    post: Post
    reason: str


@dataclass(frozen=True)
class Outcome:
    """What came of it, by post; ``undo`` takes it back within ``UNDO_SECONDS``, empty when nothing can be."""

    done: tuple[Post, ...]
    refused: tuple[Refusal, ...]
    undo: str = ""


def wall_time(
    *,
    organization: Organization,
    at: datetime,
    day: date | None = None,
    hour: int | None = None,
    shift: int = 0,
    clock_time: time | None = None,
) -> datetime:
    """The moment on the organization's clocks at that date, or so many days on, and at that hour or time; what is not
    said stays. In a gap it moves forward, in a fold it is the first. Raises ``UnableToChange`` for no date.
    """  # fmt: skip
    where = zone(organization.timezone)
    local = clock(at, where)
    try:
        target = (day or local.date()) + timedelta(days=shift)
        naive = datetime.combine(target, clock_time or local.time())
        return on_clock(naive.replace(hour=hour) if hour is not None else naive, where).at
    except (OverflowError, ValueError):
        raise UnableToChange("There is no such day.") from None


def reschedule_post(
    *, post: Post, scheduled_at: datetime, now: datetime, mover: Mover, fence: int | None = None
) -> Post:
    """Give a draft or queued post another time. ``fence``: the number it was seen with. Raises ``UnableToChange``, with
    a sentence, and ``ChangedMeanwhile``.
    """
    if fence is not None and fence != post.fence:
        raise ChangedMeanwhile
    _refuse_unless_permitted(post, mover)
    refuse_unless_editable(post)
    if scheduled_at <= now:
        raise UnableToChange("That time is past. Choose one ahead.")
    if scheduled_at > now + HORIZON:
        raise UnableToChange("That is more than three years away.")
    plan = replace(plan_of(post), scheduled_at=scheduled_at)
    return update_post(post=post, content=content_of(post), plan=plan, now=now, retime=True)


def move_post(*, post: Post, scheduled_at: datetime, now: datetime, mover: Mover, fence: int | None = None) -> Outcome:
    """Reschedule one post, with what undoes it. Raises as ``reschedule_post``."""
    moved = reschedule_post(post=post, scheduled_at=scheduled_at, now=now, mover=mover, fence=fence)
    return Outcome((moved,), (), undo_token(mover, post.organization, [_before(post, moved)]))


def shift_posts(*, posts: Sequence[Post], days: int, clock_time: time | None, now: datetime, mover: Mover) -> Outcome:
    """Move posts by days, to a time of the day, or both."""

    def move(post: Post) -> Post:
        if post.scheduled_at is None:
            refuse_unless_editable(post)
            raise UnableToChange("It has no time yet. Give it one first.")
        at = wall_time(organization=post.organization, at=post.scheduled_at, shift=days, clock_time=clock_time)
        return reschedule_post(post=post, scheduled_at=at, now=now, mover=mover)

    return _each(posts, move, mover)


def queue_posts(*, posts: Sequence[Post], now: datetime, mover: Mover) -> Outcome:
    """Move posts to the next free queue slots of their channels, in the order given."""

    @transaction.atomic
    def move(post: Post) -> Post:
        refuse_unless_editable(post)
        try:
            at = take_free_slot(channel=post.channel, now=now)
        except NoSlots as error:
            raise UnableToChange(str(error)) from None
        return reschedule_post(post=post, scheduled_at=at, now=now, mover=mover)

    return _each(posts, move, mover)


def cancel_posts(*, posts: Sequence[Post], now: datetime, mover: Mover) -> Outcome:
    """Cancel what is queued or has failed."""

    def cancel(post: Post) -> Post:
        if post.status == PostStatus.DRAFT:
            raise UnableToChange("A draft is not scheduled to go out. Delete it instead.")
        if post.status == PostStatus.PUBLISHED:
            raise UnableToChange("It is published already. Delete it at the network.")
        if post.status == PostStatus.CANCELLED:
            raise UnableToChange("It is cancelled already.")
        _refuse_unless_permitted(post, mover)
        if post.status == PostStatus.QUEUED:
            plan = replace(plan_of(post), status=PostStatus.CANCELLED)
            return update_post(post=post, content=content_of(post), plan=plan, now=now)
        return delete_post(post=post) or post

    return _each(posts, cancel, mover)


def retry_posts(*, posts: Sequence[Post], now: datetime, mover: Mover) -> Outcome:
    """Queue failed posts again."""

    def retry(post: Post) -> Post:
        _refuse_unless_permitted(post, mover)
        return retry_post(post=post, now=now, by=mover.public_id)

    return replace(_each(posts, retry, mover), undo="")


def publish_now(*, post: Post, now: datetime) -> Post:
    """Send a scheduled post at once. Raises ``UnableToChange`` and ``ChangedMeanwhile``."""
    if post.status != PostStatus.QUEUED:
        raise UnableToChange("Only a scheduled post can be published early.")
    plan = replace(plan_of(post), scheduled_at=None)
    return update_post(post=post, content=content_of(post), plan=plan, now=now, retime=True)


def copy_posts(*, posts: Sequence[Post], now: datetime, mover: Mover) -> Outcome:
    """A draft without a time of each post, whatever its state."""

    def copy(post: Post) -> Post:
        plan = Plan(timezone=post.timezone, callback_url=post.callback_url, status=PostStatus.DRAFT)
        made = create_posts(
            organization=post.organization,
            channels=[post.channel],
            content=content_of(post),
            plan=plan,
            by=mover.public_id,
            now=now,
        )
        return made[0]

    return replace(_each(posts, copy, mover), undo="")


def delete_drafts(*, posts: Sequence[Post], mover: Mover) -> Outcome:
    """Forget drafts for good."""

    @transaction.atomic
    def delete(post: Post) -> Post:
        left = delete_post(post=post) if post.status == PostStatus.DRAFT else post
        if left is not None:  # queued a moment ago, and cancelled by this: the transaction takes that back
            raise UnableToChange("Only drafts are deleted. Cancel it instead.")
        return post

    return replace(_each(posts, delete, mover), undo="")


def undo(*, token: str, organization: Organization, mover: Mover) -> Outcome:
    """Take back what a token stands for, post by post. Raises ``NothingToUndo``."""
    try:
        told = signing.loads(token, salt=_SALT, max_age=UNDO_SECONDS)
    except signing.BadSignature:
        raise NothingToUndo("It is too late to undo this.") from None
    if (told["organization"], told["by"]) != (organization.public_id, mover.public_id):
        raise NothingToUndo("Only who did this can undo it.")
    marks = {mark["post"]: _read(mark) for mark in told["posts"]}
    posts = list(posts_for(organization).filter(public_id__in=marks).select_related("channel", "organization"))
    outcome = _each(posts, lambda post: restore_post(post=post, before=marks[post.public_id]), mover)
    return replace(outcome, undo="")


def undo_token(mover: Mover, organization: Organization, marks: Sequence[Before]) -> str:
    """What takes the change back. Nothing in it is secret; nobody else can use it."""
    told = {"organization": organization.public_id, "by": mover.public_id, "posts": [_written(mark) for mark in marks]}
    return signing.dumps(told, salt=_SALT, compress=True)


def _each(posts: Sequence[Post], change: Callable[[Post], Post], mover: Mover) -> Outcome:
    """Change each post by itself: what one refuses does not hold up the others."""
    done, refused, marks = [], [], []
    for post in posts[:MAX_SELECTED]:
        try:
            changed = change(post)
        except UnableToChange as error:
            refused.append(Refusal(post, str(error)))
        except ChangedMeanwhile:
            refused.append(Refusal(post, _CHANGED))
        else:
            done.append(changed)
            if post.is_editable() and changed.fence != post.fence:
                marks.append(_before(post, changed))
    token = undo_token(mover, posts[0].organization, marks) if marks else ""
    return Outcome(tuple(done), tuple(refused), token)


def _refuse_unless_permitted(post: Post, mover: Mover) -> None:
    if not mover.may_publish and post.status != PostStatus.DRAFT:
        raise UnableToChange("It is scheduled already: ask a member who may publish to change it.")


def _before(post: Post, changed: Post) -> Before:
    return Before(
        post=post.public_id,
        fence=changed.fence,
        status=post.status,
        scheduled_at=post.scheduled_at,
        timezone=post.timezone,
        due_at=post.due_at,
        held_until=post.held_until,
        held_reason=post.held_reason,
    )


_TIMES = ("scheduled_at", "due_at", "held_until")


def _written(mark: Before) -> dict[str, Any]:
    told = asdict(mark)
    return {**told, **{name: told[name] and told[name].isoformat() for name in _TIMES}}


def _read(told: dict[str, Any]) -> Before:
    return Before(**{**told, **{name: told[name] and datetime.fromisoformat(told[name]) for name in _TIMES}})
