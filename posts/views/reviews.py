"""The queue of approvals: what waits, how it will look, and yes or no."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from django.db import transaction
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from chat33.bell import ring_on_commit
from chat33.lib.clock import utcnow
from chat33.orgs.models import Membership
from chat33.orgs.roles import Permission
from chat33.pages.door import PageRequest, door
from chat33.pages.listing import slice_of
from chat33.pages.saying import say
from posts import reviews
from posts.drafts import NotPermitted
from posts.models import Post
from posts.schedule import NotATime
from posts.selectors import open_reviews, posts_for
from posts.services import ChangedMeanwhile, UnableToChange
from posts.waiting import waiting
from posts.written import read_moment, read_seen

PUBLISH = "posts.publish_due_posts"
SIZE = 20


@door(Permission.READ)
@require_safe
def listing(request: PageRequest) -> HttpResponseBase:
    """What waits for approval, newest first."""
    organization, now = request.here.organization, utcnow()
    page = slice_of(open_reviews(organization), request.GET, size=SIZE)
    return render(
        request,
        "posts/reviews.html",
        {
            "page": page,
            "waiting": waiting(organization, page.rows, now=now),
            "may_publish": request.here.may(Permission.PUBLISH),
            "may_write": request.here.may(Permission.WRITE),
            "zone": organization.timezone,
        },
    )


@door(Permission.WRITE)
@require_POST
def decide(request: PageRequest) -> HttpResponseBase:
    """``approve`` (as planned, ``at`` another time or ``now``), ``decline`` with a comment, or ``withdraw``."""
    membership, now = cast(Membership, request.here.membership), utcnow()
    seen = read_seen(request.POST)
    posts = list(posts_for(request.here.organization).filter(public_id__in=list(seen)).select_related("organization"))
    action = request.POST.get("action", "")
    if not posts or action not in ("approve", "decline", "withdraw"):
        raise Http404
    try:
        if action == "approve":
            _approve(request, membership, posts, seen, now)
        elif action == "decline":
            comment = request.POST.get("comment", "").replace("\x00", "")
            reviews.decline(membership=membership, posts=posts, comment=comment, now=now)
            say(request, "Sent back to its author, with your words.")
        else:
            reviews.withdraw(membership=membership, posts=posts, now=now)
            say(request, "Approval is no longer asked for. The draft stays.")
    except ChangedMeanwhile:
        say(request, "It was changed while you looked. Look again at what it says now.", kind="warn")
    except (UnableToChange, NotPermitted, NotATime) as error:
        say(request, str(error), kind="bad")
    return redirect("reviews")


def _approve(
    request: PageRequest, membership: Membership, posts: Sequence[Post], seen: dict[str, int], now: datetime
) -> None:
    """Raises what ``reviews.approve`` raises, and ``NotATime``."""
    when = request.POST.get("when", "")
    at = read_moment(request.POST, zone=request.here.organization.timezone, now=now) if when == "at" else None
    with transaction.atomic():
        approved = reviews.approve(
            membership=membership, posts=posts, seen=seen, now=now, scheduled_at=at, at_once=when == "now"
        )
        ring_on_commit(PUBLISH)
    at_once = all(post.scheduled_at is None for post in approved)
    say(request, "Approved. It is being published." if at_once else "Approved, and scheduled.")
