"""Writes about compositions: one thing to say, kept as a post for each of its accounts, in one transaction.

Whoever saves says which rows they have seen and at which fence; what others have changed meanwhile is never written over.
Who may not publish gets nothing past a draft here, whatever is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from django.db import transaction
from django.db.models import F

from chat33.lib.ids import is_id, new_id
from chat33.orgs.models import Membership, Organization
from chat33.orgs.roles import Permission, may
from integrations.models import Channel
from posts.composing import Composition, composition_of, content_of
from posts.models import Post, PostStatus, Review, Verdict
from posts.preflight import Content, inspect
from posts.selectors import group_of, posts_for
from posts.services import (
    ChangedMeanwhile,
    Plan,
    UnableToChange,
    create_posts,
    delete_post,
    refuse_unless_editable,
    update_post,
)
from posts.services import content_of as said_by
from posts.slots import take_free_slot

When = Literal["now", "at", "slot", "keep"]


class NotPermitted(Exception):
    """The person's role does not allow this; the message says what to do instead."""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """When a composition goes out: now, ``at`` a moment, each account at its next free queue time, or each post when it was
    planned for.
    """

    when: When = "now"
    at: datetime | None = None
    timezone: str = "UTC"


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A composition as it stands: its posts, which change together, and what stays as it is."""

    composition: Composition
    posts: tuple[Post, ...]
    apart: tuple[Post, ...]  # of the same group: on their way, out, or changed on their own

    @property
    def seen(self) -> dict[str, int]:
        """What a save has to bring back: each post's fence."""
        return {post.public_id: post.fence for post in self.posts}

    @property
    def is_draft(self) -> bool:
        """Nothing of it is queued."""
        return all(post.status == PostStatus.DRAFT for post in self.posts)

    @property
    def timing(self) -> Timing:
        """When it is planned for; ``keep`` when its posts go at different times."""
        times = {post.scheduled_at for post in self.posts}
        zone = self.posts[0].timezone
        if len(times) > 1:
            return Timing(when="keep", timezone=zone)
        at = times.pop()
        return Timing(when="at" if at else "now", at=at, timezone=zone)


def opened(post: Post) -> Opened:
    """The composition that a post belongs to. Raises ``UnableToChange`` for one that cannot change any more."""
    refuse_unless_editable(post)
    content = said_by(post)
    group = group_of(post)
    mine = [other for other in group if other.status == post.status and said_by(other) == content]
    inferred = settled(post.organization, replace(content, media_type=None)).media_type
    return Opened(
        composition=composition_of(content, [other.channel for other in mine], inferred=inferred),
        posts=tuple(mine),
        apart=tuple(other for other in group if other not in mine),
    )


def settled(organization: Organization, content: Content) -> Content:
    """The content with its media type, by our own files and the names of others; nothing is fetched."""
    return inspect(organization=organization, content=content, look=False).content


@transaction.atomic
def save_composition(
    *,
    membership: Membership,
    composition: Composition,
    timing: Timing,
    status: PostStatus,
    seen: Mapping[str, int],
    first_id: str = "",
    drafts_only: bool = False,
    takes_slots: bool = False,
    now: datetime,
    request_id: str = "",
) -> list[Post]:
    """Make the composition's posts as it says: those ``seen`` change, those of accounts that were left out go, and
    accounts that came get theirs. ``first_id`` names the first post of a new one, so that a save whose answer was lost
    is no second one when it is repeated. ``drafts_only``: what is queued is not to become a draft by this. Returns the
    posts in the order of the accounts. ``takes_slots``: a draft takes its queue time now, for it will be asked for;
    others take it when they are queued.

    Raises ``NotPermitted``, ``UnableToChange``, ``ChangedMeanwhile`` and ``NoSlots``; then nothing is written.
    """
    organization = membership.organization
    rows = _rows(organization, seen, first_id)
    refuse_unpermitted(membership, [status, *(row.status for row in rows)])
    if drafts_only and any(row.status != PostStatus.DRAFT for row in rows):
        raise UnableToChange("This is scheduled by now. Reload the page to go on from there.")
    if not composition.channels:
        raise UnableToChange("Choose at least one account.")
    content = settled(organization, content_of(composition))
    wanted = {channel.pk: channel for channel in composition.channels}
    kept = {row.channel_id: row for row in rows if row.channel_id in wanted}
    gone = [row for row in rows if row.channel_id not in wanted]
    new = [channel for key, channel in wanted.items() if key not in kept]
    taking = timing.when == "slot" and (takes_slots or status != PostStatus.DRAFT)
    slots = {key: take_free_slot(channel=wanted[key], now=now) for key in sorted(wanted)} if taking else {}
    group = next((row.group_id for row in rows if row.group_id), None) or (new_id("grp") if len(wanted) > 1 else None)

    at_once = timing.when == "now" and status == PostStatus.QUEUED
    saved = {
        key: update_post(
            post=row, content=content, plan=_plan(timing, status, row, slots.get(key)), now=now, retime=at_once
        )
        for key, row in kept.items()
    }
    for row in gone:
        delete_post(post=row)
    for batch in (
        [[channel] for channel in new] if slots else [new] if new else []
    ):  # each at its own time, or all at one
        made = create_posts(
            organization=organization, channels=batch, content=content, now=now, request_id=request_id, group_id=group,
            plan=_plan(timing, status, rows[0] if rows else None, slots.get(batch[0].pk)), by=membership.user.public_id,
            first_id="" if saved else first_id,
        )  # fmt: skip
        saved |= {post.channel_id: post for post in made}
    if kept and (new or gone):
        _regroup(list(saved.values()), [row.pk for row in kept.values()], group)
    if status != PostStatus.DRAFT:
        # Who queues what somebody asked for has approved it.
        waiting = Review.objects.filter(post__in=list(saved.values()), decided_at=None)
        waiting.update(verdict=Verdict.APPROVED, decided_by=membership.user, decided_at=now)
    return [saved[key] for key in wanted]


