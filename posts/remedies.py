"""Mending a cause at once: all its posts retried or asked about, each by the rules that hold for one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from chat33.orgs.models import Organization
from integrations.models import Channel
from posts.attention import Kind, failed_posts
from posts.models import DismissedCause, Post
from posts.services import UnableToChange, reconcile_post, retry_post

AT_ONCE = 500


@dataclass(frozen=True)
class Mended:
    """How many posts a click set going, how many it left because their state forbids it, and whether there are more."""

    done: int
    left: int
    more: bool


def retry_all(*, organization: Organization, channel: Channel, kind: Kind, by: str, now: datetime) -> Mended:
    """Queue the cause's failed posts again, at most ``AT_ONCE``, those that failed first before the others. Raises
    ``UnableToChange`` where that cannot help: a disconnected account, posts whose outcome is not known.
    """
    if kind == Kind.UNCONFIRMED:
        raise UnableToChange(
            "It is not known whether these posts went out, so they are not sent again. Check them first."
        )
    if not channel.is_active:
        raise UnableToChange(f"{channel} is disconnected. Reconnect it first, then retry its posts.")
    return _each(organization, channel, kind, now, lambda post: retry_post(post=post, now=now, by=by))


def reconcile_all(*, organization: Organization, channel: Channel, by: str, now: datetime) -> Mended:
    """Ask the network again about every unconfirmed post of an account, at most ``AT_ONCE``. Never sends anything."""
    return _each(organization, channel, Kind.UNCONFIRMED, now, lambda post: reconcile_post(post=post, now=now, by=by))


def dismiss(*, organization: Organization, channel: Channel, kind: Kind, by: str, now: datetime) -> None:
    """Stop showing what has failed so far; what fails later shows again."""
    DismissedCause.objects.update_or_create(
        channel=channel,
        kind=kind,
        defaults={"organization": organization, "dismissed_at": now, "dismissed_by": by},
    )


def restore(*, channel: Channel, kind: Kind) -> None:
    """Show it again."""
    DismissedCause.objects.filter(channel=channel, kind=kind).delete()


@transaction.atomic
def _each(
    organization: Organization, channel: Channel, kind: Kind, now: datetime, mend: Callable[[Post], Post]
) -> Mended:
    posts = failed_posts(organization=organization, channel=channel, kind=kind, now=now, limit=AT_ONCE + 1)
    done = left = 0
    for post in sorted(posts[:AT_ONCE], key=lambda one: one.pk):  # one order for all who lock several
        try:
            mend(post)
            done += 1
        except UnableToChange:  # somebody else was quicker, or cancelled it
            left += 1
    return Mended(done, left, more=len(posts) > AT_ONCE)
