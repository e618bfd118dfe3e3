"""Home: what needs a person, what is being sent, what comes next, what came of the last posts, what is left to set up."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from chat33.dashboard.checklist import checklist
from chat33.dashboard.models import Desk
from chat33.lib.clock import utcnow
from chat33.orgs.roles import Permission
from chat33.pages.door import Here, PageRequest, door
from integrations.selectors import channels_for
from posts import today
from posts.attention import Attention, attention
from posts.models import Post
from posts.selectors import open_reviews
from posts.shown import pictures
from posts.story import Standing, standing

IN_THE_MENU = 8
IN_THE_CARD = 4


@door(Permission.READ)
@require_safe
def home(request: PageRequest) -> HttpResponse:
    """``/``."""
    here, now = request.here, utcnow()
    organization = here.organization
    coming = today.coming(organization=organization, now=now)
    results = today.results(organization=organization)
    setup = None if desk_of(here).setup_dismissed_at else checklist(here)
    context = {
        "attention": attention(organization=organization, now=now),
        "can_mend": here.may(Permission.PUBLISH),
        "can_connect": here.may(Permission.CONNECT),
        "days": _by_day(coming, now),
        "results": [(post, standing(post, now=now)) for post in results],
        "pictures": pictures(organization, [*coming, *results]),
        "setup": setup if setup and setup.tasks and not setup.is_complete else None,
        "waiting": list(open_reviews(organization).select_related("post__channel", "asked_by")[: IN_THE_CARD + 1]),
        "has_accounts": channels_for(organization).exists(),
        **_sending(here, now),
    }
    return render(request, "dashboard/home.html", context)


@door(Permission.READ)
@require_safe
def sending(request: PageRequest) -> HttpResponse:
    """What is being sent now; asked for every few seconds while there is something. The last answer brings the results."""
    now = utcnow()
    context = _sending(request.here, now)
    if not context["sending"]:
        results = today.results(organization=request.here.organization)
        context["results"] = [(post, standing(post, now=now)) for post in results]
        context["pictures"] = pictures(request.here.organization, results)
        context["ended"] = True
    return render(request, "dashboard/_sending.html", context)


@door(Permission.READ)
@require_POST
def dismiss_setup(request: PageRequest) -> HttpResponse:
    """Put the checklist away, for this person here."""
    put_on_desk(request.here, setup_dismissed_at=utcnow())
    return redirect("home")


@door(Permission.READ)
@require_safe
def notices(request: PageRequest) -> HttpResponse:
    """The bell: what is the matter, and how much of it this person has not seen."""
    found = attention(organization=request.here.organization, now=utcnow())
    seen = desk_of(request.here).notices_seen_at
    context = {
        "attention": found,
        "causes": found.causes[:IN_THE_MENU],
        "others": found.notices[: max(0, IN_THE_MENU - len(found.causes))],
        "unread": _unread(found, seen),
    }
    return render(request, "dashboard/_notices.html", context)


@door(Permission.READ)
@require_POST
def notices_seen(request: PageRequest) -> HttpResponse:
    """This person has opened the bell."""
    put_on_desk(request.here, notices_seen_at=utcnow())
    return HttpResponse(status=204)


def desk_of(here: Here) -> Desk:
    """The person's desk in the organization they are in; an empty one that is not stored where there is none."""
    found = Desk.objects.filter(membership=here.membership).first() if here.membership else None
    return found or Desk(organization=here.organization, membership=here.membership)


def put_on_desk(here: Here, **facts: Any) -> None:
    """Remember it, unless the person only looks on."""
    if here.membership is not None and not here.viewing:
        Desk.objects.update_or_create(membership=here.membership, defaults={"organization": here.organization, **facts})


def _sending(here: Here, now: datetime) -> dict[str, Any]:
    posts = today.sending(organization=here.organization, now=now)
    shown: list[tuple[Post, Standing]] = [(post, standing(post, now=now)) for post in posts]
    return {"sending": shown}


def _unread(found: Attention, seen: datetime | None) -> int:
    at = [*(cause.since for cause in found.causes), *(notice.created_at for notice in found.notices)]
    return sum(seen is None or one > seen for one in at)


def _by_day(posts: list[Post], now: datetime) -> list[tuple[str, list[list[Post]]]]:
    """The posts under Today and Tomorrow, on the workspace's clock; those made together for one moment together."""
    days: dict[str, dict[tuple[datetime, str], list[Post]]] = {}
    first = timezone.localtime(now).date()
    for post in posts:
        if post.scheduled_at is not None:
            word = "Today" if timezone.localtime(post.scheduled_at).date() == first else "Tomorrow"
            moment = post.scheduled_at, post.group_id or post.public_id
            days.setdefault(word, {}).setdefault(moment, []).append(post)
    return [(word, list(moments.values())) for word, moments in days.items()]