def _rows(organization: Organization, seen: Mapping[str, int], first_id: str) -> list[Post]:
    """The composition's posts, locked, as they were seen. Raises ``UnableToChange`` and ``ChangedMeanwhile``."""
    locking = posts_for(organization).select_for_update(of=("self",)).order_by("id")
    if not seen:
        # The answer to the first save may have been lost: its posts are there, and nobody has seen them.
        first = posts_for(organization).filter(public_id=first_id).first() if first_id else None
        if first is None:
            return []
        seen = {post.public_id: 0 for post in group_of(first)}
    rows = list(locking.filter(public_id__in=list(seen)))
    for row in rows:
        refuse_unless_editable(row)
    if {row.public_id: row.fence for row in rows} != dict(seen):
        raise ChangedMeanwhile
    return rows


def refuse_unpermitted(membership: Membership, statuses: Sequence[str]) -> None:
    """Raise ``NotPermitted`` for who may not publish, if any of it is not a draft, or who may not write at all."""
    if not may(membership.role, Permission.WRITE):
        raise NotPermitted("You may look at posts here, not write them. Ask an admin for another role.")
    if any(status != PostStatus.DRAFT for status in statuses) and not may(membership.role, Permission.PUBLISH):
        raise NotPermitted("You may write drafts. Ask for approval, and an editor publishes this.")


def _plan(timing: Timing, status: PostStatus, row: Post | None, slot: datetime | None) -> Plan:
    callback = row.callback_url if row else ""
    if timing.when == "keep":
        at, zone = (row.scheduled_at, row.timezone) if row else (None, timing.timezone)
    else:
        at, zone = timing.at if timing.when == "at" else slot, timing.timezone
    return Plan(scheduled_at=at, timezone=zone, callback_url=callback, status=status)


def _regroup(posts: Sequence[Post], kept: Sequence[int], group: str | None) -> None:
    """One group for all of them. The fences of those that were there move on, so that who has not seen who came or went
    cannot save over it.
    """
    Post.objects.filter(pk__in=kept).update(group_id=group, fence=F("fence") + 1)
    for post in posts:
        post.group_id = group
        post.fence += post.pk in kept


def said_before(organization: Organization, ids: Sequence[str]) -> Composition | None:
    """What the first of these posts says, as the composer has it; None when there is none of them."""
    post = posts_for(organization).filter(public_id__in=list(ids)).order_by("id").first()
    return composition_of(said_by(post), [post.channel]) if post else None


def seen_now(organization: Organization, ids: Sequence[str]) -> dict[str, int]:
    """The fences of the composition that these posts are, as they stand now: for who wants to save over others' changes.
    Raises ``UnableToChange``.
    """
    post = posts_for(organization).filter(public_id__in=list(ids)).order_by("id").first()
    return opened(post).seen if post else {}


def accounts_of(organization: Organization, ids: Sequence[str]) -> list[Channel]:
    """The organization's accounts of these ids, each once, in the order they were connected; unknown ids lead nowhere."""
    wanted = [given for given in ids[:100] if is_id(given, "chan")]
    rows = Channel.objects.filter(organization=organization, public_id__in=wanted)
    return list(rows.select_related("organization__package").order_by("id"))
