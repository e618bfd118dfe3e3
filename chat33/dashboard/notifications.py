"""Telling members by e-mail: all that is due for one of them in one e-mail, grouped by what would mend it.

Who was told of a cause hears of it again at the earliest when its window has passed; what happens meanwhile is gathered.
A failure that somebody has dealt with before the e-mail leaves is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.template.loader import render_to_string

from chat33.dashboard.incidents import ACCOUNT, wanted
from chat33.dashboard.models import Incident, Notification
from chat33.orgs.models import Membership, Often
from chat33.orgs.outbox import queue_email
from integrations.models import Channel
from posts.models import Post, PostStatus

WINDOW = timedelta(hours=1)
ACCOUNT_WINDOW = timedelta(days=1)  # its remedy is one, however many posts it stops
PEOPLE, ROWS, SHOWN = 200, 1000, 5
SALT = "notifications"


@dataclass(frozen=True, kw_only=True)
class Group:
    """What one remedy mends: the account, what is wrong with it, and the posts it stopped."""

    channel: Channel | None
    mend: bool  # whether it is mended at the account
    notice: str
    posts: Sequence[Post]

    @property
    def first(self) -> Sequence[Post]:
        """As many as an e-mail names."""
        return self.posts[:SHOWN]

    @property
    def more(self) -> int:
        """How many it only counts."""
        return len(self.posts) - len(self.first)


def tell(*, now: datetime) -> int:
    """Queue the e-mails that are due. Returns how many."""
    due = Notification.objects.filter(due_at__lte=now).order_by().values_list("membership", flat=True).distinct()
    return sum(_tell(pk, now) for pk in due[:PEOPLE])


@transaction.atomic
def _tell(membership_id: int, now: datetime) -> int:
    member = (
        Membership.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("user", "organization", "preference")
        .filter(pk=membership_id)
        .first()
    )
    if member is None:
        return 0
    due = list(
        Notification.objects.filter(membership=member, due_at__lte=now)
        .select_related("incident__post__channel", "incident__notice", "incident__channel")
        .order_by("id")[:ROWS]
    )
    over = [row.pk for row in due if not _holds(row.incident) or wanted(member, row.incident) == Often.OFF]
    Notification.objects.filter(pk__in=over).update(due_at=None)
    causes: dict[str, list[Notification]] = {}
    for row in due:
        if row.pk not in over:
            causes.setdefault(row.incident.cause, []).append(row)
    ripe = {cause: rows for cause, rows in causes.items() if not _put_off(member, cause, rows, now)}
    told = [row for rows in ripe.values() for row in rows]
    if not told:
        return 0
    Notification.objects.filter(pk__in=[row.pk for row in told]).update(due_at=None, told_at=now)
    return int(_queue(member, ripe, key=f"told:{member.pk}:{max(row.pk for row in told)}", now=now))


def _holds(incident: Incident) -> bool:
    """Whether it is still so."""
    if incident.post is not None:
        return incident.post.status == PostStatus.FAILED
    return incident.notice is not None and incident.notice.resolved_at is None


def _put_off(member: Membership, cause: str, rows: Sequence[Notification], now: datetime) -> bool:
    """Keep what belongs to a cause the member was told of just now for the end of its window; whether that was so."""
    window = ACCOUNT_WINDOW if cause.endswith(f":{ACCOUNT}") else WINDOW
    told = Notification.objects.filter(membership=member, incident__cause=cause, told_at__gt=now - window)
    last = told.order_by("-told_at").values_list("told_at", flat=True).first()
    if last is None:
        return False
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(due_at=last + window)
    return True


def _queue(member: Membership, causes: Mapping[str, Sequence[Notification]], *, key: str, now: datetime) -> bool:
    groups = [_group([row.incident for row in rows]) for rows in causes.values()]
    stop = stop_url(member)
    facts = {
        "organization": member.organization,
        "groups": groups,
        "base": settings.BASE_URL,
        "stop": stop,
        "zone": member.organization.timezone,
    }
    return queue_email(
        to=member.user.email,
        subject=f"{_headline(groups)} ({member.organization})",
        text=render_to_string("mail/notification.txt", facts),
        headers={"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
        key=key,
        now=now,
    )


def _group(incidents: Sequence[Incident]) -> Group:
    notice = next((one.notice.text for one in incidents if one.notice is not None), "")
    posts = {one.post.pk: one.post for one in incidents if one.post is not None}
    mend = incidents[0].cause.endswith(f":{ACCOUNT}")
    return Group(channel=incidents[0].channel, mend=mend, notice=notice, posts=list(posts.values()))


def _headline(groups: Sequence[Group]) -> str:
    failed, care = sum(len(group.posts) for group in groups), sum(bool(group.notice) for group in groups)
    posts = "A post failed" if failed == 1 else f"{failed} posts failed"
    accounts = "an account needs care" if care == 1 else f"{care} accounts need care"
    if failed and care:
        return f"{posts}, {accounts}"
    return posts if failed else accounts[0].upper() + accounts[1:]


def stop_url(member: Membership) -> str:
    """The link that ends a member's e-mails, without logging in (RFC 8058 lets mail programs follow it by themselves)."""
    return f"{settings.BASE_URL}/notifications/stop/{signing.dumps(member.pk, salt=SALT)}/"


def stopping_member(token: str) -> Membership | None:
    """Whose e-mails such a link ends; None for one that we did not make, or whose member has left."""
    try:
        pk = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    return Membership.objects.select_related("organization", "user", "preference").filter(pk=pk).first()
