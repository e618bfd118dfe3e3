"""What went wrong, for whom: each incident becomes one notification for each member who wants to hear of it.

Rows are the queue. A failed post brings its incident in the transaction of its failure, an open notice is given one by the
clock, and both are spread to members and told (``chat33.dashboard.notifications``) under locks that two clocks at once
share out.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from chat33.dashboard.models import Incident, Notification
from chat33.orgs.models import Membership, Often
from chat33.orgs.preferences import next_digest, preference_of, zone_of
from integrations.models import Notice
from integrations.providers.base import Category
from posts.models import Post

ACCOUNT = "account"  # the cause that a person mends at the account, whatever it stopped
ACCOUNT_CODES = {str(code).upper() for code in (Category.AUTH_EXPIRED, Category.PERMISSION, Category.ACCOUNT)}
GATHER = timedelta(seconds=30)  # what fails in the same moment is told together
AT_ONCE = 500
KEPT = timedelta(days=60)


def note_failed_post(sender: Any, *, post: Post, now: datetime, **_: Any) -> None:
    """Receives ``post_failed``."""
    word = ACCOUNT if post.error_code in ACCOUNT_CODES else post.error_code
    Incident.objects.create(
        organization_id=post.organization_id,
        channel_id=post.channel_id,
        post=post,
        cause=f"{post.channel_id}:{word}",
        at=now,
    )


def note_notices() -> None:
    """Give each open notice its incident."""
    notices = Notice.objects.filter(resolved_at=None, incident=None)[:AT_ONCE]
    Incident.objects.bulk_create(
        [
            Incident(
                organization_id=notice.organization_id,
                channel_id=notice.channel_id,
                notice=notice,
                cause=f"{notice.channel_id}:{ACCOUNT}" if notice.channel_id else f"notice:{notice.pk}",
                at=notice.created_at,
            )
            for notice in notices
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def spread(*, now: datetime) -> None:
    """Make the notifications of incidents that have none yet."""
    fresh = list(
        Incident.objects.filter(spread_at=None)
        .select_for_update(skip_locked=True, of=("self",))
        .order_by("id")[:AT_ONCE]
    )
    members = defaultdict(list)
    places = Membership.objects.filter(organization__in={one.organization_id for one in fresh}, user__is_active=True)
    for member in places.select_related("user", "organization", "preference"):
        members[member.organization_id].append(member)
    rows = [
        Notification(organization_id=one.organization_id, membership=member, incident=one, due_at=due)
        for one in fresh
        for member in members[one.organization_id]
        if (due := _due(member, one, now)) is not None
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    Incident.objects.filter(pk__in=[one.pk for one in fresh]).update(spread_at=now)


def wanted(member: Membership, incident: Incident) -> Often:
    """How often the member wants to hear of such a thing."""
    preference = preference_of(member)
    return preference.posts if incident.post_id else preference.accounts


def _due(member: Membership, incident: Incident, now: datetime) -> datetime | None:
    often = wanted(member, incident)
    if often == Often.DAILY:
        return next_digest(zone=zone_of(member), hour=preference_of(member).digest_hour, after=now)
    return now + GATHER if often == Often.NOW else None


def prune(*, now: datetime) -> None:
    """Forget the incidents of two months ago."""
    Incident.objects.filter(at__lt=now - KEPT).delete()
